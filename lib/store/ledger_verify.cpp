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
    Walk(const Head& checkpoint, std::vector<Head> anchors) :
        anchors_(std::move(anchors)), checkpoint_(checkpoint), head_(checkpoint) {
        // Of what was pruned only the checkpoint can still be compared.
        std::erase_if(anchors_,
                      [&](const Head& anchor) { return anchor == Head{} || anchor.row < checkpoint.row; });
        std::sort(anchors_.begin(), anchors_.end(),
                  [](const Head& a, const Head& b) { return a.row < b.row; });
    }

    std::optional<Damage> begin() {
        if (checkpoint_.row < RowNumber{0} || checkpoint_.row >= RowNumber{INT64_MAX})
            return Damage{checkpoint_.row, "the checkpoint is none"};
        if (meet_anchors()) return std::nullopt;
        return Damage{checkpoint_.row,
                      "the checkpoint is not what was written down elsewhere: the rows were rewritten"};
    }

    std::optional<Damage> next(SQLite::Statement& select) {
        const RowNumber expected{number_of(head_.row) + 1};
        const RowNumber found{select.getColumn(0).getInt64()};
        if (found <= checkpoint_.row)
            return Damage{found, "it lies before the checkpoint, which was changed"};
        if (found != expected) return Damage{expected, "the row is missing"};
        const Result<Row, std::string> row = read_row(select);
        if (!row) return Damage{expected, row.reason()};
        const auto hash = array_of<32>(select.getColumn(hash_column));
        if (!hash || *hash != hash_of(head_.hash, *row)) {
            return Damage{
                expected,
                "its hash is not that of its fields and of the row before: one of them was changed"};
        }
        head_ = {expected, *hash};
        if (meet_anchors()) return std::nullopt;
        return Damage{expected,
                      "its hash is not the one that was written down elsewhere: the rows were rewritten"};
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
    // Passes those of the present row; false when one has another hash.
    bool meet_anchors() {
        for (; anchor_ < anchors_.size() && anchors_[anchor_].row == head_.row; ++anchor_) {
            if (anchors_[anchor_].hash != head_.hash) return false;
        }
        return true;
    }

    std::vector<Head> anchors_; // by row
    std::size_t anchor_ = 0;    // the first not yet met
    Head checkpoint_;
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
    SQLite::Statement select(
        sqlite, "SELECT event.number, event.count FROM event LEFT JOIN position "
                "ON position.chain = event.chain WHERE event.kind IN (2, 3, 12) AND event.count > 0 AND "
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
        const Inside::View view(*inside_);
        const Head checkpoint = inside_->read_checkpoint();
        Walk walk(checkpoint, anchors);
        if (auto damage = walk.begin()) return damage;
        SQLite::Statement select = inside_->prepare(select_rows("ORDER BY number"));
        while (select.executeStep()) {
            if (auto damage = walk.next(select)) return damage;
        }
        if (auto damage = walk.end()) return damage;
        // The first row names the ledger; once it is pruned the anchors alone tell one ledger from another.
        if (checkpoint == Head{}) {
            if (auto damage = check_id(sqlite)) return damage;
        }
        return check_positions(sqlite);
    });
}

} // namespace otk
