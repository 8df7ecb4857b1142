// Dynamic requests from their acceptance to the last question about them.

#include "tests/unit/knockd/dynamic_world.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;
using Stage = message::Act::Stage;

namespace {

struct Waiting : DynamicWorld {
    Member anna = member("anna");
    DynamicClient hers = client(anna, 99);
    message::Act act = accept(hers);
    message::Expect expect = expected();

    DynamicStatus status() { return ask(hers, expect.session).value().status; }
    message::Act arrive() {
        sessions->arrived({.session = expect.session});
        sessions->open_doors();
        return told();
    }
};

} // namespace

TEST_CASE_FIXTURE(Waiting, "an accepted request waits for the SYNs that it declared, without a hold") {
    CHECK(act.stage == Stage::waits);
    CHECK(act.hold == RowNumber{});
    CHECK(expect.source.text() == "192.0.2.7");
    CHECK(expect.syns_wanted == 3);
    CHECK(expect.ignore_sequence == 0);
    CHECK(expect.syns[2].port == 4000);
    CHECK(expect.syns[2].sequence == 3);
    CHECK(w.ledger->holds().empty());
    CHECK(w.ledger->is_open(act.row.row)); // so that a restart asks what became of it
    CHECK(sessions->counts().waiting == 1);
    const auto answer = ask(hers, expect.session);
    REQUIRE(answer);
    CHECK(answer->status == DynamicStatus::waiting);
    CHECK(answer->seen.text() == "192.0.2.7");
    CHECK(silent());
}

TEST_CASE_FIXTURE(Waiting, "its SYNs make its hold durable, and then the monitor is told; P3 has the port") {
    const message::Act opened = arrive();
    CHECK(opened.stage == Stage::arrived);
    CHECK(opened.row.row == act.row.row);
    CHECK(opened.hold == act.row.row);
    CHECK(opened.port >= World::forward_ports.low);
    CHECK(opened.port <= World::forward_ports.high);
    CHECK(from_nanoseconds(opened.deadline) == w.now + 60s);
    const auto hold = w.ledger->hold_of(act.row.row);
    REQUIRE(hold);
    CHECK(hold->port == opened.port);
    CHECK(hold->address.text() == "192.0.2.7");

    CHECK(status() == DynamicStatus::waiting); // the door is not open yet
    message::Done done = this->done(opened, Outcome::opened);
    ++done.port; // the monitor found another one
    sessions->ended(done);
    CHECK(sessions->counts().open == 1);
    pass(12s + 500ms);
    const auto answer = ask(hers, expect.session);
    REQUIRE(answer);
    CHECK(answer->status == DynamicStatus::open);
    CHECK(answer->port == done.port);
    CHECK(answer->seconds == 47); // rounded down
    pass(3s);
    CHECK(ask(hers, expect.session)->seconds == 44); // again, and with another counter
    CHECK(silent());
}

TEST_CASE_FIXTURE(Waiting, "SYNs that come twice, or for nobody, open one door") {
    (void)arrive();
    sessions->arrived({.session = expect.session});
    sessions->arrived({.session = expect.session + 1});
    sessions->arrived({});
    sessions->open_doors();
    CHECK(silent());
    CHECK(w.ledger->holds().size() == 1);
}

TEST_CASE_FIXTURE(Waiting, "without its SYNs it ends after ten seconds, and says so for a minute") {
    pass(Sessions::patience - 1ns);
    sessions->look_at_clock();
    CHECK(silent());
    pass(1ns);
    sessions->look_at_clock();
    CHECK(told().stage == Stage::no_syns);
    const message::Expect only_questions = expected();
    CHECK(only_questions.session == expect.session);
    CHECK(only_questions.syns_wanted == 0);
    CHECK(status() == DynamicStatus::over);
    sessions->arrived({.session = expect.session}); // too late
    sessions->open_doors();
    CHECK(silent());
    CHECK(w.ledger->holds().empty());

    pass(Sessions::afterwards);
    sessions->look_at_clock();
    CHECK(next<message::Forget>(to_capture).session == expect.session);
    CHECK_FALSE(ask(hers, expect.session));
    CHECK(silent());
}

