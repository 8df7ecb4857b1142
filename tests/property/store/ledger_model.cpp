// Ledger against plain maps and lists: random transactions of spends, good and bad, ends, outputs, holds,
// counted knocks and pruning, that end in a commit, a roll-back, an error or a closed file.

#include "tests/property/store/properties.h"
#include "tests/store/support.h"

#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <set>
#include <variant>
#include <vector>

namespace otk::test {

namespace {

constexpr int chains = 3;
constexpr int length = 60;
constexpr std::int64_t start = 1'000'000; // s; every row is made one second after the last

// A spend on a chain: how far off the truth the caller believes it to be, and how far it is to go down from
// there.
struct Spend {
    int chain, error, steps;
};
// The knock that was accepted last begins or prolongs a hold: at which address, and for how long.
struct Holding {
    int address, seconds;
};
struct Releasing {
    int which;
}; // of the holds, or one that is none
struct Ending {
    int which, output;
}; // of the open commands; bytes
struct Admitting {
    int grant, back;
}; // how far the clock is off, s
struct Pruning {
    int age, most;
}; // s; rows
struct PruningOutput {
    int age, most;
};
using LedgerStep = std::variant<Spend, Holding, Releasing, Ending, Admitting, Pruning, PruningOutput>;
enum Close { commit, roll_back, nonsense, close };
using Transaction = std::pair<std::vector<LedgerStep>, int>;

struct ModelRow {
    RowKind kind{};
    Head head;
    std::int64_t at = 0; // s
    int chain = 0;
    Count count = 0;
    bool operator==(const ModelRow&) const = default;
};

struct Model {
    std::map<int, std::pair<Count, std::int64_t>> positions;    // by chain: count, s
    std::vector<ModelRow> rows;                                 // those that are left
    std::set<std::int64_t> open;                                // accepted rows without an end
    std::map<std::int64_t, std::size_t> outputs;                // by row of the end: bytes
    std::map<std::int64_t, std::pair<int, std::int64_t>> holds; // by row: address, deadline in s
    std::multimap<int, std::int64_t> admitted;                  // by grant: s
    Head checkpoint;
    std::int64_t now = start;
};

Value value_at(int chain, int count) {
    return walk(Algorithm::sha256, start_of(Algorithm::sha256, static_cast<std::uint64_t>(chain)),
                static_cast<Count>(count));
}
Address address_of(int which) {
    if (which == 0) return {};
    return *Address::parse(fmt::format("192.0.2.{}", which));
}
ChainId id_of(int chain) { return chain_id(enrolment(static_cast<std::uint64_t>(chain), length)); }

// Whether the model lets the knock be spent; if so it is.
bool spend(Model& model, int chain, Count from, Count to) {
    const auto position = model.positions.find(chain);
    // What the enrolment's image is only the caller knows, so from an unused chain every spend is good.
    const bool good =
        to >= 1 && (position == model.positions.end() || (position->second.first == from && to < from));
    if (good) model.positions[chain] = {to, model.now};
    return good;
}

// How many of the oldest rows may go.
std::size_t prunable(const Model& model, std::int64_t before, std::size_t most) {
    std::int64_t needed = number(model.rows.back().head.row);
    if (!model.open.empty()) needed = std::min(needed, *model.open.begin());
    if (!model.holds.empty()) needed = std::min(needed, model.holds.begin()->first);
    std::size_t rows = 0;
    while (rows < most && number(model.rows[rows].head.row) < needed && model.rows[rows].at < before)
        ++rows;
    return rows;
}

Admitted admitted(const Model& model, int grant, std::int64_t now) {
    Admitted counted;
    const auto [from, to] = model.admitted.equal_range(grant);
    for (auto each = from; each != to; ++each) {
        if (each->second > now - 3600) ++counted.in_last_hour;
        if (each->second > now - 86400) ++counted.in_last_day;
    }
    return counted;
}

// The ledger, and what it should be within a transaction.
struct Doing {
    Ledger& ledger;
    Model& model;

    Head append(Row& row, int chain = 0) {
        ++model.now;
        row.at = at_second(model.now);
        const Head head = ledger.append(row);
        RC_ASSERT(row.number == head.row);
        model.rows.push_back({row.kind, head, model.now, chain, row.count});
        return head;
    }

