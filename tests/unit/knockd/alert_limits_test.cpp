// How many alerts pass: one of a kind for the same subject in a minute, so many an hour, and some of these
// for what no stranger can cause.

#include "knockd/monitor/alert_limits.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace std::chrono_literals;

namespace {

constexpr Time start{1'000'000s};

Alert alert(AlertKind kind, std::string user = "anna", std::string command = "sshd") {
    Alert made;
    made.kind = kind;
    made.user = std::move(user);
    made.command = std::move(command);
    return made;
}

// Raises one of the kind for each of so many users; how many passed.
unsigned storm(AlertLimits& limits, AlertKind kind, unsigned users, Time now) {
    unsigned passed = 0;
    for (unsigned i = 0; i < users; ++i)
        passed += limits.admit(alert(kind, "user" + std::to_string(i)), now) ? 1U : 0U;
    return passed;
}

} // namespace

TEST_CASE("one of a kind for the same user and command in a minute") {
    AlertLimits limits(100);
    CHECK(limits.admit(alert(AlertKind::replay), start));
    CHECK_FALSE(limits.admit(alert(AlertKind::replay), start));
    CHECK_FALSE(limits.admit(alert(AlertKind::replay), start + 59s));
    CHECK(limits.admit(alert(AlertKind::late), start));
    CHECK(limits.admit(alert(AlertKind::replay, "bert"), start));
    CHECK(limits.admit(alert(AlertKind::replay, "anna", "web"), start));
    CHECK(limits.admit(alert(AlertKind::replay, "annas", "shd"), start)); // no gluing of names
    CHECK(limits.admit(alert(AlertKind::replay), start + 60s));
}

TEST_CASE("so many within an hour, whichever hour") {
    AlertLimits limits(4);
    for (unsigned i = 0; i < 4; ++i)
        CHECK(limits.admit(alert(AlertKind::used), start + i * 10min));
    CHECK_FALSE(limits.admit(alert(AlertKind::used), start + 40min));
    CHECK_FALSE(limits.admit(alert(AlertKind::used), start + 60min - 1ns));
    CHECK(limits.admit(alert(AlertKind::used), start + 60min)); // the first of them is an hour old
    CHECK_FALSE(limits.admit(alert(AlertKind::used), start + 65min));
    CHECK(limits.admit(alert(AlertKind::used), start + 70min));
    limits.set_per_hour(5);
    CHECK(limits.admit(alert(AlertKind::used), start + 75min));
    limits.set_per_hour(1);
    CHECK_FALSE(limits.admit(alert(AlertKind::used), start + 90min));
}

TEST_CASE("who can cause one kind of alert cannot hush the others") {
    for (const AlertKind kind : {AlertKind::replay, AlertKind::late, AlertKind::refused,
                                 AlertKind::flood_begun, AlertKind::flood_ended}) {
        CAPTURE(name_of(kind));
        AlertLimits limits(20);
        CHECK(storm(limits, kind, 100, start) == 15);
        for (const AlertKind other : {AlertKind::guard_lost, AlertKind::child_crashed, AlertKind::silence,
                                      AlertKind::interrupted, AlertKind::exhausted}) {
            CHECK(limits.admit(alert(other), start));
        }
        CHECK_FALSE(limits.admit(alert(AlertKind::used), start));
    }
    AlertLimits one(1); // too few to keep any
    CHECK(storm(one, AlertKind::replay, 5, start) == 1);
}

TEST_CASE("no other alerts hush a contested knock, and contested ones hush no others") {
    for (const AlertKind kind : {AlertKind::replay, AlertKind::refused, AlertKind::used}) {
        CAPTURE(name_of(kind));
        AlertLimits limits(20);
        CHECK(storm(limits, kind, 100, start) >= 15);
        CHECK(storm(limits, AlertKind::contested, 100, start) == 20);
        AlertLimits other_order(20);
        CHECK(storm(other_order, AlertKind::contested, 100, start) == 20);
        CHECK(storm(other_order, kind, 100, start) >= 15);
    }
    AlertLimits one(1);
    CHECK(storm(one, AlertKind::replay, 5, start) == 1);
    CHECK(storm(one, AlertKind::contested, 5, start) == 1);
}

TEST_CASE("whoever contests knocks of his own does not hush those of others") {
    AlertLimits limits(20);
    unsigned passed = 0;
    for (unsigned minute = 0; minute < 59; ++minute) {
        for (const char* command : {"sshd", "web", "mail"})
            passed += limits.admit(alert(AlertKind::contested, "mallory", command), start + minute * 1min);
    }
    CHECK(passed == 5);
    CHECK(limits.admit(alert(AlertKind::contested, "anna"), start + 59min));
    CHECK(limits.admit(alert(AlertKind::contested, "mallory"), start + 61min)); // the first is an hour old
}

TEST_CASE("a clock that was set back does not silence alerts") {
    AlertLimits limits(2);
    CHECK(storm(limits, AlertKind::used, 5, start) == 2);
    CHECK(limits.admit(alert(AlertKind::used, "user0"), start - 24h));
    CHECK(storm(limits, AlertKind::contested, 5, start) == 2);
    CHECK(limits.admit(alert(AlertKind::contested, "user0"), start - 24h));
}
