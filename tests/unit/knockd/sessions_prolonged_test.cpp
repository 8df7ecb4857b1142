// A door that two dynamic requests share: they end together.

#include "tests/unit/knockd/dynamic_world.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;

TEST_CASE_FIXTURE(DynamicWorld, "a door that a later request prolongs is open for both, and over for both") {
    sessions.emplace(Sessions::World{*w.ledger, outlet, clock, [this] { return monotonic; },
                                     counting_random(9), PortRange{61000, 61000}});
    const Member anna = member("anna");
    DynamicClient first = client(anna, 99);
    DynamicClient second = client(anna, 98, 3);
    const auto open = [this](const DynamicClient& of, Outcome outcome) {
        (void)accept(of);
        const std::uint64_t session = expected().session;
        sessions->arrived({.session = session});
        sessions->open_doors();
        const message::Act act = told();
        sessions->ended(done(act, outcome));
        return std::pair{session, act};
    };
    const auto [one, its_act] = open(first, Outcome::opened);
    pass(40s);
    const auto [two, later_act] = open(second, Outcome::prolonged);
    REQUIRE(later_act.hold == its_act.hold);
    pass(30s); // beyond the first deadline
    sessions->look_at_clock();
    for (auto [which, session] : {std::pair{&first, one}, {&second, two}}) {
        const auto answer = ask(*which, session);
        REQUIRE(answer);
        CHECK(answer->status == DynamicStatus::open);
        CHECK(answer->seconds == 30);
    }
    SUBCASE("by time") {
        pass(30s);
        sessions->look_at_clock();
    }
    SUBCASE("by its release") { sessions->released(its_act.hold); }
    (void)expected();
    (void)expected();
    CHECK(sessions->counts().open == 0);
    CHECK(ask(first, one).value().status == DynamicStatus::over);
    CHECK(ask(second, two).value().status == DynamicStatus::over);
    pass(61s);
    sessions->look_at_clock(); // forgets both
    sessions->released(its_act.hold);
    CHECK(sessions->counts().waiting == 0);
}
