// Retention: what goes, what stays, and that the rest is still a ledger.

#include "tests/store/support.h"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

using namespace otk;
using namespace otk::test;

namespace {

constexpr std::size_t all = SIZE_MAX;

// Rows are made one second apart: row N at second 100 + N.
struct PrunedLog {
    Folder folder;
    std::filesystem::path file = folder / "ledger.db";
    Ledger ledger = fresh();
    std::vector<Head> heads{Head{}}; // by row number

    PrunedLog() { heads.push_back(ledger.head()); }
    Ledger fresh() const {
        Ledger::create(file, ledger_id, at_second(101));
        return Ledger::open(file);
    }
    void open_again() {
        ledger = Ledger::open_copy(file); // closes the writer
        ledger = Ledger::open(file);
    }
    RowNumber add(Row row, std::optional<Time> at = std::nullopt) {
        row.at = at.value_or(at_second(100 + static_cast<std::int64_t>(heads.size())));
        ledger.begin();
        heads.push_back(ledger.append(row));
        ledger.commit();
        return row.number;
    }
    RowNumber knock(std::uint64_t value = 1) {
        return add(accepted(chain_id(enrolment(1)), start_of(Algorithm::sha256, value), 50));
    }
    RowNumber about(RowKind kind, RowNumber of) {
        Row row;
        row.kind = kind;
        row.of = of;
        if (kind == RowKind::ended) row.outcome = Outcome::exited;
        return add(row);
    }
    // An end with an output.
    RowNumber ended(RowNumber of, std::string_view output) {
        const RowNumber end = about(RowKind::ended, of);
        ledger.begin();
        ledger.keep_output(end, as_bytes(output), false);
        ledger.commit();
        return end;
    }
    void started(int rows) {
        for (int i = 0; i < rows; ++i) {
            Row row;
            row.kind = RowKind::started;
            add(row);
        }
    }
    // Rows older than row `before`.
    std::size_t prune(std::int64_t before, std::size_t most = all) {
        ledger.begin();
        const std::size_t pruned = ledger.prune(at_second(100 + before), most);
        ledger.commit();
        return pruned;
    }
    std::size_t prune_output(std::int64_t before, std::size_t most = all) {
        ledger.begin();
        const std::size_t pruned = ledger.prune_output(at_second(100 + before), most);
        ledger.commit();
        return pruned;
    }
    [[nodiscard]] std::int64_t oldest() const {
        return static_cast<std::int64_t>(ledger.rows({}, all).back().number);
    }
    [[nodiscard]] bool whole() const { return !ledger.verify(heads); }
};

} // namespace

TEST_CASE("rows older than asked go, in batches, and what remains is whole") {
    PrunedLog log;
    log.started(9); // rows 2 to 10
    CHECK(log.ledger.checkpoint() == Head{});
    CHECK(log.prune(1) == 0);
    CHECK(log.ledger.checkpoint() == Head{});
    CHECK(log.prune(7, 4) == 4);
    CHECK(log.ledger.checkpoint() == log.heads[4]);
    CHECK(log.oldest() == 5);
    CHECK(log.whole());
    CHECK(log.prune(7, 4) == 2); // row 7 itself is not older
    CHECK(log.prune(7, 4) == 0);
    CHECK(log.prune(7, 0) == 0);
    CHECK(log.ledger.checkpoint() == log.heads[6]);
    CHECK(log.oldest() == 7);
    CHECK(log.whole());
    CHECK_FALSE(log.ledger.row(RowNumber{6}));
    log.open_again();
    CHECK(log.ledger.checkpoint() == log.heads[6]);
    log.started(1);
    CHECK(log.ledger.head().row == RowNumber{11});
    CHECK(log.whole());
}

TEST_CASE("the newest row stays, and numbers and hashes go on from it") {
    PrunedLog log;
    log.started(3);
    CHECK(log.prune(1000) == 3);
    CHECK(log.oldest() == 4);
    CHECK(log.ledger.head() == log.heads[4]);
    log.open_again();
    CHECK(log.ledger.head() == log.heads[4]);
    CHECK(Ledger::open_for_reading(log.file).head() == log.heads[4]);
    CHECK(Ledger::open_copy(log.file).head() == log.heads[4]);
    log.started(1);
    CHECK(log.ledger.head().row == RowNumber{5});
    CHECK(log.whole());
}

TEST_CASE("a ledger of one row has nothing to prune") {
    PrunedLog log;
    CHECK(log.prune(1000) == 0);
    CHECK(log.whole());
}

TEST_CASE("what a mark names is still contained: by its hash at the checkpoint, by its number before it") {
    PrunedLog log;
    log.started(9);
    log.prune(6);
    for (const Head& head : log.heads)
        CHECK(log.ledger.contains(head));
    Head other = log.heads[5]; // the checkpoint
    other.hash[0] ^= 1;
    CHECK_FALSE(log.ledger.contains(other));
    other = log.heads[6];
    other.hash[0] ^= 1;
    CHECK_FALSE(log.ledger.contains(other));
    CHECK_FALSE(log.ledger.contains({RowNumber{11}, log.heads[10].hash}));
    CHECK_FALSE(log.ledger.contains({RowNumber{0}, log.heads[1].hash}));
    CHECK_FALSE(log.ledger.contains({RowNumber{-1}, log.heads[1].hash}));
}

TEST_CASE("an open command keeps its row and all later ones until it has ended") {
    PrunedLog log;
    const RowNumber first = log.knock(); // 2
    log.started(2);
    const RowNumber second = log.knock(); // 5
    log.started(2);
    CHECK(log.prune(1000) == 1);
    log.about(RowKind::ended, first); // 8
    CHECK(log.prune(1000) == 3);
    CHECK(log.oldest() == 5);
    log.about(RowKind::interrupted, second); // 9
    CHECK(log.prune(1000) == 4);
    CHECK(log.oldest() == 9);
    CHECK(log.whole());
}

