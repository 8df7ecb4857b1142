// What the monitor takes up when validate, or knockd as a whole, was started again.

#include "knockd/monitor/contract.h"
#include "tests/unit/knockd/lasting.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;
using Why = message::Release::Why;

TEST_CASE("asked for the knock of a door that is open: it was opened") {
    Lasting a = with_door();
    message::Held held;
    held.row = RowNumber{4};
    held.grant = a.files.grant;
    held.address = *Address::parse("192.0.2.7");
    held.carrier = Carrier::udp;
    held.deadline = to_nanoseconds(a.clock.now() + 30s);
    DoorListed before;
    before.row = 4;
    before.address = held.address;
    REQUIRE(a.actor->told(held, &before));
    REQUIRE(a.doorway.opened.size() == 1);
    CHECK(a.doorway.opened[0].how_long == 30s);
    message::Act ask;
    ask.ask_only = 1;
    ask.row.row = RowNumber{4};
    ask.grant = a.files.grant;
    CHECK(a.actor->asked(ask));
    REQUIRE(a.sent.size() == 1);
    CHECK(a.sent[0].done.outcome == Outcome::opened);
}

TEST_CASE("a door that no earlier life has listed was never opened here, and is not opened now; its undo "
          "would run") {
    for (const bool undo : {false, true}) {
        Lasting a = undo ? with_undo() : with_door();
        message::Held held;
        held.row = RowNumber{4};
        held.grant = a.files.grant;
        held.address = *Address::parse("192.0.2.7");
        held.carrier = Carrier::udp;
        held.deadline = to_nanoseconds(a.clock.now() + 30s);
        DoorListed before; // of another address
        before.row = 4;
        before.address = *Address::parse("192.0.2.8");
        REQUIRE(a.actor->told(held, undo ? nullptr : &before));
        CHECK(a.doorway.opened.empty());
        CHECK(a.doorway.closed.size() == (undo ? 0 : 1)); // should one have been opened and not yet listed
        CHECK(a.releases.size() == (undo ? 0 : 1));
        CHECK(a.actor->holds().size() == 1);
    }
}

TEST_CASE("an administrator's old wish does not end a later door") {
    Lasting a = with_door();
    const message::Act act = a.lasting_act();
    REQUIRE(a.actor->act(act));
    const auto row = static_cast<std::int64_t>(act.row.row);
    a.actor->close_door(row, a.clock.now() - 1s);
    CHECK(a.releases.empty());
    a.actor->close_door(row, std::nullopt);
    CHECK(a.releases.size() == 1);
}

TEST_CASE("a hold of the ledger that was revoked while we were down ends, and its door is not opened") {
    Lasting a = with_undo();
    message::Held held;
    held.row = RowNumber{4};
    held.grant = a.files.grant;
    held.carrier = Carrier::udp;
    held.deadline = to_nanoseconds(a.clock.now() + 30s);
    a.files.admin.set_user_enabled(a.files.user, false);
    REQUIRE(a.actor->told(held, nullptr));
    REQUIRE(a.releases.size() == 1);
    CHECK(a.releases[0].why == Why::revoked);
    CHECK(a.releases[0].undo);
}

TEST_CASE(
    "an undo gets no argument that root's own policy does not allow, whatever the ledger says of its hold") {
    Lasting a = with_undo(); // of a command that takes none
    message::Held held;
    held.row = RowNumber{4};
    held.grant = a.files.grant;
    held.carrier = Carrier::udp;
    held.deadline = to_nanoseconds(a.clock.now() - 1s);
    held.argument = decltype(held.argument)::of("--all");
    CHECK(well_formed(held));
    REQUIRE(a.actor->told(held, nullptr));
    message::Released released;
    released.hold = held.row;
    released.row.row = RowNumber{40};
    released.undo = 1;
    CHECK(a.actor->released(released));

    message::Act ask; // and by the other way
    ask.ask_only = 1;
    ask.undo = 1;
    ask.row.row = RowNumber{41};
    ask.hold = RowNumber{5};
    ask.grant = a.files.grant;
    ask.argument = held.argument;
    CHECK(a.actor->asked(ask));

    REQUIRE(a.sent.size() == 2);
    for (const End& end : a.sent) {
        CHECK(end.done.outcome == Outcome::refused);
        CHECK(end.done.refusal == Refusal::argument_not_allowed);
    }
    CHECK(a.lines().empty());
    held.argument = decltype(held.argument)::of("a\nb");
    CHECK_FALSE(well_formed(held));
}
