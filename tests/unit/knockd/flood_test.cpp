// When packets that are no knock are a flood, and when it is over.

#include "knockd/monitor/flood.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace std::chrono_literals;

namespace {

struct Looking {
    static Config with_limit(std::uint32_t limit) {
        Config config;
        config.alerts.flood = limit;
        return config;
    }
    Flood flood{with_limit(1000)};
    message::CaptureCounters totals;
    Time now{1'000'000s};

    Looking() { REQUIRE_FALSE(flood.look(totals, now)); }
    std::optional<Alert> second(std::uint64_t noise, std::uint64_t unread = 0) {
        now += 1s;
        totals.noise += noise;
        totals.unread += unread;
        totals.seen += noise + unread;
        return flood.look(totals, now);
    }
    // How many quiet seconds it took until the end was told.
    unsigned seconds_to_end(std::uint64_t noise) {
        for (unsigned i = 1; i < 100; ++i) {
            if (second(noise)) return i;
        }
        return 100;
    }
};

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("a flood begins after two seconds above the limit") {
    Looking l;
    for (int i = 0; i < 5; ++i)
        CHECK_FALSE(l.second(1000)); // at the limit is not above it
    CHECK_FALSE(l.flood.on());
    l.totals.lost += 4000;
    const auto alert = l.second(1500, 501);
    REQUIRE(alert);
    CHECK(alert->kind == AlertKind::flood_begun);
    INFO(alert->text);
    CHECK(contains(alert->text, "1500 packets a second")); // (1000 + 2001) / 2, rounded to even
    CHECK(contains(alert->text, "2000 more are lost"));
    CHECK(l.flood.on());
    CHECK_FALSE(l.second(5000)); // told once
}

TEST_CASE("one busy second is not a flood") {
    Looking l;
    CHECK_FALSE(l.second(1900));
    CHECK_FALSE(l.second(0));
    CHECK_FALSE(l.second(1900));
    CHECK_FALSE(l.flood.on());
}

TEST_CASE("totals that arrive by twos are two seconds' worth") {
    Looking l;
    for (int i = 0; i < 20; ++i)
        CHECK_FALSE(l.second(i % 2 == 0 ? 1900 : 0));
    CHECK(l.second(2200)); // 1100 a second
    for (int i = 0; i < 20; ++i)
        CHECK_FALSE(l.second(i % 2 == 0 ? 0 : 2200));
    CHECK(l.flood.on());
}

TEST_CASE("it has ended after ten seconds below half of the limit") {
    Looking l;
    CHECK_FALSE(l.second(2000));
    CHECK(l.second(2000));
    CHECK_FALSE(l.second(4000));
    for (int i = 0; i < 30; ++i)
        CHECK_FALSE(l.second(500)); // half of it is not below half of it
    for (int i = 0; i < 9; ++i)
        CHECK_FALSE(l.second(400));
    CHECK_FALSE(l.second(700)); // from the start again
    CHECK_FALSE(l.second(100)); // on average 400: the first quiet second
    for (int i = 0; i < 8; ++i)
        CHECK_FALSE(l.second(100));
    const auto alert = l.second(100);
    REQUIRE(alert);
    CHECK(alert->kind == AlertKind::flood_ended);
    INFO(alert->text);
    CHECK(contains(alert->text, "up to 3000 a second"));
    CHECK(contains(alert->text, "within 51 s"));
    CHECK_FALSE(l.flood.on());
    CHECK_FALSE(l.second(100)); // told once
    CHECK_FALSE(l.second(1500));
    CHECK(l.second(1500)); // and it may begin again
}

TEST_CASE("capture that was started again counts from zero") {
    Looking l;
    CHECK_FALSE(l.second(900));
    CHECK_FALSE(l.second(0));
    l.totals = {};
    CHECK_FALSE(l.second(500)); // not 2^64 - 400
    CHECK_FALSE(l.second(900));
}

TEST_CASE("a late look spreads its packets over the time that passed, a clock that was set does not") {
    Looking l;
    l.now += 4s;
    CHECK_FALSE(l.second(4500)); // 900 a second for five of them
    l.now -= 24h;
    CHECK_FALSE(l.second(900));
    CHECK_FALSE(l.second(900));
    l.now += 24h;
    CHECK_FALSE(l.second(900));
    CHECK_FALSE(l.second(900));
    l.now += 24h;
    CHECK(l.second(4000)); // a day later it is not 0.05 a second
}

TEST_CASE("another limit holds from the next look on") {
    Looking l;
    l.flood.configure(Looking::with_limit(10));
    CHECK(l.second(100));
    CHECK(l.seconds_to_end(0) == 11); // the first of them still averages with the flood
}
