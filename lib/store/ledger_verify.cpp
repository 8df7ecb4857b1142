// Is the ledger whole: the chain of hashes, anchors from elsewhere, and positions against rows.

#include "base/text.h"
#include "store/columns.h"
#include "store/ledger_inside.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk {

namespace {

using Damage = Ledger::Damage;

// Walks the rows in order and holds what the next one must continue.
class Walk {
  public:
    explicit Walk(std::vector<Head> anchors) : anchors_(std::move(anchors)) {
        std::erase(anchors_, Head{});
        std::sort(anchors_.begin(), anchors_.end(),
                  [](const Head& a, const Head& b) { return a.row < b.row; });
    }

    std::optional<Damage> next(SQLite::Statement& select) {
        const RowNumber expected{number_of(head_.row) + 1};
        if (select.getColumn(0).getInt64() != number_of(expected))
            return Damage{expected, "the row is missing"};
        const Result<Row, std::string> row = read_row(select);
        if (!row) return Damage{expected, row.reason()};
        const auto hash = array_of<32>(select.getColumn(hash_column));
        if (!hash || *hash != hash_of(head_.hash, *row)) {
            return Damage{
                expected,
                "its hash is not that of its fields and of the row before: one of them was changed"};
        }
        head_ = {expected, *hash};
        for (; anchor_ < anchors_.size() && anchors_[anchor_].row == expected; ++anchor_) {
            if (anchors_[anchor_].hash == *hash) continue;
            return Damage{expected,
                          "its hash is not the one that was written down elsewhere: the rows were rewritten"};
        }
        return std::nullopt;
    }

    std::optional<Damage> end() const {
        if (anchor_ == anchors_.size()) return std::nullopt;
        return Damage{
            RowNumber{number_of(head_.row) + 1},
            fmt::format(
                "the ledger ends before it, but row {} was written down elsewhere: the end was cut off",
                number_of(anchors_.back().row))};
    }

  private:
    std::vector<Head> anchors_; // by row
    std::size_t anchor_ = 0;    // the first not yet met
    Head head_;
};

std::optional<Damage> check_id(SQLite::Database& sqlite) {
    SQLite::Statement select(
        sqlite, "SELECT lower(hex(meta.id)) = event.text FROM meta, event WHERE event.number = 1");
    if (select.executeStep() && select.getColumn(0).getInt() == 1) return std::nullopt;
    return Damage{RowNumber{1}, "it names another ledger: the ledger's id was changed"};
}

// A spent knock must lie at or above its chain's position, else it could be spent again.
std::optional<Damage> check_positions(SQLite::Database& sqlite) {
    SQLite::Statement select(sqlite, "SELECT event.number, event.count FROM event LEFT JOIN position "
                                     "ON position.chain = event.chain WHERE event.kind IN (2, 3) AND "
                                     "(position.count IS NULL OR position.count > event.count) "
                                     "ORDER BY event.number LIMIT 1");
    if (!select.executeStep()) return std::nullopt;
    return Damage{
        RowNumber{select.getColumn(0).getInt64()},
        fmt::format("it spent knock {}, but the position of its chain does not say so: that knock could be "
                    "used again",
                    select.getColumn(1).getInt64())};
}

} // namespace

std::optional<Ledger::Damage> Ledger::verify(const std::vector<Head>& anchors) const {
    return inside_->database.doing("verify", [&]() -> std::optional<Damage> {
        SQLite::Database& sqlite = inside_->database.sqlite();
        // One view of the ledger for all of it, while another process may go on writing; released by its end.
        std::optional<SQLite::Transaction> view;
        if (!inside_->in_transaction) view.emplace(sqlite);
        Walk walk(anchors);
        SQLite::Statement select = inside_->prepare(select_rows("ORDER BY number"));
        while (select.executeStep()) {
            if (auto damage = walk.next(select)) return damage;
        }
        if (auto damage = walk.end()) return damage;
        if (auto damage = check_id(sqlite)) return damage;
        return check_positions(sqlite);
    });
}

} // namespace otk