TEST_CASE_FIXTURE(Waiting,
                  "a newer request of the grant takes the place of one that waits, and of no other") {
    DynamicClient newer = client(anna, 98, 3);
    const message::Act second = accept(newer);
    const message::Act ended = told();
    CHECK(ended.stage == Stage::replaced);
    CHECK(ended.row.row == act.row.row);
    CHECK(expected().session == expect.session); // the old one's P2
    const message::Expect newest = expected();
    CHECK(newest.session == expect.session + 1);
    CHECK(status() == DynamicStatus::over);
    CHECK(ask(newer, newest.session)->status == DynamicStatus::waiting);

    sessions->arrived({.session = newest.session});
    sessions->open_doors();
    CHECK(told().row.row == second.row.row);
    // One whose SYNs have come is not waiting any more; somebody else's never counted.
    const Member ben = member("ben");
    DynamicClient his = client(ben, 99, 4);
    (void)accept(his);
    DynamicClient third = client(anna, 97, 5);
    (void)accept(third);
    (void)expected();
    (void)expected();
    CHECK(silent());
    CHECK(sessions->counts().waiting == 3);
}

TEST_CASE_FIXTURE(Waiting, "what the monitor refuses or cannot open is told") {
    SUBCASE("refused while it waits") {
        sessions->ended(done(act, Outcome::refused));
        CHECK(expected().syns_wanted == 0);
        CHECK(status() == DynamicStatus::refused);
        sessions->arrived({.session = expect.session});
        sessions->open_doors();
        CHECK(silent());
        CHECK(w.ledger->holds().empty());
    }
    SUBCASE("refused when its SYNs had come") {
        sessions->ended(done(arrive(), Outcome::refused));
        (void)expected();
        CHECK(status() == DynamicStatus::refused);
    }
    SUBCASE("no port") {
        sessions->ended(done(arrive(), Outcome::not_started));
        (void)expected();
        CHECK(status() == DynamicStatus::failed);
    }
    SUBCASE("the end of another row is not ours") {
        message::Done other = done(act, Outcome::refused);
        other.row = RowNumber{static_cast<std::int64_t>(act.row.row) + 1};
        sessions->ended(other);
        CHECK(status() == DynamicStatus::waiting);
    }
}

TEST_CASE_FIXTURE(Waiting, "a door that is closed, by time or before it, is over") {
    const message::Act opened = arrive();
    sessions->ended(done(opened, Outcome::opened));
    SUBCASE("by its release") { sessions->released(opened.hold); }
    SUBCASE("by time") {
        pass(60s);
        sessions->look_at_clock();
    }
    (void)expected();
    CHECK(status() == DynamicStatus::over);
    CHECK(sessions->counts().open == 0);
}

TEST_CASE_FIXTURE(Waiting, "P2 that is not its own, not authentic, or not new is not answered") {
    message::Asked asked;
    asked.session = expect.session;
    asked.bytes = hers.ask();
    message::Asked altered = asked;
    altered.bytes[40] ^= 1;
    sessions->asked(altered);
    CHECK(silent());
    sessions->asked(asked);
    const auto first = next<message::Reply>(to_capture);
    sessions->asked(asked); // replayed
    CHECK(silent());
    asked.session += 1;
    sessions->asked(asked);
    CHECK(silent());
    // One that was lost is answered with another counter, so that no nonce comes twice.
    asked.session = expect.session;
    asked.bytes = hers.ask();
    sessions->asked(asked);
    const auto second = next<message::Reply>(to_capture);
    CHECK(first.bytes != second.bytes);
    CHECK(hers.answer(second.bytes));
    CHECK_FALSE(hers.answer(first.bytes)); // older
}

TEST_CASE_FIXTURE(DynamicWorld, "one that a rule refuses has no session but for its answer") {
    const Member anna = member("anna");
    w.admin->set_grant_enabled(anna.grant, false);
    w.reload();
    DynamicClient hers = client(anna, 99);
    Outbox out = judge(hers);
    CHECK(out.acts.empty());
    REQUIRE(out.requests.size() == 1);
    CHECK(out.requests[0].refusal == Refusal::grant_disabled);
    sessions->begin(std::move(out.requests[0]));
    const message::Expect expect = expected();
    CHECK(expect.syns_wanted == 0);
    CHECK(ask(hers, expect.session)->status == DynamicStatus::refused);
    CHECK(sessions->counts().waiting == 0);
    pass(Sessions::afterwards);
    sessions->look_at_clock();
    CHECK(next<message::Forget>(to_capture).session == expect.session);
}

