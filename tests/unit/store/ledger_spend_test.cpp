// Transactions of the ledger: spends, rows, outputs, and what is left when one fails.

#include "tests/store/support.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;

namespace {

// A chain of 100 as its user has it, and a ledger.
struct Spending {
    Folder folder;
    std::filesystem::path file = folder / "ledger.db";
    Enrolment enrolled;
    ChainId chain;
    Ledger ledger;

    explicit Spending(Algorithm algorithm = Algorithm::sha256) :
        enrolled(enrolment(1, 100, algorithm)), chain(chain_id(enrolled)), ledger(fresh()) {}
    Ledger fresh() const {
        Ledger::create(file, ledger_id, at_second(100));
        return Ledger::open(file);
    }
    [[nodiscard]] Value at(Count count) const {
        return walk(enrolled.algorithm, start_of(enrolled.algorithm, 1), count);
    }
    // Spends knock `count` where the chain is believed to be at `from`, with its row, in a transaction of its
    // own.
    bool spend(Count from, Count count) {
        ledger.begin();
        if (!ledger.spend(at(from), {chain, at(count), count})) {
            ledger.roll_back();
            return false;
        }
        Row row = accepted(chain, at(count), count);
        ledger.append(row);
        ledger.commit();
        return true;
    }
};

} // namespace

TEST_CASE("a knock is spent once") {
    for (const Algorithm algorithm : {Algorithm::md5, Algorithm::sha1, Algorithm::sha256}) {
        Spending s(algorithm);
        CHECK_FALSE(s.ledger.position(s.chain));
        CHECK(s.spend(100, 99));
        CHECK(s.ledger.position(s.chain)->image == s.at(99));
        CHECK(s.ledger.position(s.chain)->count == 99);
        CHECK_FALSE(s.spend(100, 99)); // the same again
        CHECK_FALSE(s.spend(100, 98)); // from where the chain is no more
        CHECK_FALSE(s.spend(99, 99));  // not further
        CHECK(s.spend(99, 95));        // some were lost
        CHECK_FALSE(s.spend(99, 97));  // jumped over
        CHECK_FALSE(s.spend(95, 97));  // backwards
        CHECK(s.ledger.position(s.chain)->count == 95);
        CHECK(s.ledger.head().row == RowNumber{3});
        CHECK_FALSE(s.ledger.verify({}));
    }
}

TEST_CASE("a position knows when its newest knock was spent") {
    Spending s;
    for (const Count count : {99U, 98U}) {
        s.ledger.begin();
        REQUIRE(s.ledger.spend(s.at(count + 1), {s.chain, s.at(count), count, at_second(500 - count)}));
        s.ledger.commit();
        CHECK(s.ledger.position(s.chain)->at == at_second(500 - count));
    }
    s.ledger.each_position([](const Position& position) { CHECK(position.at == at_second(402)); });
}

TEST_CASE("the last knock is spent, and then there is none") {
    Spending s;
    CHECK(s.spend(100, 1));
    s.ledger.begin();
    CHECK_FALSE(s.ledger.spend(s.at(1), {s.chain, s.at(0), 0}));
    s.ledger.roll_back();
}

TEST_CASE("what was committed is there after opening again") {
    Spending s;
    REQUIRE(s.spend(100, 99));
    const Head head = s.ledger.head();
    s.ledger = Ledger::open_copy(s.file); // closes the writer
    s.ledger = Ledger::open(s.file);
    CHECK(s.ledger.head() == head);
    CHECK_FALSE(s.spend(100, 99));
    CHECK(s.spend(99, 98));
}

TEST_CASE("several knocks share a transaction, and a failed one does not spoil the others") {
    Spending s;
    const Enrolment other = enrolment(2);
    const Value knock = walk(other.algorithm, start_of(other.algorithm, 2), 99);
    Row first = accepted(s.chain, s.at(99), 99);
    Row second = accepted(chain_id(other), knock, 99);
    s.ledger.begin();
    REQUIRE(s.ledger.spend(s.enrolled.image, {s.chain, s.at(99), 99}));
    s.ledger.append(first);
    CHECK_FALSE(s.ledger.spend(s.enrolled.image, {s.chain, s.at(99), 99}));
    REQUIRE(s.ledger.spend(other.image, {chain_id(other), knock, 99}));
    const Head head = s.ledger.append(second);
    CHECK(first.number == RowNumber{2});
    CHECK(second.number == RowNumber{3});
    CHECK(s.ledger.head().row == RowNumber{1}); // until the commit
    s.ledger.commit();
    CHECK(s.ledger.head() == head);
    int positions = 0;
    s.ledger.each_position([&](const Position& position) {
        ++positions;
        CHECK(position.count == 99);
    });
    CHECK(positions == 2);
    CHECK_FALSE(s.ledger.verify({}));
}

TEST_CASE("rolled back is as if it had never begun") {
    Spending s;
    REQUIRE(s.spend(100, 99));
    const Head head = s.ledger.head();
    Row row = accepted(s.chain, s.at(98), 98);
    s.ledger.begin();
    REQUIRE(s.ledger.spend(s.at(99), {s.chain, s.at(98), 98}));
    s.ledger.append(row);
    s.ledger.roll_back();
    s.ledger.roll_back(); // a second time does nothing
    CHECK(s.ledger.head() == head);
    CHECK(s.ledger.position(s.chain)->count == 99);
    CHECK_FALSE(s.ledger.row(RowNumber{3}));
    CHECK(s.spend(99, 98)); // and the number is not lost
    CHECK(s.ledger.head().row == RowNumber{3});
    CHECK_FALSE(s.ledger.verify({}));
}

