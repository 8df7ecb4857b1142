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

} // namespace

TEST_CASE("a flood begins after two seconds above the limit") {
    Looking l;
    for (int i = 0; i < 5; ++i)
        CHECK_FALSE(l.second(1000)); // at the limit is not above it
    CHECK_FALSE(l.flood.on());
    l.totals.lost += 4000;
    l.totals.held_back += 200;
    l.totals.not_answered += 300;
    ++l.totals.switches;
    const auto alert = l.second(1500, 500);
    REQUIRE(alert);
    CHECK(alert->kind == AlertKind::flood_begun);
    CHECK(alert->text == // on average over this second and the one before it, which had 1000 of noise
          "3600 packets a second are no knock: 1250 noise, 250 malformed, 100 known values again, 2000 lost "
          "unread; "
          "150 DNS questions of them not answered; reading changed to blocks once; [alerts] flood is 1000");
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
    // 2000, 2000, 4000, 30 x 500, 9 x 400, 700, 10 x 100
    CHECK(alert->text ==
          "28300 packets within 53 s were no knock, 534 a second and at most 3000: 28300 noise");
    CHECK_FALSE(l.flood.on());
    CHECK_FALSE(l.second(100)); // told once
    CHECK_FALSE(l.second(1500));
    CHECK(l.second(1500)); // and it may begin again
}

TEST_CASE("a flood of known values is one, and so is what the kernel had to drop") {
    for (std::uint64_t message::CaptureCounters::*counter :
         {&message::CaptureCounters::held_back, &message::CaptureCounters::lost}) {
        Looking l;
        l.totals.*counter += 1001;
        CHECK_FALSE(l.second(0));
        l.totals.*counter += 1001;
        CHECK(l.second(0));
    }
    Looking l; // what is a knock, and what is noise already, is not
    for (int i = 0; i < 5; ++i) {
        l.totals.hits += 5000;
        l.totals.not_answered += 900;
        CHECK_FALSE(l.second(900));
    }
}

TEST_CASE("the end says what was lost, and that knocks may have been among it") {
    Looking l;
    CHECK_FALSE(l.second(1500));
    l.totals.lost += 1000;
    CHECK(l.second(1500));
    l.totals.switches += 2;
    CHECK_FALSE(l.second(0));
    std::optional<Alert> alert;
    for (int i = 0; i < 12 && !alert; ++i)
        alert = l.second(0);
    REQUIRE(alert);
    CHECK(alert->text ==
          "4000 packets within 13 s were no knock, 308 a second and at most 2000: 3000 noise, "
          "1000 lost unread; reading changed to blocks 2 times; knocks may have been among the "
          "lost: send them again");
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