TEST_CASE_FIXTURE(DynamicWorld,
                  "the grant's word on sequence numbers, and whose SYNs where an address is named") {
    GrantRules rules;
    rules.ignore_sequence = true;
    rules.address = AddressRule::named;
    const Member anna = member("anna", rules);
    DynamicRequest request;
    request.value = anna.at(99);
    request.time = std::chrono::floor<std::chrono::seconds>(w.now);
    request.address = *Address::parse("198.51.100.4"); // where she will come from
    request.syns = {{{2000, 1}, {3000, 2}, {4000, 3}}};
    const DynamicClient hers(request, SigningKey::of(*anna.secret), {server_id, "ssh"}, key.public_key(),
                             counting_random(2));
    (void)accept(hers);
    const message::Expect expect = expected();
    CHECK(expect.ignore_sequence == 1);
    CHECK(expect.source.text() == "198.51.100.4");
}

TEST_CASE_FIXTURE(Waiting, "a ledger that cannot be written keeps the door shut; the next try opens it") {
    sessions->arrived({.session = expect.session});
    {
        const World::Failing failing(w, "INSERT ON hold");
        CHECK_THROWS_AS(sessions->open_doors(), Error);
        CHECK(silent());
        CHECK(w.ledger->holds().empty());
    }
    SUBCASE("in time") {
        sessions->open_doors();
        CHECK(told().stage == Stage::arrived);
    }
    SUBCASE("not in time") {
        pass(Sessions::patience);
        sessions->look_at_clock();
        CHECK(told().stage == Stage::not_held);
        (void)expected();
        CHECK(status() == DynamicStatus::failed);
        sessions->open_doors();
        CHECK(silent());
    }
}

TEST_CASE_FIXTURE(Waiting, "a capture that has started again is told of all") {
    const Member ben = member("ben");
    DynamicClient his = client(ben, 99, 4);
    (void)accept(his);
    (void)expected();
    (void)arrive();
    sessions->say_all();
    const message::Expect first = expected();
    CHECK(first.session == expect.session);
    CHECK(first.syns_wanted == 0); // they have come
    CHECK(first.id == expect.id);
    CHECK(expected().syns_wanted == 3);
    CHECK(silent());
}

TEST_CASE_FIXTURE(Waiting, "two whose SYNs come at once share a commit and have each its own port") {
    const Member ben = member("ben");
    DynamicClient his = client(ben, 99, 4);
    const message::Act his_act = accept(his);
    const message::Expect his_expect = expected();
    sessions->arrived({.session = his_expect.session});
    sessions->arrived({.session = expect.session});
    sessions->open_doors();
    const message::Act one = told();
    const message::Act two = told();
    CHECK(one.row.row == act.row.row);
    CHECK(two.row.row == his_act.row.row);
    CHECK(one.port != two.port); // of 4,535, by this seed
    CHECK(w.ledger->holds().size() == 2);
}

TEST_CASE_FIXTURE(DynamicWorld, "of too many the oldest that is over goes, then the oldest that waits") {
    const auto begin = [this](std::int64_t number, Refusal refusal) {
        AcceptedRequest request;
        request.refusal = refusal;
        request.act.row.row = RowNumber{number};
        request.act.grant = GrantId{number};
        request.act.carrier = Carrier::udp;
        request.source = *Address::parse("192.0.2.7");
        request.keys.id[0] = static_cast<std::uint8_t>(number);
        request.keys.id[1] = static_cast<std::uint8_t>(number >> 8);
        request.hold = 60s;
        sessions->begin(std::move(request));
    };
    constexpr auto most = static_cast<std::int64_t>(Sessions::most);
    for (std::int64_t number = 1; number <= most; ++number) {
        begin(number, number == 7 ? Refusal::expired : Refusal::none);
        CHECK(expected().session == static_cast<std::uint64_t>(number));
    }
    CHECK(sessions->counts().waiting == Sessions::most - 1);
    begin(most + 1, Refusal::none);
    CHECK(next<message::Forget>(to_capture).session == 7);
    (void)expected();
    CHECK(silent());
    begin(most + 2, Refusal::none);
    CHECK(told().stage == Stage::replaced);
    CHECK(expected().session == 1);                        // it is over,
    CHECK(next<message::Forget>(to_capture).session == 1); // and goes before the new one is told
    CHECK(expected().session == static_cast<std::uint64_t>(most) + 2);
    CHECK(sessions->counts().waiting == Sessions::most);
}
