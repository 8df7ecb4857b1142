// What the monitor does about knocks whose command lasts: doors, undos, and their ends.

#include "tests/unit/knockd/lasting.h"

#include "policy/time_zone.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;
using namespace std::chrono_literals;
using Why = message::Release::Why;

TEST_CASE("a door is opened, and the end says which one and until when") {
    Lasting a = with_door();
    const message::Act act = a.lasting_act();
    CHECK(a.actor->act(act));
    REQUIRE(a.sent.size() == 1);
    CHECK(a.sent[0].done.outcome == Outcome::opened);
    CHECK(a.sent[0].done.port == 22);
    CHECK(a.sent[0].done.deadline == act.deadline);
    CHECK(a.sent[0].done.text.view().find("22/tcp for 192.0.2.7/32") == 0);
    CHECK(a.actor->holds().size() == 1);
    CHECK(a.status.accepted == 1);
}

TEST_CASE("a second knock prolongs the door of the first; a hold of somebody else's breaks the contract") {
    Lasting a = with_door();
    const message::Act first = a.lasting_act();
    REQUIRE(a.actor->act(first));
    a.clock.advance(20s);
    const message::Act second = a.lasting_act(first.row.row);
    CHECK(a.actor->act(second));
    REQUIRE(a.sent.size() == 2);
    CHECK(a.sent[1].done.outcome == Outcome::prolonged);
    CHECK(a.sent[1].done.deadline == second.deadline);
    CHECK(a.actor->holds().size() == 1);
    CHECK(a.doorway.opened.size() == 2);

    message::Act other_address = a.lasting_act(first.row.row);
    other_address.source = other_address.address = *Address::parse("192.0.2.8");
    CHECK_FALSE(a.actor->act(other_address));
    CHECK_FALSE(a.actor->act(a.lasting_act(RowNumber{5}))); // none such
    CHECK_FALSE(a.actor->act(a.lasting_act(RowNumber{})));  // what lasts has a hold
}

TEST_CASE("a command that does not last has no hold") {
    Acting a;
    message::Act act = a.act();
    act.hold = act.row.row;
    CHECK_FALSE(a.actor->act(act));
    CHECK(a.actor->commands().running() == 0);
}

TEST_CASE("no more doors than the limit; the ledger's hold of the one too many is ended") {
    Lasting a = with_door();
    for (unsigned number = 1; number <= 4; ++number) {
        message::Act act = a.lasting_act();
        act.source = act.address = *Address::parse("192.0.2." + std::to_string(number));
        REQUIRE(a.actor->act(act));
    }
    REQUIRE(a.sent.size() == 4);
    CHECK(a.sent[2].done.outcome == Outcome::opened);
    CHECK(a.sent[3].done.outcome == Outcome::not_started);
    CHECK(a.doorway.opened.size() == 3);
    REQUIRE(a.releases.size() == 1);
    CHECK(a.releases[0].row == a.sent[3].done.row);
    CHECK(a.releases[0].why == Why::not_begun);
}

TEST_CASE("a door that cannot be opened is an end that says why, and has no hold") {
    Lasting a = with_door();
    a.doorway.trouble = "there is no set otk4";
    REQUIRE(a.actor->act(a.lasting_act()));
    REQUIRE(a.sent.size() == 1);
    CHECK(a.sent[0].done.outcome == Outcome::not_started);
    CHECK(a.sent[0].done.text.view() == "there is no set otk4");
    REQUIRE(a.releases.size() == 1);
    CHECK(a.releases[0].why == Why::not_begun);
}

