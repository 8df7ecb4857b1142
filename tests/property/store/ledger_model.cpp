// Ledger against a map of positions and a list of rows: random transactions with spends, good and bad, that
// end in a commit, a roll-back, an error or a closed file.

#include "tests/property/store/properties.h"
#include "tests/store/support.h"

#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <vector>

namespace otk::test {

namespace {

constexpr int chains = 3;
constexpr int length = 60;

// A spend on a chain: how far off the truth the caller believes it to be, and how far it is to go down from
// there.
using Spend = std::tuple<int, int, int>;
enum Ending { commit, roll_back, nonsense, close, endings };
using Transaction = std::pair<std::vector<Spend>, int>;

struct Model {
    std::map<int, Count> positions; // by chain
    std::vector<std::pair<int, Count>> rows;
    bool operator==(const Model&) const = default;
};

Value value_at(int chain, int count) {
    return walk(Algorithm::sha256, start_of(Algorithm::sha256, static_cast<std::uint64_t>(chain)),
                static_cast<Count>(count));
}
ChainId id_of(int chain) { return chain_id(enrolment(static_cast<std::uint64_t>(chain), length)); }

// Whether the model lets the knock be spent; if so it is.
bool spend(Model& model, int chain, Count from, Count to) {
    const auto position = model.positions.find(chain);
    // What the enrolment's image is only the caller knows, so from an unused chain every spend is good.
    const bool good =
        to >= 1 && (position == model.positions.end() || (position->second == from && to < from));
    if (!good) return false;
    model.positions[chain] = to;
    model.rows.emplace_back(chain, to);
    return true;
}

void compare(const Ledger& ledger, const Model& model, const std::vector<Head>& heads) {
    std::map<int, Count> positions;
    std::size_t count = 0;
    ledger.each_position([&](const Position&) { ++count; });
    for (int chain = 0; chain < chains; ++chain) {
        const auto position = ledger.position(id_of(chain));
        if (!position) continue;
        positions[chain] = position->count;
        RC_ASSERT(position->image == value_at(chain, static_cast<int>(position->count)));
    }
    RC_ASSERT(positions == model.positions);
    RC_ASSERT(count == positions.size());
    const std::vector<Row> rows = ledger.rows({.kind = RowKind::accepted}, SIZE_MAX);
    RC_ASSERT(rows.size() == model.rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto& [chain, number] = model.rows[rows.size() - 1 - i];
        RC_ASSERT(rows[i].chain == id_of(chain));
        RC_ASSERT(rows[i].count == number);
    }
    RC_ASSERT(ledger.open_commands().size() == rows.size());
    RC_ASSERT(ledger.head() == heads.back());
    for (const Head& head : heads)
        RC_ASSERT(ledger.contains(head));
    RC_ASSERT(!ledger.verify(heads));
}

// The file, opened and opened again.
class Pair {
  public:
    Pair() {
        Ledger::create(file_, ledger_id, at_second(1));
        ledger_ = std::make_unique<Ledger>(Ledger::open(file_));
        heads_ = {Head{}, ledger_->head()};
    }

    void apply(const Transaction& transaction) {
        Model next = model_;
        Head head = heads_.back();
        ledger_->begin();
        for (const auto& [chain, error, steps] : transaction.first) {
            const auto position = next.positions.find(chain);
            const int truth = position == next.positions.end() ? length : static_cast<int>(position->second);
            const int from = std::clamp(truth + error, 0, length);
            const int to = std::clamp(truth - steps, 0, length - 1);
            const bool spent = ledger_->spend(value_at(chain, from),
                                              {id_of(chain), value_at(chain, to), static_cast<Count>(to)});
            RC_ASSERT(spent == spend(next, chain, static_cast<Count>(from), static_cast<Count>(to)));
            if (!spent) continue;
            Row row = accepted(id_of(chain), value_at(chain, to), static_cast<Count>(to));
            head = ledger_->append(row);
            RC_ASSERT(row.number == head.row);
        }
        end(transaction.second, next, head);
    }
    void compare() const { test::compare(*ledger_, model_, heads_); }
    void open_again() {
        ledger_.reset();
        ledger_ = std::make_unique<Ledger>(Ledger::open(file_));
    }

  private:
    void end(int ending, const Model& next, const Head& head) {
        Row bad = accepted(id_of(0), value_at(0, 1), 1);
        bad.source_port = 1;
        bad.command = "no command";
        switch (ending) {
        case commit:
            ledger_->commit();
            model_ = next;
            if (head != heads_.back()) heads_.push_back(head);
            break;
        case roll_back: ledger_->roll_back(); break;
        case nonsense: RC_ASSERT(!error_of([&] { ledger_->append(bad); }).empty()); break;
        default: open_again(); break;
        }
    }

    Folder folder_;
    std::filesystem::path file_ = folder_ / "ledger.db";
    std::unique_ptr<Ledger> ledger_;
    Model model_;
    std::vector<Head> heads_;
};

} // namespace

bool ledger_is_like_its_model() {
    using namespace rc;
    // inRange() offers only small numbers while the size is small: elements have the full size, only lists
    // grow.
    const auto error = gen::weightedElement<int>({{6, 0}, {1, 1}, {1, -1}, {1, length}});
    const auto a_spend =
        gen::resize(kNominalSize, gen::tuple(gen::inRange(0, chains), error, gen::inRange(-1, 5)));
    const auto spends = gen::container<std::vector<Spend>>(a_spend);
    // Half of the transactions are committed.
    const auto ending = gen::weightedElement<int>({{3, commit}, {1, roll_back}, {1, nonsense}, {1, close}});
    const auto transactions =
        gen::container<std::vector<Transaction>>(gen::pair(gen::resize(6, spends), ending));
    return check("a ledger does what its model does", [&] {
        const auto sequence = *transactions;
        Pair pair;
        for (const Transaction& transaction : sequence)
            pair.apply(transaction);
        pair.compare();
        pair.open_again();
        pair.compare();
    });
}

} // namespace otk::test
