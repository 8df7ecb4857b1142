// What can be asked of a ledger.

#include "tests/store/support.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;

namespace {

Value value_of(std::uint64_t which) { return start_of(Algorithm::sha256, which); }

// A ledger to which rows are added as they come, without spends: reading does not care.
struct ReadLog {
    Folder folder;
    std::filesystem::path file = folder / "ledger.db";
    Ledger ledger = fresh();

    Ledger fresh() const {
        Ledger::create(file, ledger_id, at_second(100));
        return Ledger::open(file);
    }
    RowNumber add(Row row) {
        ledger.begin();
        ledger.append(row);
        ledger.commit();
        return row.number;
    }
    RowNumber knock(std::string_view user, std::string_view command, std::uint64_t value,
                    std::int64_t second = 1) {
        Row row = accepted(chain_id(enrolment(1)), value_of(value), 50);
        row.user = user;
        row.command = command;
        row.at = at_second(second);
        return add(row);
    }
    RowNumber about(RowKind kind, RowNumber of) {
        Row row;
        row.kind = kind;
        row.of = of;
        row.outcome = kind == RowKind::ended ? Outcome::exited : Outcome::none;
        row.value = kind == RowKind::ended ? Value{} : ledger.row(of)->value;
        return add(row);
    }
};

std::vector<std::int64_t> numbers(const std::vector<Row>& rows) {
    std::vector<std::int64_t> numbers;
    for (const Row& row : rows)
        numbers.push_back(static_cast<std::int64_t>(row.number));
    return numbers;
}
using Numbers = std::vector<std::int64_t>;

} // namespace

TEST_CASE("a row keeps every field") {
    ReadLog log;
    const RowNumber of = log.knock("anna", "sshd", 1);
    Row row;
    row.at = at_second(-5);
    row.kind = RowKind::contested;
    row.of = of;
    row.grant = GrantId{1'000'000'000'000};
    row.chain = chain_id(enrolment(3));
    row.user = "anna";
    row.command = "open-door.2";
    row.count = longest_chain;
    row.jumped = 63;
    row.algorithm = Algorithm::md4;
    row.value = start_of(Algorithm::md4, 12345);
    row.carrier = Carrier::dns;
    row.source = *Address::parse("2001:db8::1");
    row.source_port = 65535;
    row.named = *Address::parse("198.51.100.1");
    row.address = *Address::parse("203.0.113.255");
    row.refusal = Refusal::same_image_twice;
    row.outcome = Outcome::killed;
    row.status = -9;
    row.duration = std::chrono::milliseconds(123456);
    row.text = std::string("with \0 zero, \xc3\xa4 and \xff", 22);
    const RowNumber number = log.add(row);
    const auto read = log.ledger.row(number);
    REQUIRE(read);
    CHECK(read->number == number);
    CHECK(read->at == row.at);
    CHECK(read->kind == row.kind);
    CHECK(read->of == row.of);
    CHECK(read->grant == row.grant);
    CHECK(read->chain == row.chain);
    CHECK(read->user == row.user);
    CHECK(read->command == row.command);
    CHECK(read->count == row.count);
    CHECK(read->jumped == row.jumped);
    CHECK(read->algorithm == row.algorithm);
    CHECK(read->value == row.value);
    CHECK(read->carrier == row.carrier);
    CHECK(read->source == row.source);
    CHECK(read->source_port == row.source_port);
    CHECK(read->named == row.named);
    CHECK(read->address == row.address);
    CHECK(read->refusal == row.refusal);
    CHECK(read->outcome == row.outcome);
    CHECK(read->status == row.status);
    CHECK(read->duration == row.duration);
    CHECK(read->text == row.text);
    CHECK_FALSE(log.ledger.row(RowNumber{4}));
}

TEST_CASE("rows are found newest first by user, command, kind, age and place, as many as asked for") {
    ReadLog log;
    log.knock("anna", "sshd", 1, 10);        // 2
    log.knock("berta", "sshd", 2, 20);       // 3
    log.knock("anna", "web", 3, 30);         // 4
    log.about(RowKind::ended, RowNumber{2}); // 5, at 0
    log.knock("anna", "sshd", 4, 40);        // 6
    const Ledger& ledger = log.ledger;
    CHECK(numbers(ledger.rows({}, 100)) == Numbers{6, 5, 4, 3, 2, 1});
    CHECK(numbers(ledger.rows({}, 2)) == Numbers{6, 5});
    CHECK(numbers(ledger.rows({.user = "anna"}, 100)) == Numbers{6, 4, 2});
    CHECK(numbers(ledger.rows({.user = "anna"}, 1)) == Numbers{6});
    CHECK(numbers(ledger.rows({.command = "sshd"}, 100)) == Numbers{6, 3, 2});
    CHECK(numbers(ledger.rows({.user = "anna", .command = "sshd"}, 100)) == Numbers{6, 2});
    CHECK(numbers(ledger.rows({.kind = RowKind::ended}, 100)) == Numbers{5});
    CHECK(numbers(ledger.rows({.before = RowNumber{4}}, 100)) == Numbers{3, 2, 1});
    CHECK(numbers(ledger.rows({.since = at_second(20)}, 100)) == Numbers{6, 4, 3, 1});
    CHECK(numbers(ledger.rows(
              {.user = "anna", .kind = RowKind::accepted, .before = RowNumber{6}, .since = at_second(30)},
              100)) == Numbers{4});
    CHECK(ledger.rows({.user = "nobody' OR 1"}, 100).empty());
    CHECK(ledger.rows({}, 0).empty());
    CHECK(ledger.rows({}, SIZE_MAX).size() == 6);
}

