// Doors and undos that wait: when they begin, how long they last, and that each ends once.

#include "tests/unit/knockd/children.h"
#include "tests/unit/knockd/fake_doorway.h"

#include "knockd/monitor/holds.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;
using namespace std::chrono_literals;
using Why = Holds::Why;

namespace {

constexpr Time now = from_nanoseconds(1'800'000'000'000'000'000);

struct Holding {
    Children children;
    ManualClock clock{now};
    FakeDoorway doorway;
    std::vector<message::Release> releases;
    unsigned changes = 0;
    Holds holds{
        children.loop,
        clock,
        doorway,
        {[this](const message::Release& release) { releases.push_back(release); }, [this] { ++changes; }}};

    static OpenHold hold(std::int64_t row, CommandKind kind, std::chrono::seconds how_long = 60s) {
        OpenHold made;
        made.hold = {RowNumber{row}, GrantId{7}, *Address::parse("192.0.2.7"), 0, now + how_long};
        made.details.command.kind = kind;
        made.details.command.service = {Protocol::tcp, 22};
        made.details.command.hold = how_long;
        if (kind == CommandKind::exec) made.details.command.undo = {"/bin/true"};
        return made;
    }
};

} // namespace

TEST_CASE("a door opens for the time that its command says, and is still there until that is over") {
    Holding h;
    const Doorway::Opened opened = h.holds.begin(Holding::hold(3, CommandKind::open));
    CHECK(opened.port == 22);
    REQUIRE(h.doorway.opened.size() == 1);
    CHECK(h.doorway.opened[0].how_long == 60s);
    h.holds.look_at_clock();
    CHECK(h.releases.empty());
    CHECK(h.doorway.closed.empty());
    REQUIRE(h.holds.find(RowNumber{3}) != nullptr);
    CHECK(h.holds.find(RowNumber{3})->port == 22);
    CHECK(h.changes == 1);
}

TEST_CASE("when its time is over it is closed, and the ledger is told once") {
    Holding h;
    OpenHold hold = Holding::hold(3, CommandKind::open);
    hold.hold.deadline = now + 20ms;
    (void)h.holds.begin(hold);
    h.children.until([&] { return !h.releases.empty(); });
    REQUIRE(h.doorway.closed == std::vector{RowNumber{3}});
    h.holds.look_at_clock();
    h.holds.end(RowNumber{3}, Why::by_administrator);
    REQUIRE(h.releases.size() == 1);
    CHECK(h.releases[0].row == RowNumber{3});
    CHECK(h.releases[0].why == Why::time);
    CHECK_FALSE(h.releases[0].undo);
    CHECK(h.releases[0].deadline == to_nanoseconds(now + 20ms));
    CHECK(h.holds.forget(RowNumber{3}).has_value());
    CHECK_FALSE(h.holds.forget(RowNumber{3}).has_value());
    CHECK(h.doorway.closed.size() == 1);
}

TEST_CASE("an undo has no door, and its release says that there is something to undo") {
    Holding h;
    (void)h.holds.begin(Holding::hold(4, CommandKind::exec));
    CHECK(h.doorway.opened.empty());
    h.holds.end(RowNumber{4}, Why::revoked);
    CHECK(h.doorway.closed.empty());
    REQUIRE(h.releases.size() == 1);
    CHECK(h.releases[0].undo);
    CHECK(h.releases[0].why == Why::revoked);
}

TEST_CASE("what never began has nothing to undo") {
    Holding h;
    h.holds.end_at_once(Holding::hold(4, CommandKind::exec), Why::not_begun);
    REQUIRE(h.releases.size() == 1);
    CHECK_FALSE(h.releases[0].undo);
}

TEST_CASE(
    "a clock that was set makes nothing longer than its command says, and a past deadline opens nothing") {
    Holding h;
    h.clock.set(now - 24h);
    (void)h.holds.begin(Holding::hold(3, CommandKind::open));
    CHECK(h.doorway.opened[0].how_long == 60s);
    h.clock.set(now + 61s);
    CHECK_THROWS_AS((void)h.holds.begin(Holding::hold(4, CommandKind::open)), Error);
    CHECK(h.doorway.opened.size() == 1);
    REQUIRE(h.releases.size() == 1);
    CHECK(h.releases[0].why == Why::not_begun);
}

TEST_CASE("a door that cannot be had is an error, and its hold ends as not begun") {
    Holding h;
    h.doorway.trouble = "the set is full";
    CHECK_THROWS_WITH_AS((void)h.holds.begin(Holding::hold(3, CommandKind::open)), "the set is full", Error);
    REQUIRE(h.releases.size() == 1);
    CHECK(h.releases[0].why == Why::not_begun);
}

TEST_CASE("a second knock prolongs; an earlier deadline shortens nothing") {
    Holding h;
    (void)h.holds.begin(Holding::hold(3, CommandKind::open));
    OpenHold& hold = *h.holds.find(RowNumber{3});
    h.clock.advance(30s);
    (void)h.holds.prolong(hold, now + 90s);
    CHECK(h.doorway.opened.back().how_long == 60s);
    (void)h.holds.prolong(hold, now + 70s);
    CHECK(h.doorway.opened.back().how_long == 60s);
    CHECK(hold.hold.deadline == now + 90s);
    CHECK(h.holds.size() == 1);
}