TEST_CASE("a hold keeps the row of its knock, and an undo that knock and its own row") {
    PrunedLog log;
    const RowNumber knock = log.knock(); // 2
    log.ledger.begin();
    log.ledger.hold({knock, GrantId{7}, {}, 0, at_second(9000)});
    log.ledger.commit();
    log.about(RowKind::ended, knock);
    log.started(3);
    CHECK(log.prune(1000) == 1);
    CHECK(log.oldest() == 2);
    log.ledger.begin();
    REQUIRE(log.ledger.release(knock));
    log.ledger.commit();
    const RowNumber undo = log.about(RowKind::undo, knock); // 7
    log.started(2);
    CHECK(log.prune(1000) == 0); // the undo may need to know the knock
    CHECK(log.oldest() == 2);
    log.about(RowKind::ended, undo);
    CHECK(log.prune(1000) == 8);
    CHECK(log.whole());
}

TEST_CASE("outputs go with their rows, or before them, oldest first") {
    PrunedLog log;
    const RowNumber knocks[] = {log.knock(), log.knock(), log.knock()};
    const RowNumber ends[] = {log.ended(knocks[0], "one"), log.ended(knocks[1], "two"),
                              log.ended(knocks[2], "three")}; // 5, 6, 7
    log.started(1);
    const auto kept = [&] {
        std::string text;
        for (const RowNumber end : ends)
            text += log.ledger.output(end) ? 'x' : '-';
        return text;
    };
    CHECK(log.prune_output(5) == 0);
    CHECK(log.prune_output(7, 0) == 0);
    CHECK(log.prune_output(7, 1) == 1);
    CHECK(kept() == "-xx");
    CHECK(log.prune_output(7) == 1);
    CHECK(log.prune_output(7) == 0);
    CHECK(kept() == "--x");
    CHECK(log.ledger.row(ends[1]));
    CHECK(log.prune(1000) == 7);
    CHECK(kept() == "---");
    CHECK(log.whole());
}

TEST_CASE("positions are never pruned") {
    PrunedLog log;
    const Enrolment chain = enrolment(1);
    const Value knock = walk(chain.algorithm, start_of(chain.algorithm, 1), 99);
    log.ledger.begin();
    REQUIRE(log.ledger.spend(chain.image, {chain_id(chain), knock, 99}));
    log.ledger.commit();
    const RowNumber row = log.add(accepted(chain_id(chain), knock, 99));
    log.about(RowKind::ended, row);
    log.started(1);
    CHECK(log.prune(1000) == 3);
    CHECK(log.ledger.position(chain_id(chain))->count == 99);
    log.ledger.begin();
    CHECK_FALSE(log.ledger.spend(chain.image, {chain_id(chain), knock, 99}));
    log.ledger.roll_back();
}

TEST_CASE("pruning stops at the first row that is not old, wherever the clock was later") {
    PrunedLog log;
    log.started(1);
    Row future;
    future.kind = RowKind::started;
    log.add(future, at_second(1'000'000)); // 3
    log.started(3);
    CHECK(log.prune(1000) == 2);
    CHECK(log.oldest() == 3);
    CHECK(log.prune(2'000'000) == 3);
    CHECK(log.whole());
}

TEST_CASE("pruning hides no damage: it stops before it") {
    const std::string damages[] = {"UPDATE event SET at = at + 1 WHERE number = 5",
                                   "UPDATE event SET hash = randomblob(32) WHERE number = 5",
                                   "UPDATE event SET hash = x'00' WHERE number = 5",
                                   "UPDATE event SET source_port = 70000 WHERE number = 5",
                                   "DELETE FROM event WHERE number = 5"};
    for (const std::string& damage : damages) {
        CAPTURE(damage);
        PrunedLog log;
        log.started(9);
        raw(log.file, "PRAGMA ignore_check_constraints = ON; DROP TRIGGER event_never_changes; "
                      "DROP TRIGGER event_stays; " +
                          damage);
        CHECK(log.prune(1000) == 4);
        CHECK(log.ledger.checkpoint() == log.heads[4]);
        CHECK(log.prune(1000) == 0);
        const auto found = log.ledger.verify(log.heads);
        REQUIRE(found);
        CHECK(found->row == RowNumber{5});
    }
}

TEST_CASE("a pruning that is rolled back was none") {
    PrunedLog log;
    log.started(5);
    log.ledger.begin();
    CHECK(log.ledger.prune(at_second(1000), all) == 5);
    log.ledger.roll_back();
    CHECK(log.ledger.checkpoint() == Head{});
    CHECK(log.oldest() == 1);
    CHECK(log.whole());
}

TEST_CASE("what was pruned is no longer in the file") {
    PrunedLog log;
    const std::string secret = "somebody's mother's maiden name";
    const auto in_file = [&] {
        std::ifstream file(log.file, std::ios::binary);
        const std::string bytes{std::istreambuf_iterator<char>(file), {}};
        return bytes.find(secret) != std::string::npos;
    };
    Row row;
    row.kind = RowKind::started;
    row.text = secret;
    log.add(row);
    const RowNumber knock = log.knock();
    log.ended(knock, std::string(5000, 'x') + secret);
    log.started(1);
    log.open_again(); // closed: all is in the one file
    REQUIRE(in_file());
    CHECK(log.prune(1000) == 4);
    log.open_again();
    CHECK_FALSE(in_file());
}
