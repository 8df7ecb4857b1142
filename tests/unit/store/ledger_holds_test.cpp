// What lasts between knocks: holds, the knocks that rates count, requests that were done.

#include "tests/store/support.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;

namespace {

using namespace std::chrono_literals;

struct HoldsLog {
    Folder folder;
    std::filesystem::path file = folder / "ledger.db";
    Ledger ledger = fresh();

    Ledger fresh() const {
        Ledger::create(file, ledger_id, at_second(100));
        return Ledger::open(file);
    }
    void open_again() {
        ledger = Ledger::open_copy(file); // closes the writer
        ledger = Ledger::open(file);
    }
    // An accepted knock with its hold, in one transaction.
    Hold knock(Hold wanted) {
        Row row = accepted(chain_id(enrolment(1)), start_of(Algorithm::sha256, 1), 50);
        row.grant = wanted.grant;
        ledger.begin();
        ledger.append(row);
        wanted.row = row.number;
        const Hold stands = ledger.hold(wanted);
        ledger.commit();
        return stands;
    }
    bool release(RowNumber row) {
        ledger.begin();
        const bool released = ledger.release(row);
        ledger.commit();
        return released;
    }
    void admit(GrantId grant, Time now) {
        ledger.begin();
        ledger.admit(grant, now);
        ledger.commit();
    }
    [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> admitted(GrantId grant, Time now) const {
        const Admitted counted = ledger.admitted(grant, now);
        return {counted.in_last_hour, counted.in_last_day};
    }
};

Hold wanted(std::int64_t grant, const char* address, std::uint16_t port, std::int64_t deadline) {
    return {.grant = GrantId{grant},
            .address = *address == '\0' ? Address{} : *Address::parse(address),
            .port = port,
            .deadline = at_second(deadline)};
}

} // namespace

TEST_CASE("a second knock of the same grant, address and port prolongs its hold, and any other begins one") {
    HoldsLog log;
    const Hold first = log.knock(wanted(7, "192.0.2.7", 0, 3000)); // row 2
    CHECK(first.row == RowNumber{2});
    CHECK(first.deadline == at_second(3000));
    const Hold prolonged = log.knock(wanted(7, "192.0.2.7", 0, 3060));
    CHECK(prolonged.row == RowNumber{2});
    CHECK(prolonged.deadline == at_second(3060));
    const Hold shorter = log.knock(wanted(7, "192.0.2.7", 0, 3010)); // the later deadline wins
    CHECK(shorter == prolonged);
    CHECK(log.ledger.holds() == std::vector{prolonged});

    const Hold others[] = {log.knock(wanted(8, "192.0.2.7", 0, 5)), log.knock(wanted(7, "192.0.2.8", 0, 5)),
                           log.knock(wanted(7, "192.0.2.7", 50123, 5)),
                           log.knock(wanted(7, "2001:db8::7", 0, 5)), log.knock(wanted(7, "", 0, 5))};
    CHECK(others[0] == Hold{RowNumber{5}, GrantId{8}, *Address::parse("192.0.2.7"), 0, at_second(5)});
    CHECK(others[4] == Hold{RowNumber{9}, GrantId{7}, Address{}, 0, at_second(5)});
    CHECK(log.ledger.holds() ==
          std::vector{prolonged, others[0], others[1], others[2], others[3], others[4]});
    CHECK(log.ledger.hold_of(RowNumber{2}) == prolonged);
    CHECK(log.ledger.hold_of(RowNumber{8}) == others[3]);
    CHECK_FALSE(log.ledger.hold_of(RowNumber{3})); // a knock that prolonged
    log.open_again();
    CHECK(log.ledger.holds().size() == 6);
    CHECK(log.ledger.hold_of(RowNumber{2}) == prolonged);
}

TEST_CASE("a hold is released once, and the next knock begins a new one") {
    HoldsLog log;
    const Hold first = log.knock(wanted(7, "192.0.2.7", 0, 3000));
    const Hold second = log.knock(wanted(7, "192.0.2.8", 0, 3000));
    CHECK(log.release(first.row));
    CHECK_FALSE(log.release(first.row));
    CHECK_FALSE(log.release(RowNumber{1}));
    CHECK(log.ledger.holds() == std::vector{second});
    CHECK(log.knock(wanted(7, "192.0.2.7", 0, 2000)) ==
          Hold{RowNumber{4}, GrantId{7}, *Address::parse("192.0.2.7"), 0, at_second(2000)});
}

TEST_CASE("a hold that is rolled back was never there, and one that was prolonged has its deadline again") {
    HoldsLog log;
    const Hold hold = log.knock(wanted(7, "192.0.2.7", 0, 3000));
    log.ledger.begin();
    Hold later = hold;
    later.deadline = at_second(9000);
    CHECK(log.ledger.hold(later) == later);
    CHECK(log.ledger.release(hold.row));
    log.ledger.roll_back();
    CHECK(log.ledger.holds() == std::vector{hold});
}

TEST_CASE("a hold without its knock is refused, and the transaction with it") {
    HoldsLog log;
    for (const RowNumber row : {RowNumber{1}, RowNumber{2}}) { // no knock, no row
        log.ledger.begin();
        Row other;
        other.kind = RowKind::started;
        Hold hold = wanted(7, "192.0.2.7", 0, 3000);
        hold.row = row;
        log.ledger.append(other);
        CHECK(error_of([&] { log.ledger.hold(hold); }).find("cannot hold: " + log.file.native()) == 0);
        log.ledger.roll_back();
        CHECK(log.ledger.head().row == RowNumber{1});
        CHECK(log.ledger.holds().empty());
    }
}

TEST_CASE("a hold in the file that no otk wrote is an error") {
    HoldsLog log;
    const Hold hold = log.knock(wanted(7, "192.0.2.7", 0, 3000));
    raw(log.file, "DROP TRIGGER hold_is_only_prolonged; PRAGMA ignore_check_constraints = ON; "
                  "UPDATE hold SET port = 65536");
    CHECK(error_of([&] { (void)log.ledger.holds(); }).find("a hold is not one") != std::string::npos);
    raw(log.file, "UPDATE hold SET port = 0, address = x'00000000000000000000ffff01020304'");
    CHECK(error_of([&] { (void)log.ledger.hold_of(hold.row); }).find("a hold is not one") !=
          std::string::npos);
}

TEST_CASE("admitted knocks are counted for an hour and for a day, each grant for itself, across a restart") {
    HoldsLog log;
    const Time noon = at_second(1'000'000);
    const GrantId grant{7};
    using Counts = std::pair<std::uint32_t, std::uint32_t>;
    CHECK(log.admitted(grant, noon) == Counts{0, 0});
    log.admit(grant, noon);
    log.admit(grant, noon); // two at one moment are two
    log.admit(grant, noon + 30min);
    log.admit(GrantId{8}, noon);
    CHECK(log.admitted(grant, noon + 30min) == Counts{3, 3});
    CHECK(log.admitted(GrantId{8}, noon + 30min) == Counts{1, 1});
    CHECK(log.admitted(grant, noon + 1h - 1ns) == Counts{3, 3});
    CHECK(log.admitted(grant, noon + 1h) == Counts{1, 3}); // an hour old is not within the last hour
    CHECK(log.admitted(grant, noon + 90min) == Counts{0, 3});
    CHECK(log.admitted(grant, noon + 24h - 1ns) == Counts{0, 3});
    CHECK(log.admitted(grant, noon + 24h) == Counts{0, 1});
    log.open_again();
    CHECK(log.admitted(grant, noon + 30min) == Counts{3, 3});
    // The clock was set back: nobody gets more knocks by it.
    CHECK(log.admitted(grant, noon - 1h) == Counts{3, 3});
    CHECK(log.admitted(grant, noon - 400 * 24h) == Counts{3, 3});
}

TEST_CASE("knocks older than a day are forgotten when the grant's next one is admitted") {
    HoldsLog log;
    const Time noon = at_second(1'000'000);
    for (const GrantId grant : {GrantId{7}, GrantId{8}})
        log.admit(grant, noon);
    log.admit(GrantId{7}, noon + 24h);
    SQLite::Database database(log.file.native(), SQLite::OPEN_READONLY);
    CHECK(database
              .execAndGet("SELECT group_concat(grant, ',') FROM (SELECT grant FROM admitted ORDER BY grant)")
              .getString() == "7,8");
}

TEST_CASE("an admitted knock that is rolled back does not count") {
    HoldsLog log;
    log.ledger.begin();
    log.ledger.admit(GrantId{7}, at_second(5));
    CHECK(log.ledger.admitted(GrantId{7}, at_second(6)).in_last_hour == 1); // within the transaction it does
    log.ledger.roll_back();
    CHECK(log.ledger.admitted(GrantId{7}, at_second(6)).in_last_hour == 0);
}

TEST_CASE("the newest request that was done is kept, and never an older one") {
    HoldsLog log;
    CHECK(log.ledger.last_request() == 0);
    for (const std::int64_t id : {5, 3, 9, 9}) {
        log.ledger.begin();
        log.ledger.note_request(id);
        log.ledger.commit();
        CHECK(log.ledger.last_request() == std::max<std::int64_t>(id, 5));
    }
    log.open_again();
    CHECK(log.ledger.last_request() == 9);
}
