// Commands that last: the hold and its deadline are in the ledger before anything starts (DESIGN 9); and
// rates, which are counted in the same transaction (DESIGN 10).

#include "otp/door_port.h"
#include "tests/unit/knockd/no_room.h"
#include "tests/unit/knockd/world.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;
using namespace std::chrono_literals;

TEST_CASE("a knock of a command that lasts begins a hold, with its deadline, in the same transaction") {
    for (const Command& command : {door(60s), undoing(60s)}) {
        World w;
        const Member anna = w.add("anna", "let-in", {.command = command});
        const Outbox out = w.take({w.hit(anna, 99)});
        REQUIRE(out.acts.size() == 1);
        const message::Act& act = out.acts[0];
        CHECK(act.hold == act.row.row);
        CHECK(from_nanoseconds(act.deadline) == w.now + 60s);
        CHECK(act.port == 0);
        w.restart(); // what is left is what was committed
        CHECK(w.ledger->holds() == std::vector<Hold>{{.row = act.row.row,
                                                      .grant = anna.grant,
                                                      .address = *Address::parse("192.0.2.7"),
                                                      .port = 0,
                                                      .deadline = w.now + 60s}});
    }
}

TEST_CASE("commands that do not last, and knocks that are refused, begin none") {
    World w;
    const Member anna = w.add("anna", "run");
    GrantRules rules;
    rules.carriers = *parse_carriers("icmp");
    const Member ben = w.add("ben", "let-in", {.rules = rules, .command = door(60s)});
    const Outbox out = w.take({w.hit(anna, 99), w.hit(ben, 99)});
    CHECK(w.verdicts(out) ==
          Verdicts{"act anna/run 99 for 192.0.2.7", "ben/let-in 99 refused: carrier not allowed"});
    CHECK(out.acts.at(0).deadline == 0);
    CHECK(w.ledger->holds().empty());
}

TEST_CASE("a second knock prolongs the hold of the first; for another address it begins another one") {
    World w;
    const Member anna = w.add("anna", "let-in", {.command = door(60s)});
    CHECK(w.knock(anna, 99) == Verdicts{"act anna/let-in 99 for 192.0.2.7 until +60s of row 2"});
    w.now += 40s;
    CHECK(w.knock(anna, 98) == Verdicts{"act anna/let-in 98 for 192.0.2.7 until +60s of row 2"});
    CHECK(w.knock(anna, 97, from("192.0.2.8")) ==
          Verdicts{"act anna/let-in 97 for 192.0.2.8 until +60s of row 4"});
    // Another user's hold is another one, for the same address too.
    const Member ben = w.add("ben", "let-in");
    CHECK(w.knock(ben, 99) == Verdicts{"act ben/let-in 99 for 192.0.2.7 until +60s of row 5"});
    CHECK(w.ledger->holds().size() == 3);
    CHECK(w.ledger->hold_of(RowNumber{2})->deadline == w.now + 60s);
}

TEST_CASE("a clock that was set back shortens no hold") {
    World w;
    const Member anna = w.add("anna", "let-in", {.command = door(60s)});
    REQUIRE(w.knock(anna, 99).size() == 1);
    w.now -= 30s;
    CHECK(w.knock(anna, 98) == Verdicts{"act anna/let-in 98 for 192.0.2.7 until +90s of row 2"});
}

TEST_CASE("a forwarding door is at the port of its knock, so each knock has its own") {
    World w;
    const Member anna = w.add("anna", "ssh", {.command = forward(60s)});
    const Outbox out = w.take({w.hit(anna, 99), w.hit(anna, 98)});
    REQUIRE(out.acts.size() == 2);
    REQUIRE(w.ledger->holds().size() == 2);
    for (const std::size_t i : {0U, 1U}) {
        const std::uint16_t expected = door_port(anna.at(i == 0 ? 99 : 98), World::forward_ports);
        CHECK(out.acts[i].port == expected);
        CHECK(out.acts[i].hold == out.acts[i].row.row);
        CHECK(w.ledger->holds()[i].port == expected);
    }
    CHECK(out.acts[0].port != out.acts[1].port);
}

TEST_CASE("a door that is claimed has no address at first, by whatever carrier it was asked for") {
    World w;
    GrantRules rules;
    rules.address = AddressRule::claim;
    const Member anna = w.add("anna", "ssh", {.rules = rules, .command = forward(60s)});
    const Outbox out = w.take({w.hit(anna, 99), w.hit(anna, 98, from("192.0.2.53", Carrier::dns))});
    REQUIRE(out.acts.size() == 2);
    for (const message::Act& act : out.acts) {
        CHECK(act.address.empty());
        REQUIRE(w.ledger->hold_of(act.row.row));
        CHECK(w.ledger->hold_of(act.row.row)->address.empty());
    }
}