TEST_CASE("outside the hours of its grant a knock is refused here, in both zones, and its hold ends") {
    Lasting a = with_door();
    GrantRules rules;
    rules.time_zone = "Europe/Berlin";
    const LocalTime now = *local_time(a.clock.now(), rules.time_zone);
    Hours hours; // the hour before this one
    hours.to = static_cast<std::uint16_t>(now.minute / 60 * 60);
    hours.from = static_cast<std::uint16_t>(hours.to - 60);
    rules.hours = {hours};
    a.files.admin.set_grant_rules(a.files.grant, rules);

    REQUIRE(a.actor->act(a.lasting_act()));
    REQUIRE(a.sent.size() == 1);
    CHECK(a.sent[0].done.outcome == Outcome::refused);
    CHECK(a.sent[0].done.refusal == Refusal::outside_hours);
    const std::string text(a.sent[0].done.text.view());
    CHECK(text.find(local_text(a.clock.now(), "Europe/Berlin")) != std::string::npos);
    CHECK(text.find(local_text(a.clock.now(), "")) != std::string::npos);
    CHECK(a.doorway.opened.empty());
    REQUIRE(a.releases.size() == 1);
    CHECK_FALSE(a.releases[0].undo);

    a.clock.advance(-60min);
    REQUIRE(a.actor->act(a.lasting_act()));
    CHECK(a.sent.back().done.outcome == Outcome::opened);

    rules.time_zone = "Europe/Nowhere";
    a.files.admin.set_grant_rules(a.files.grant, rules);
    REQUIRE(a.actor->act(a.lasting_act()));
    CHECK(a.sent.back().done.refusal == Refusal::no_time_zone);
}

TEST_CASE("what is revoked ends at once; what is allowed stays") {
    struct Case {
        std::function<void(PolicyFiles&)> revoke;
    };
    const std::vector<std::function<void(PolicyFiles&)>> ways{
        [](PolicyFiles& files) { files.admin.set_user_enabled(files.user, false); },
        [](PolicyFiles& files) { files.admin.set_command_enabled(files.command, false); },
        [](PolicyFiles& files) { files.admin.set_grant_enabled(files.grant, false); },
        [](PolicyFiles& files) { files.admin.remove_grant(files.grant); },
        [](PolicyFiles& files) { files.admin.remove_user(files.user); },
        [](PolicyFiles& files) { files.admin.retire_all_chains(); },
    };
    for (const auto& revoke : ways) {
        Lasting a = with_undo();
        REQUIRE(a.actor->act(a.lasting_act()));
        a.actor->policy_changed();
        CHECK(a.releases.empty());
        revoke(a.files);
        a.actor->policy_changed();
        REQUIRE(a.releases.size() == 1);
        CHECK(a.releases[0].why == Why::revoked);
        CHECK(a.releases[0].undo);
        a.until_sent(1);
    }
}

TEST_CASE("the undo runs when its row is in the ledger, once, even of a grant that is gone") {
    Lasting a = with_undo();
    const message::Act act = a.lasting_act();
    REQUIRE(a.actor->act(act));
    a.until_sent(1);
    a.files.admin.remove_grant(a.files.grant);
    a.actor->policy_changed();
    const message::Released released = a.released(act.row.row, true);
    CHECK(a.actor->released(released));
    CHECK_FALSE(a.actor->released(released)); // rows only rise
    a.until_sent(2);
    CHECK(a.sent[1].done.row == released.row.row);
    CHECK(a.sent[1].done.outcome == Outcome::exited);
    CHECK(a.lines() == std::vector<std::string>{"do 192.0.2.7", "undo 192.0.2.7 99"});
    CHECK(a.started_undos.contains(released.row.row));
    message::Stored stored;
    stored.row = released.row.row;
    a.actor->stored(stored);
    CHECK_FALSE(a.started_undos.contains(released.row.row));
}

TEST_CASE("a second knock runs nothing: it moves the undo") {
    Lasting a = with_undo();
    const message::Act first = a.lasting_act();
    REQUIRE(a.actor->act(first));
    a.until_sent(1);
    REQUIRE(a.actor->act(a.lasting_act(first.row.row)));
    REQUIRE(a.sent.size() == 2);
    CHECK(a.sent[1].done.outcome == Outcome::prolonged);
    CHECK(a.actor->commands().running() == 0);
    CHECK(a.lines().size() == 1);
}

