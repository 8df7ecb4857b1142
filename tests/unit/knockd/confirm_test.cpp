// What became of a knock, for whoever repeats its name over dns (DESIGN 4).

#include "knockd/validate/confirming.h"
#include "tests/unit/knockd/world.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;
using namespace std::chrono_literals;

namespace {

constexpr Time now = from_nanoseconds(1'800'000'000'000'000'000);

Row knock_at(Time at) {
    Row row = accepted(ChainId{1}, start_of(Algorithm::sha256, 7), 9);
    row.at = at;
    return row;
}

message::Done done(Outcome outcome, std::int64_t status = 0, std::uint16_t port = 0) {
    message::Done done;
    done.outcome = outcome;
    done.status = status;
    done.port = port;
    done.deadline = to_nanoseconds(now + 27s);
    return done;
}

} // namespace

TEST_CASE("every outcome has its words; a door has its deadline") {
    struct Case {
        message::Done done;
        std::string text;
        bool deadline = false;
    };
    message::Done refused = done(Outcome::refused);
    refused.refusal = Refusal::outside_hours;
    const std::vector<Case> cases{{done(Outcome::exited), "done 0"},
                                  {done(Outcome::exited, 255), "done 255"},
                                  {done(Outcome::opened, 0, 50'123), "open 50123", true},
                                  {done(Outcome::prolonged, 0, 22), "open 22", true},
                                  {done(Outcome::prolonged), "done 0"},
                                  {done(Outcome::closed, 3), "done 0"},
                                  {done(Outcome::killed, 9), "failed"},
                                  {done(Outcome::timed_out), "failed"},
                                  {done(Outcome::not_started, 2), "failed"},
                                  {done(Outcome::interrupted), "failed"},
                                  {refused, "refused outside hours"}};
    for (const Case& each : cases) {
        CAPTURE(each.text);
        const auto confirm = confirm_end(each.done, knock_at(now - 1s), now);
        REQUIRE(confirm);
        CHECK(confirm->text.view() == each.text);
        CHECK(confirm->algorithm == Algorithm::sha256);
        CHECK(confirm->value == start_of(Algorithm::sha256, 7));
        CHECK(confirm->deadline == (each.deadline ? to_nanoseconds(now + 27s) : 0));
    }
    CHECK_FALSE(confirm_end(done(Outcome::none), knock_at(now), now));
}

TEST_CASE("only for knocks of the last minute") {
    CHECK(confirm_end(done(Outcome::exited), knock_at(now - 60s + 1ns), now));
    CHECK_FALSE(confirm_end(done(Outcome::exited), knock_at(now - 60s), now));
    CHECK(confirm_end(done(Outcome::exited), knock_at(now + 5s), now)); // the clock was set back
}

TEST_CASE("the end of an undo is nobody's answer") {
    Row undo = knock_at(now);
    undo.kind = RowKind::undo;
    undo.value = {};
    CHECK_FALSE(confirm_end(done(Outcome::exited), undo, now));
}

TEST_CASE("a refused knock is answered with the rule, whichever carrier brought it") {
    for (const Carrier carrier : {Carrier::udp, Carrier::dns}) {
        World w;
        GrantRules rules;
        rules.carriers = *parse_carriers("icmp");
        const Member anna = w.add("anna", "run", {.rules = rules});
        const Member ben = w.add("ben", "run");
        const Outbox out = w.take({w.hit(ben, 99), w.hit(anna, 97, from("192.0.2.7", carrier))});
        REQUIRE(out.confirms.size() == 1); // the accepted one is answered when it has ended
        CHECK(out.confirms[0].value == anna.at(97));
        CHECK(out.confirms[0].algorithm == Algorithm::sha256);
        CHECK(out.confirms[0].text.view() == "refused carrier not allowed");
        CHECK(out.confirms[0].deadline == 0);
        CHECK(w.take({w.hit(anna, 97)}).confirms.empty()); // said already
    }
}

TEST_CASE("the words of every refusal fit") {
    for (unsigned number = 1; known(Refusal{static_cast<std::uint8_t>(number)}); ++number) {
        const Refusal refusal{static_cast<std::uint8_t>(number)};
        CHECK(confirm_refusal(Algorithm::md5, start_of(Algorithm::md5, 1), refusal).text.view() ==
              "refused " + std::string(name_of(refusal)));
    }
}