TEST_CASE("a knock that came before the ledger was told of the end takes the end back; other ends stay") {
    for (const Why why : {Why::time, Why::revoked}) {
        Holding h;
        (void)h.holds.begin(Holding::hold(3, CommandKind::open));
        h.holds.end(RowNumber{3}, why);
        OpenHold& hold = *h.holds.find(RowNumber{3});
        (void)h.holds.prolong(hold, now + 60s);
        CHECK(hold.ending.has_value() == (why != Why::time));
    }
}

TEST_CASE("a prolonging that was refused here moves the ledger's deadline only") {
    Holding h;
    OpenHold hold = Holding::hold(3, CommandKind::open);
    hold.hold.deadline = now + 20ms;
    (void)h.holds.begin(hold);
    h.holds.not_prolonged(*h.holds.find(RowNumber{3}), now + 50s);
    CHECK(h.doorway.opened.size() == 1);
    h.children.until([&] { return !h.releases.empty(); });
    CHECK(h.releases[0].deadline == to_nanoseconds(now + 50s)); // else validate would take it for prolonged
    h.holds.not_prolonged(*h.holds.find(RowNumber{3}), now + 55s);
    REQUIRE(h.releases.size() == 2);
    CHECK(h.releases[1].deadline == to_nanoseconds(now + 55s));
}

TEST_CASE(
    "after a restart of validate: what is known stays, what is later is prolonged, ends are told again") {
    Holding h;
    (void)h.holds.begin(Holding::hold(3, CommandKind::open));
    (void)h.holds.begin(Holding::hold(4, CommandKind::open));
    (void)h.holds.begin(Holding::hold(5, CommandKind::open));
    h.holds.end(RowNumber{4}, Why::by_knock);
    h.doorway.opened.clear();
    h.releases.clear();

    OpenHold later = Holding::hold(3, CommandKind::open);
    later.hold.deadline = now + 70s;
    h.clock.advance(20s);
    h.holds.told(later);
    h.holds.told(Holding::hold(4, CommandKind::open));
    h.holds.told(Holding::hold(5, CommandKind::open));
    h.holds.send_again();
    REQUIRE(h.doorway.opened.size() == 1);
    CHECK(h.doorway.opened[0].row == RowNumber{3});
    CHECK(h.doorway.opened[0].how_long == 50s);
    REQUIRE(h.releases.size() == 1);
    CHECK(h.releases[0].row == RowNumber{4});
    CHECK(h.releases[0].why == Why::by_knock);
}

TEST_CASE("after a restart of ourselves: doors open again for the rest of their time, what is past ends") {
    Holding h;
    h.clock.advance(50s);
    h.holds.told(Holding::hold(3, CommandKind::open));
    REQUIRE(h.doorway.opened.size() == 1);
    CHECK(h.doorway.opened[0].how_long == 10s);
    CHECK(h.releases.empty());
    h.clock.advance(10s);
    h.holds.told(Holding::hold(4, CommandKind::exec));
    REQUIRE(h.releases.size() == 1);
    CHECK(h.releases[0].row == RowNumber{4});
    CHECK(h.releases[0].why == Why::time);
    CHECK(h.releases[0].undo);
}

TEST_CASE("a door that cannot be opened again has its end all the same") {
    Holding h;
    OpenHold hold = Holding::hold(3, CommandKind::open);
    hold.hold.deadline = now + 20ms;
    h.doorway.trouble = "no such table";
    h.holds.told(hold);
    h.children.until([&] { return !h.releases.empty(); });
    CHECK(h.releases[0].why == Why::time);
}

TEST_CASE("those that are meant end, and no others") {
    Holding h;
    for (const std::int64_t row : {3, 4, 5})
        (void)h.holds.begin(Holding::hold(row, CommandKind::open));
    const auto even = [](const OpenHold& hold) { return static_cast<std::int64_t>(hold.hold.row) % 2 == 0; };
    CHECK(h.holds.end_all(even, Why::by_knock) == 1);
    CHECK(h.holds.end_all(even, Why::by_knock) == 0); // that one ends already
    CHECK(h.doorway.closed == std::vector{RowNumber{4}});
}

TEST_CASE("a door has so many claims at most, and each once") {
    Holding h;
    (void)h.holds.begin(Holding::hold(3, CommandKind::forward));
    for (const char* address : {"192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"})
        h.holds.claimed(RowNumber{3}, *Address::parse(address));
    CHECK(h.holds.find(RowNumber{3})->claims.size() == most_claims);
    h.holds.claimed(RowNumber{4}, *Address::parse("192.0.2.1")); // none such
}

TEST_CASE("a hold that the ledger ended by itself is closed when it is forgotten") {
    Holding h;
    (void)h.holds.begin(Holding::hold(3, CommandKind::open));
    CHECK(h.holds.forget(RowNumber{3}).has_value());
    CHECK(h.doorway.closed == std::vector{RowNumber{3}});
}