TEST_CASE("a row is what was committed, not what stood under its number before a rollback") {
    Spending s;
    REQUIRE(s.spend(100, 99));
    for (const bool undone : {true, false}) {
        s.ledger.begin();
        Row row = accepted(s.chain, s.at(98), 98);
        row.user = undone ? "nobody" : "berta";
        CHECK(s.ledger.append(row).row == RowNumber{3});
        if (undone)
            s.ledger.roll_back();
        else
            s.ledger.commit();
        CHECK(s.ledger.row(RowNumber{3}).has_value() != undone);
    }
    CHECK(s.ledger.row(RowNumber{3})->user == "berta");
    CHECK(s.ledger.row(RowNumber{2})->user == "anna");
    CHECK(s.ledger.row(RowNumber{1})->kind == RowKind::created); // of before this ledger was opened
    CHECK_FALSE(s.ledger.row(RowNumber{4}));
    CHECK_FALSE(s.ledger.row(RowNumber{0}));
}

TEST_CASE("a longer log holds nothing new, and spends overwrite it") {
    Spending s;
    REQUIRE(s.spend(100, 99));
    const std::filesystem::path log = s.file.native() + "-wal";
    const auto before = std::filesystem::file_size(log);
    const Head head = s.ledger.head();
    s.ledger.lengthen_log();
    const auto longer = std::filesystem::file_size(log);
    CHECK(longer > before + 2000 * 2048);
    CHECK(s.ledger.head() == head);
    CHECK(Ledger::open_for_reading(s.file).head() == head);
    for (Count count = 98; count > 48; --count)
        REQUIRE(s.spend(count + 1, count));
    CHECK(std::filesystem::file_size(log) == longer);
    CHECK_FALSE(s.ledger.verify({head, s.ledger.head()}));
}

TEST_CASE("a row that the schema refuses undoes the whole transaction, and the next one works") {
    Spending s;
    Row nonsense = accepted(s.chain, s.at(99), 99);
    nonsense.refusal = Refusal::expired; // accepted and refused
    s.ledger.begin();
    REQUIRE(s.ledger.spend(s.enrolled.image, {s.chain, s.at(99), 99}));
    const std::string error = error_of([&] { s.ledger.append(nonsense); });
    CHECK(error.find("cannot append a row: " + s.file.native()) == 0);
    CHECK(nonsense.number == RowNumber{0});
    s.ledger.roll_back(); // allowed, and does nothing
    CHECK_FALSE(s.ledger.position(s.chain));
    CHECK(s.ledger.head().row == RowNumber{1});
    CHECK(s.spend(100, 99));
    CHECK_FALSE(s.ledger.verify({}));
}

TEST_CASE("an output that the schema refuses undoes the transaction, and the next one works") {
    Spending s;
    REQUIRE(s.spend(100, 99));
    const Head head = s.ledger.head();
    s.ledger.begin();
    REQUIRE(s.ledger.spend(s.at(99), {s.chain, s.at(98), 98}));
    Row row = accepted(s.chain, s.at(98), 98);
    const Head appended = s.ledger.append(row);
    Row end;
    end.kind = RowKind::ended;
    end.of = appended.row;
    end.outcome = Outcome::exited;
    s.ledger.append(end);
    const std::vector<std::uint8_t> too_much(65537);
    CHECK(error_of([&] {
              s.ledger.keep_output(end.number, too_much, false);
          }).find("cannot keep an output") == 0);
    CHECK(s.ledger.head() == head);
    CHECK(s.ledger.position(s.chain)->count == 99);
    CHECK(s.ledger.open_commands().size() == 1);
    CHECK(s.spend(99, 98));
}

TEST_CASE("outputs are kept with the end of their command, empty ones too") {
    Spending s;
    REQUIRE(s.spend(100, 99));
    REQUIRE(s.spend(99, 98));
    const std::vector<std::uint8_t> bytes{0, 1, 255, 0, 10};
    RowNumber ends[2];
    for (const int i : {0, 1}) {
        Row end;
        end.kind = RowKind::ended;
        end.of = RowNumber{2 + i};
        end.outcome = Outcome::exited;
        s.ledger.begin();
        s.ledger.append(end);
        s.ledger.keep_output(end.number, i == 0 ? Bytes(bytes) : Bytes{}, i == 0);
        s.ledger.commit();
        ends[i] = end.number;
    }
    CHECK(s.ledger.output(ends[0])->bytes == bytes);
    CHECK(s.ledger.output(ends[0])->truncated);
    CHECK(s.ledger.output(ends[1])->bytes.empty());
    CHECK_FALSE(s.ledger.output(ends[1])->truncated);
    CHECK_FALSE(s.ledger.output(RowNumber{2}));
    s.ledger.begin();
    CHECK_FALSE(error_of([&] { s.ledger.keep_output(RowNumber{77}, bytes, false); }).empty()); // no such row
}

TEST_CASE("verifying holds nothing up: spends go on, and what they commit is seen") {
    Spending s;
    REQUIRE(s.spend(100, 99));
    CHECK_FALSE(s.ledger.verify({}));
    CHECK(s.spend(99, 98));
    const Ledger reader = Ledger::open_for_reading(s.file);
    CHECK_FALSE(reader.verify({s.ledger.head()}));
    CHECK(s.spend(98, 97));
    CHECK(reader.head().row == RowNumber{4});
    s.ledger.begin();
    CHECK_FALSE(s.ledger.verify({})); // also within a transaction, which goes on
    REQUIRE(s.ledger.spend(s.at(97), {s.chain, s.at(96), 96}));
    s.ledger.commit();
    CHECK(s.ledger.position(s.chain)->count == 96);
}