    void operator()(const Spend& step) {
        const auto position = model.positions.find(step.chain);
        const int truth =
            position == model.positions.end() ? length : static_cast<int>(position->second.first);
        const int from = std::clamp(truth + step.error, 0, length);
        const int to = std::clamp(truth - step.steps, 0, length - 1);
        const Position next{id_of(step.chain), value_at(step.chain, to), static_cast<Count>(to),
                            at_second(model.now)};
        const bool spent = ledger.spend(value_at(step.chain, from), next);
        RC_ASSERT(spent == spend(model, step.chain, static_cast<Count>(from), static_cast<Count>(to)));
        if (!spent) return;
        Row row = accepted(next.chain, next.image, next.count);
        model.open.insert(number(append(row, step.chain).row));
    }
    void operator()(const Holding& step) {
        if (model.open.empty()) return;
        const std::int64_t knock = *model.open.rbegin();
        if (model.holds.count(knock) != 0) return; // one knock begins one hold
        std::int64_t row = knock;
        std::int64_t deadline = model.now + step.seconds;
        for (const auto& [earlier, hold] : model.holds) {
            if (hold.first != step.address) continue;
            row = earlier;
            deadline = std::max(deadline, hold.second);
        }
        const Hold stands = ledger.hold(
            {RowNumber{knock}, GrantId{7}, address_of(step.address), 0, at_second(model.now + step.seconds)});
        RC_ASSERT(stands ==
                  (Hold{RowNumber{row}, GrantId{7}, address_of(step.address), 0, at_second(deadline)}));
        model.holds[row] = {step.address, deadline};
    }
    void operator()(const Releasing& step) {
        const bool there = static_cast<std::size_t>(step.which) < model.holds.size();
        const std::int64_t row = there ? std::next(model.holds.begin(), step.which)->first : 999'999;
        RC_ASSERT(ledger.release(RowNumber{row}) == there);
        model.holds.erase(row);
    }
    void operator()(const Ending& step) {
        if (static_cast<std::size_t>(step.which) >= model.open.size()) return;
        const std::int64_t of = *std::next(model.open.begin(), step.which);
        Row row;
        row.kind = RowKind::ended;
        row.of = RowNumber{of};
        row.outcome = Outcome::exited;
        append(row);
        model.open.erase(of);
        if (step.output < 0) return;
        ledger.keep_output(row.number, std::vector<std::uint8_t>(static_cast<std::size_t>(step.output)),
                           false);
        model.outputs[number(row.number)] = static_cast<std::size_t>(step.output);
    }
    void operator()(const Admitting& step) {
        const std::int64_t now = model.now - step.back;
        ledger.admit(GrantId{step.grant}, at_second(now));
        model.admitted.emplace(step.grant, now);
        for (auto each = model.admitted.begin(); each != model.admitted.end();) {
            const bool old = each->first == step.grant && each->second <= now - 86400;
            each = old ? model.admitted.erase(each) : std::next(each);
        }
        const Admitted counted = ledger.admitted(GrantId{step.grant}, at_second(model.now));
        const Admitted expected = admitted(model, step.grant, model.now);
        RC_ASSERT(counted.in_last_hour == expected.in_last_hour);
        RC_ASSERT(counted.in_last_day == expected.in_last_day);
    }
    void operator()(const Pruning& step) {
        const std::int64_t before = model.now - step.age;
        const auto most = static_cast<std::size_t>(step.most);
        const std::size_t rows = prunable(model, before, most);
        RC_ASSERT(ledger.prune(at_second(before), most) == rows);
        for (std::size_t i = 0; i < rows; ++i) {
            model.checkpoint = model.rows.front().head;
            model.outputs.erase(number(model.checkpoint.row));
            model.rows.erase(model.rows.begin());
        }
    }
    void operator()(const PruningOutput& step) {
        const std::int64_t before = model.now - step.age;
        std::size_t outputs = 0;
        for (const ModelRow& row : model.rows) {
            if (outputs == static_cast<std::size_t>(step.most) || row.at >= before) break;
            outputs += model.outputs.erase(number(row.head.row));
        }
        RC_ASSERT(ledger.prune_output(at_second(before), static_cast<std::size_t>(step.most)) == outputs);
    }
};

void compare_rows(const Ledger& ledger, const Model& model, const std::vector<Head>& heads) {
    const std::vector<Row> rows = ledger.rows({}, SIZE_MAX); // newest first
    RC_ASSERT(rows.size() == model.rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const ModelRow& expected = model.rows[rows.size() - 1 - i];
        RC_ASSERT(rows[i].number == expected.head.row);
        RC_ASSERT(rows[i].kind == expected.kind);
        RC_ASSERT(rows[i].count == expected.count);
        if (rows[i].kind == RowKind::accepted) RC_ASSERT(rows[i].chain == id_of(expected.chain));
        const auto output = ledger.output(rows[i].number);
        const auto kept = model.outputs.find(number(rows[i].number));
        RC_ASSERT(output.has_value() == (kept != model.outputs.end()));
        if (output) RC_ASSERT(output->bytes.size() == kept->second);
    }
    RC_ASSERT(ledger.head() == model.rows.back().head);
    RC_ASSERT(ledger.checkpoint() == model.checkpoint);
    for (const Head& head : heads) // also those that were pruned
        RC_ASSERT(ledger.contains(head));
    RC_ASSERT(!ledger.verify(heads));
}

void compare_ledger(const Ledger& ledger, const Model& model, const std::vector<Head>& heads) {
    std::map<int, std::pair<Count, std::int64_t>> positions;
    std::size_t count = 0;
    ledger.each_position([&](const Position&) { ++count; });
    for (int chain = 0; chain < chains; ++chain) {
        const auto position = ledger.position(id_of(chain));
        if (!position) continue;
        positions[chain] = {position->count, to_nanoseconds(position->at) / 1'000'000'000};
        RC_ASSERT(position->image == value_at(chain, static_cast<int>(position->count)));
    }
    RC_ASSERT(positions == model.positions);
    RC_ASSERT(count == positions.size());
    compare_rows(ledger, model, heads);
    std::set<std::int64_t> open;
    for (const Row& row : ledger.open_commands())
        open.insert(number(row.number));
    RC_ASSERT(open == model.open);
    std::vector<Hold> holds;
    for (const auto& [row, hold] : model.holds)
        holds.push_back({RowNumber{row}, GrantId{7}, address_of(hold.first), 0, at_second(hold.second)});
    RC_ASSERT(ledger.holds() == holds);
    for (const int grant : {1, 2}) {
        const Admitted counted = ledger.admitted(GrantId{grant}, at_second(model.now));
        RC_ASSERT(counted.in_last_hour == admitted(model, grant, model.now).in_last_hour);
        RC_ASSERT(counted.in_last_day == admitted(model, grant, model.now).in_last_day);
    }
}

// The file, opened and opened again.
class LedgerAndModel {
  public:
    LedgerAndModel() {
        Ledger::create(file_, ledger_id, at_second(start));
        ledger_ = std::make_unique<Ledger>(Ledger::open(file_));
        model_.rows.push_back({RowKind::created, ledger_->head(), start, 0, 0});
        heads_ = {Head{}, ledger_->head()};
    }

    void apply(const Transaction& transaction) {
        Model next = model_;
        ledger_->begin();
        Doing doing{*ledger_, next};
        for (const LedgerStep& step : transaction.first)
            std::visit(doing, step);
        end(transaction.second, next);
    }
    void compare() const { compare_ledger(*ledger_, model_, heads_); }
    void open_again() {
        ledger_.reset();
        ledger_ = std::make_unique<Ledger>(Ledger::open(file_));
    }

  private:
    void end(int how, const Model& next) {
        Row bad = accepted(id_of(0), value_at(0, 1), 1);
        bad.command = "no command";
        switch (how) {
        case commit:
            ledger_->commit();
            model_ = next;
            if (model_.rows.back().head != heads_.back()) heads_.push_back(model_.rows.back().head);
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
    std::vector<Head> heads_; // of all commits
};

// inRange() offers only small numbers while the size is small: elements have the full size, only lists grow.
rc::Gen<LedgerStep> any_step() {
    using namespace rc;
    const auto as_step = [](auto step) { return LedgerStep(step); };
    const auto error = gen::weightedElement<int>({{6, 0}, {1, 1}, {1, -1}, {1, length}});
    const auto most = gen::weightedElement<int>({{1, 0}, {2, 1}, {3, 3}, {3, 100}});
    const auto steps = gen::weightedOneOf<LedgerStep>(
        {{6, gen::map(gen::construct<Spend>(gen::inRange(0, chains), error, gen::inRange(-1, 5)), as_step)},
         {3, gen::map(gen::construct<Holding>(gen::inRange(0, 3), gen::inRange(-5, 100)), as_step)},
         {3, gen::map(gen::construct<Releasing>(gen::inRange(0, 4)), as_step)},
         {5, gen::map(gen::construct<Ending>(gen::inRange(0, 4), gen::inRange(-1, 10)), as_step)},
         {2,
          gen::map(gen::construct<Admitting>(gen::inRange(1, 3), gen::element(0, 3600, -3600, 86400, -90000)),
                   as_step)},
         {3, gen::map(gen::construct<Pruning>(gen::inRange(-1, 10), most), as_step)},
         {1, gen::map(gen::construct<PruningOutput>(gen::inRange(-1, 10), most), as_step)}});
    return gen::resize(kNominalSize, steps);
}

} // namespace

bool ledger_is_like_its_model() {
    using namespace rc;
    const auto steps = gen::container<std::vector<LedgerStep>>(any_step());
    // Half of the transactions are committed.
    const auto ending = gen::weightedElement<int>({{3, commit}, {1, roll_back}, {1, nonsense}, {1, close}});
    const auto transactions =
        gen::container<std::vector<Transaction>>(gen::pair(gen::resize(8, steps), ending));
    return check("a ledger does what its model does", [&] {
        const auto sequence = *transactions;
        LedgerAndModel pair;
        for (const Transaction& transaction : sequence)
            pair.apply(transaction);
        pair.compare();
        pair.open_again();
        pair.compare();
    });
}

} // namespace otk::test