TEST_CASE("an act says when the chain was used before") {
    World w;
    const Member anna = w.add("anna", "run");
    CHECK(w.take({w.hit(anna, 99)}).acts.at(0).last_used == 0);
    const Time first = w.now;
    w.now += 100h;
    CHECK(from_nanoseconds(w.take({w.hit(anna, 98)}).acts.at(0).last_used) == first);
    const Time second = w.now;
    w.now += 1h;
    w.restart();
    const Outbox out = w.take({w.hit(anna, 97), w.hit(anna, 96)});
    CHECK(from_nanoseconds(out.acts.at(0).last_used) == second);
    CHECK(from_nanoseconds(out.acts.at(1).last_used) == w.now);
}

TEST_CASE("at most so many knocks an hour and a day, also within one batch and across restarts") {
    World w;
    GrantRules rules;
    rules.per_hour = 2;
    rules.per_day = 3;
    const Member anna = w.add("anna", "run", {.rules = rules});
    const Member ben = w.add("ben", "run");
    CHECK(w.judge({w.hit(anna, 99), w.hit(anna, 98), w.hit(anna, 97), w.hit(ben, 99)}) ==
          Verdicts{"act anna/run 99 for 192.0.2.7", "act anna/run 98 for 192.0.2.7",
                   "act ben/run 99 for 192.0.2.7", "anna/run 97 refused: too many an hour"});
    w.now += 1h - 1ns;
    w.restart();
    CHECK(w.knock(anna, 96) == Verdicts{"anna/run 96 refused: too many an hour"});
    w.now += 1ns;
    CHECK(w.knock(anna, 95) == Verdicts{"act anna/run 95 for 192.0.2.7"}); // the refused ones do not count
    CHECK(w.knock(anna, 94) == Verdicts{"anna/run 94 refused: too many a day"});
    w.now += 23h;
    CHECK(w.knock(anna, 93) == Verdicts{"act anna/run 93 for 192.0.2.7"});
    CHECK(w.ledger->admitted(ben.grant, w.now).in_last_day == 0); // has no rule, is not counted
}

TEST_CASE("a batch that fails in its middle leaves no hold, no count and no use") {
    GrantRules rules;
    rules.per_hour = 5;
    for (const char* what : {"INSERT ON hold WHEN new.port <> 0", "INSERT ON admitted", "UPDATE ON position",
                             "INSERT ON event WHEN new.kind = 3"}) {
        CAPTURE(what);
        World w;
        const Member anna = w.add("anna", "let-in", {.rules = rules, .command = door(60s)});
        const Member ben = w.add("ben", "ssh", {.command = forward(60s)});
        GrantRules carriers;
        carriers.carriers = *parse_carriers("icmp");
        const Member cleo = w.add("cleo", "let-in", {.rules = carriers, .command = door(60s)});
        REQUIRE(w.judge({w.hit(anna, 98), w.hit(ben, 99)}).size() == 2);
        w.now += 2min;
        const auto before = w.state();
        const Head head = w.ledger->head();
        const std::vector<message::Hit> batch{w.hit(anna, 97), w.hit(ben, 98), w.hit(cleo, 99),
                                              w.hit(anna, 98)};
        {
            const World::Failing failing(w, what);
            const Outbox out = w.take(batch);
            CHECK(out.lost == batch.size());
            CHECK(out.acts.empty());
            CHECK(out.reports.empty());
            CHECK(out.confirms.empty());
            CHECK(out.watches.empty());
            CHECK(w.state() == before);
            CHECK(w.ledger->head() == head);
        }
        w.restart();
        CHECK(w.state() == before);
        CHECK(w.judge(batch) == Verdicts{"act anna/let-in 97 for 192.0.2.7 until +60s of row 2",
                                         "act ben/ssh 98 for 192.0.2.7 until +60s of row 5",
                                         "cleo/let-in 99 refused: carrier not allowed",
                                         "anna/let-in 98 replay"});
        CHECK_FALSE(w.ledger->verify({head}));
    }
}

TEST_CASE("a full disk leaves no hold either") {
    World w;
    const Member anna = w.add("anna", "let-in", {.command = door(60s)});
    REQUIRE(w.knock(anna, 99).size() == 1);
    w.now += 30s;
    const auto before = w.state();
    {
        const NoRoom no_room(w.ledger_file);
        CHECK(w.take({w.hit(anna, 98), w.hit(anna, 97, from("192.0.2.8"))}).lost == 2);
    }
    CHECK(w.state() == before);
}

TEST_CASE("two chains that have met begin no hold") {
    World w;
    const Member anna = w.add("anna", "let-in", {.command = door(60s)});
    Grant second;
    second.user = w.admin->add_user("ben");
    second.command = w.admin->command_named("let-in")->id;
    second.enrolment = {Algorithm::sha256, 99, "meeting", anna.at(99), {}};
    second.chain = chain_id(second.enrolment);
    w.admin->add_grant(second);
    w.reload();
    REQUIRE(w.knock(anna, 99).size() == 1);
    REQUIRE(w.ledger->holds().size() == 1);
    CHECK(w.take({w.hit(anna, 98, from("192.0.2.8"))}).acts.empty());
    CHECK(w.ledger->holds().size() == 1);
}