TEST_CASE(
    "asked for an undo after a restart: one that never started is started, one that did was interrupted") {
    Lasting a = with_undo();
    message::Act ask;
    ask.ask_only = 1;
    ask.undo = 1;
    ask.row.row = RowNumber{9};
    ask.hold = RowNumber{4};
    ask.grant = a.files.grant;
    ask.count = 42;
    ask.carrier = Carrier::udp;
    ask.address = *Address::parse("192.0.2.9");
    CHECK(a.actor->asked(ask));
    CHECK(a.actor->asked(ask)); // it runs
    a.until_sent(1);
    CHECK(a.sent[0].done.outcome == Outcome::exited);
    CHECK(a.lines() == std::vector<std::string>{"undo 192.0.2.9 42"});

    a.begin(); // killed before the end was stored
    a.sent.clear();
    CHECK(a.actor->asked(ask));
    REQUIRE(a.sent.size() == 1);
    CHECK(a.sent[0].done.outcome == Outcome::interrupted);
    CHECK(a.lines().size() == 1);
}

TEST_CASE("a refused knock closes no door: none was opened for it") {
    Lasting a = with_door();
    a.files.admin.set_grant_enabled(a.files.grant, false);
    REQUIRE(a.actor->act(a.lasting_act()));
    CHECK(a.sent[0].done.outcome == Outcome::refused);
    CHECK(a.doorway.closed.empty());
    CHECK(a.releases.size() == 1);
}

TEST_CASE("an address that the monitor would not have chosen is refused") {
    Lasting a = with_door();
    message::Act act = a.lasting_act();
    act.address = *Address::parse("203.0.113.9");
    REQUIRE(a.actor->act(act));
    CHECK(a.sent[0].done.refusal == Refusal::address_not_allowed);
    CHECK(a.doorway.opened.empty());
    CHECK(a.releases.size() == 1);
}

TEST_CASE("an undo that fails is worth an alert") {
    Lasting a([](const Lasting& lasting) {
        Command command = undone_command(lasting.record);
        command.undo = {"/bin/false"};
        return command;
    });
    const message::Act act = a.lasting_act();
    REQUIRE(a.actor->act(act));
    a.until_sent(1);
    a.alerts.clear();
    REQUIRE(a.actor->released(a.released(act.row.row, true)));
    a.until_sent(2);
    REQUIRE(a.alerts.size() == 1);
    CHECK(a.alerts[0].kind == AlertKind::interrupted);
}

TEST_CASE("a close command ends what the same user has of its command, and nothing else") {
    Lasting a = with_door();
    REQUIRE(a.actor->act(a.lasting_act()));
    message::Act other = a.lasting_act();
    other.source = other.address = *Address::parse("192.0.2.9");
    REQUIRE(a.actor->act(other));
    Command close;
    close.name = "shut";
    close.kind = CommandKind::close;
    close.closes = a.files.command;
    a.files.use(close);
    REQUIRE(a.actor->act(a.act()));
    CHECK(a.sent.back().done.outcome == Outcome::closed);
    CHECK(a.sent.back().done.status == 2);
    CHECK(a.doorway.closed.size() == 2);
    REQUIRE(a.releases.size() == 2);
    CHECK(a.releases[0].why == Why::by_knock);

    REQUIRE(a.actor->act(a.act()));
    CHECK(a.sent.back().done.status == 0);
}

TEST_CASE("what waits for its turn is asked again when that comes: it may have been revoked") {
    Acting a;
    Command slow;
    slow.name = "slow";
    slow.argv = {"/bin/sleep", "0.3"};
    slow.run_as = "nobody";
    a.files.use(slow);
    for (int knock = 0; knock < 4; ++knock) // so many run at once
        REQUIRE(a.actor->act(a.act()));
    const message::Act waits = a.act();
    REQUIRE(a.actor->act(waits));
    a.files.admin.set_grant_enabled(a.files.grant, false);
    a.until_sent(5);
    const auto end = std::find_if(a.sent.begin(), a.sent.end(),
                                  [&](const End& each) { return each.done.row == waits.row.row; });
    REQUIRE(end != a.sent.end());
    CHECK(end->done.outcome == Outcome::refused);
    CHECK(end->done.refusal == Refusal::grant_disabled);
}