TEST_CASE("a value's rows come oldest first, also where it came again") {
    ReadLog log;
    log.knock("anna", "sshd", 1);             // 2
    log.knock("anna", "sshd", 2);             // 3
    log.about(RowKind::replay, RowNumber{2}); // 4
    CHECK(numbers(log.ledger.rows_of_value(value_of(1))) == Numbers{2, 4});
    CHECK(numbers(log.ledger.rows_of_value(value_of(2))) == Numbers{3});
    CHECK(log.ledger.rows_of_value(value_of(3)).empty());
    CHECK(log.ledger.rows_of_value(Value{}).empty());
    CHECK(numbers(log.ledger.rows_about(RowNumber{2})) == Numbers{4});
    CHECK(log.ledger.rows_about(RowNumber{3}).empty());
    CHECK(log.ledger.rows_about(RowNumber{0}).empty());
}

TEST_CASE("a command is open until it ends or is interrupted, once") {
    ReadLog log;
    log.knock("anna", "sshd", 1); // 2
    log.knock("anna", "sshd", 2); // 3
    log.knock("anna", "sshd", 3); // 4
    log.about(RowKind::replay, RowNumber{3});
    CHECK(numbers(log.ledger.open_commands()) == Numbers{2, 3, 4});
    log.about(RowKind::ended, RowNumber{3});
    log.about(RowKind::interrupted, RowNumber{2});
    CHECK(numbers(log.ledger.open_commands()) == Numbers{4});
    for (const std::int64_t of : {2, 3, 1, 5}) { // ended, interrupted, not a command
        CHECK(error_of([&] { log.about(RowKind::ended, RowNumber{of}); }).find("has not ended") !=
              std::string::npos);
    }
    CHECK(numbers(log.ledger.open_commands()) == Numbers{4});
}

TEST_CASE("an undo has an end of its own, as a command has") {
    ReadLog log;
    const RowNumber knock = log.knock("anna", "sshd", 1); // 2
    log.about(RowKind::ended, knock);                     // 3
    Row undo;
    undo.kind = RowKind::undo;
    undo.of = knock;
    log.add(undo); // 4
    CHECK(numbers(log.ledger.open_commands()) == Numbers{4});
    Row closed = undo;
    closed.kind = RowKind::closed;
    log.add(closed); // 5: has none
    CHECK(numbers(log.ledger.open_commands()) == Numbers{4});
    CHECK(error_of([&] { log.about(RowKind::ended, knock); }).find("has not ended") != std::string::npos);
    log.about(RowKind::interrupted, RowNumber{4});
    CHECK(log.ledger.open_commands().empty());
    CHECK(numbers(log.ledger.rows_about(knock)) == Numbers{3, 4, 5});
}

TEST_CASE("what acceptance must remember comes newest first and leaves out the rest") {
    ReadLog log;
    log.knock("anna", "sshd", 1); // 2
    log.about(RowKind::ended, RowNumber{2});
    log.about(RowKind::replay, RowNumber{2}); // 4
    log.about(RowKind::contested, RowNumber{2});
    Row refused = accepted(chain_id(enrolment(1)), value_of(9), 40);
    refused.kind = RowKind::refused;
    refused.refusal = Refusal::expired;
    log.add(refused); // 6
    Row late = accepted(chain_id(enrolment(1)), value_of(10), 41);
    late.kind = RowKind::late;
    log.add(late); // 7
    Row resynced = accepted(chain_id(enrolment(1)), value_of(11), 30);
    resynced.kind = RowKind::resynced;
    resynced.carrier = {};
    log.add(resynced); // 8
    const auto recent = [&](std::size_t most) {
        std::vector<Row> rows;
        log.ledger.each_recent(most, [&](const Row& row) { rows.push_back(row); });
        return numbers(rows);
    };
    CHECK(recent(100) == Numbers{8, 7, 6, 5, 4, 2});
    CHECK(recent(3) == Numbers{8, 7, 6});
    CHECK(recent(0).empty());
}
