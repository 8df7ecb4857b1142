// How often values are reported: once a second for each value and source, a few for each value; and of known
// ones a bound on all.

#include "knockd/capture/hold_back.h"

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

using namespace otk;
using namespace std::chrono_literals;

namespace {

Value value_of(std::uint32_t number) {
    std::array<std::uint8_t, 16> bytes{};
    for (std::size_t i = 0; i < 4; ++i)
        bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return Value(bytes);
}

Address source(std::uint8_t last) {
    const std::array<std::uint8_t, 4> bytes{192, 0, 2, last};
    return Address::ipv4(bytes);
}

Address source6(std::uint8_t last) {
    const std::array<std::uint8_t, 16> bytes{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last};
    return Address::ipv6(bytes);
}

constexpr std::chrono::nanoseconds beginning = 1000s;

// With the addresses of a packet at hand.
class Holding : public HoldBack {
  public:
    using HoldBack::HoldBack;
    bool pass_known(const Value& value, const Address& source, std::chrono::nanoseconds now,
                    const Address& named = {}, Carrier carrier = Carrier::udp) {
        return HoldBack::pass_known({value, carrier, source, named}, now);
    }
    bool pass_unspent(const Value& value, const Address& source, const Address& named, Bytes request,
                      std::chrono::nanoseconds now, Carrier carrier = Carrier::udp) {
        return HoldBack::pass_unspent({value, carrier, source, named}, request, now);
    }
    // As many reports as there may be of known values in this second, of old ones.
    void use_up(std::chrono::nanoseconds now) {
        for (std::uint32_t i = 0; i < 20'000; ++i)
            (void)pass_known(value_of(1'000'000 + i), source(static_cast<std::uint8_t>(i % 200)), now);
        CHECK_FALSE(pass_known(value_of(2'000'000), source(1), now));
    }
};

} // namespace

TEST_CASE("a value from one source is reported ten times a second") {
    Holding hold_back(77);
    CHECK(hold_back.pass_known(value_of(1), source(1), beginning));
    CHECK_FALSE(hold_back.pass_known(value_of(1), source(1), beginning));
    CHECK_FALSE(hold_back.pass_known(value_of(1), source(1), beginning + 999ms));
    CHECK(hold_back.pass_known(value_of(1), source(1), beginning + 1s));
    CHECK_FALSE(hold_back.pass_known(value_of(1), source(1), beginning + 1999ms));
    CHECK(hold_back.pass_known(value_of(1), source(1), beginning + 2s));
}

TEST_CASE("another source and another value are reported at once") {
    // With this key the three pairs have places of their own, as all but a few have.
    Holding hold_back(77);
    CHECK(hold_back.pass_known(value_of(1), source(1), beginning));
    CHECK(hold_back.pass_known(value_of(1), source(2), beginning)); // it may be contested
    CHECK(hold_back.pass_known(value_of(2), source(1), beginning));
    CHECK_FALSE(hold_back.pass_known(value_of(1), source(1), beginning + 1ms));
    CHECK_FALSE(hold_back.pass_known(value_of(1), source(2), beginning + 1ms));
    CHECK_FALSE(hold_back.pass_known(value_of(2), source(1), beginning + 1ms));
}

TEST_CASE("an endless series of one knock goes on being heard") {
    // The series of a duplicate lives for 60 s after the last one that validate heard of (DESIGN 4).
    Holding hold_back(5);
    int passed = 0;
    for (int tenth = 0; tenth < 1200; ++tenth)
        passed += hold_back.pass_known(value_of(3), source(3), beginning + tenth * 100ms) ? 1 : 0;
    CHECK(passed == 120);
}

TEST_CASE("a flood of one value from invented sources does not silence another") {
    Holding hold_back(8);
    unsigned flooded = 0;
    for (unsigned i = 0; i < 5000; ++i) {
        flooded += hold_back.pass_known(value_of(1), source(static_cast<std::uint8_t>(i % 250)),
                                        beginning + i * 100us)
                       ? 1U
                       : 0U;
    }
    CHECK(flooded >= 1);
    CHECK(flooded <= 8);
    CHECK(hold_back.pass_known(value_of(2), source(1), beginning + 600ms));
    CHECK(
        hold_back.pass_known(value_of(2), source(2), beginning + 600ms)); // and so it is seen to be contested
}

TEST_CASE("a flood of invented values and sources is bounded") {
    Holding hold_back(6);
    for (int second = 0; second < 3; ++second) {
        unsigned passed = 0;
        for (std::uint32_t i = 0; i < 20'000; ++i)
            passed += hold_back.pass_known(value_of(i), source(static_cast<std::uint8_t>(i % 200)),
                                           beginning + second * 1s + i * 10us)
                          ? 1U
                          : 0U;
        CHECK(passed >= 200);
        CHECK(passed <= 2000);
    }
}

TEST_CASE("an unspent value from one source is reported ten times a second") {
    Holding hold_back(77);
    CHECK(hold_back.pass_unspent(value_of(1), source(1), {}, {}, beginning));
    CHECK_FALSE(hold_back.pass_unspent(value_of(1), source(1), {}, {}, beginning));
    CHECK_FALSE(hold_back.pass_unspent(value_of(1), source(1), {}, {}, beginning + 99ms));
    CHECK(hold_back.pass_unspent(value_of(1), source(1), {}, {}, beginning + 100ms));
    CHECK_FALSE(hold_back.pass_unspent(value_of(1), source(1), {}, {}, beginning + 199ms));
    // With another named address it is how a knock is contested.
    CHECK(hold_back.pass_unspent(value_of(1), source(1), source(7), {}, beginning + 199ms));
    CHECK_FALSE(hold_back.pass_unspent(value_of(1), source(1), source(7), {}, beginning + 200ms - 1ns));
}

TEST_CASE("what was reported as unspent is reported again when it is known, and the other way round") {
    Holding hold_back(77);
    CHECK(hold_back.pass_unspent(value_of(1), source(1), {}, {}, beginning));
    CHECK(hold_back.pass_known(value_of(1), source(1), beginning + 1us));
    CHECK_FALSE(hold_back.pass_known(value_of(1), source(1), beginning + 2us));
    CHECK(hold_back.pass_known(value_of(2), source(1), beginning + 3us));
    CHECK(hold_back.pass_unspent(value_of(2), source(1), {}, {}, beginning + 4us));
}

TEST_CASE("an unspent value from invented sources is reported some times in any tenth of a second") {
    Holding hold_back(9);
    std::vector<std::chrono::nanoseconds> passed;
    for (unsigned i = 0; i < 50'000; ++i) { // five seconds
        const auto now = beginning + i * 100us;
        if (hold_back.pass_unspent(value_of(1), source(static_cast<std::uint8_t>(i % 251)), {}, {}, now))
            passed.push_back(now);
    }
    CHECK(passed.size() >= 50 * 8);
    // Eight, and of those that would show a copy two sources, which may fall into two tenths.
    for (std::size_t i = 12; i < passed.size(); ++i)
        REQUIRE(passed[i] - passed[i - 12] >= 100ms);
}

TEST_CASE("different unspent values are never held back, not even in a flood of one of them") {
    Holding hold_back(10);
    unsigned flood = 0;
    for (std::uint32_t i = 0; i < 20'000; ++i) { // in one second, from one source: a NAT has many users
        const auto now = beginning + i * 50us;
        REQUIRE(hold_back.pass_unspent(value_of(1000 + i), source(1), {}, {}, now));
        for (int repeats = 0; repeats < 50; ++repeats)
            flood += hold_back.pass_unspent(value_of(1), source(2), {}, {}, now) ? 1U : 0U;
    }
    CHECK(flood >= 10);
    CHECK(flood <= 60); // of a million: ten times, and others took its place a few times
}

TEST_CASE("a wrong request of a value does not hold back the right one") {
    Holding hold_back(77);
    std::vector<std::uint8_t> right(108, 1);
    for (std::size_t i = 16; i < right.size(); ++i) {
        std::vector<std::uint8_t> wrong = right;
        wrong[i] ^= 0x80;
        const auto now = beginning + i * 1s;
        REQUIRE(hold_back.pass_unspent(value_of(1), source(1), {}, wrong, now));
        REQUIRE_FALSE(hold_back.pass_unspent(value_of(1), source(1), {}, wrong, now + 1us));
        REQUIRE(hold_back.pass_unspent(value_of(1), source(1), {}, right, now + 2us));
        REQUIRE_FALSE(hold_back.pass_unspent(value_of(1), source(1), {}, right, now + 3us));
        REQUIRE(
            hold_back.pass_unspent(value_of(1), source(1), {}, {}, now + 4us)); // nor does the value alone
    }
}

TEST_CASE("eight requests of one value in a tenth of a second are reported, whatever is in them") {
    Holding hold_back(78);
    unsigned passed = 0;
    for (std::uint32_t i = 0; i < 10'000; ++i) {
        std::vector<std::uint8_t> request(108, 7);
        std::memcpy(request.data() + 20, &i, sizeof i);
        passed += hold_back.pass_unspent(value_of(1), source(1), {}, request, beginning + i * 1us) ? 1U : 0U;
    }
    CHECK(passed == 9); // the ninth is the first that is looked at as one that may show a copy
}

TEST_CASE("whatever known values are sent, the second packet of one that became known lately passes") {
    struct Case {
        Address first, second; // sources
        Address named_first, named_second;
        Carrier carrier;
    };
    for (const Case& each : {Case{source(1), source(2), {}, {}, Carrier::udp},
                             Case{source6(1), source6(2), {}, {}, Carrier::icmp},
                             Case{source(1), source(1), source(7), source(8), Carrier::udp},
                             Case{source(1), source(1), source(7), source(8), Carrier::dns}}) {
        Holding hold_back(77);
        hold_back.became_known(value_of(1), beginning);
        hold_back.use_up(beginning + 1ms);
        CHECK(hold_back.pass_known(value_of(1), each.first, beginning + 2ms, each.named_first, each.carrier));
        CHECK(
            hold_back.pass_known(value_of(1), each.second, beginning + 3ms, each.named_second, each.carrier));
        // These add nothing to it.
        CHECK_FALSE(
            hold_back.pass_known(value_of(1), each.first, beginning + 4ms, each.named_first, each.carrier));
        CHECK_FALSE(
            hold_back.pass_known(value_of(1), each.second, beginning + 5ms, each.named_second, each.carrier));
    }
}

TEST_CASE("packets that show no copy do not use up what is kept for one that does") {
    // The copy came first, by udp from source(1). Then all that is no contest (DESIGN 4): the other family,
    // resolvers, and the address of the source itself.
    Holding hold_back(77);
    hold_back.became_known(value_of(1), beginning);
    const auto send = [&](std::chrono::nanoseconds now) {
        for (std::uint8_t i = 0; i < 200; ++i) {
            (void)hold_back.pass_known(value_of(1), source6(i), now);
            (void)hold_back.pass_known(value_of(1), source(i), now, {}, Carrier::dns);
            (void)hold_back.pass_known(value_of(1), source(1), now, source(1));
        }
    };
    SUBCASE("then the user comes from elsewhere") {
        hold_back.use_up(beginning + 1ms);
        send(beginning + 2ms);
        CHECK(hold_back.pass_known(value_of(1), source(2), beginning + 3ms));
    }
    SUBCASE("then a question names another address") {
        hold_back.use_up(beginning + 1ms);
        send(beginning + 2ms);
        CHECK(hold_back.pass_known(value_of(1), source(3), beginning + 3ms, source(9), Carrier::dns));
    }
    SUBCASE("at the end of the minute") {
        hold_back.use_up(beginning + 59s);
        send(beginning + 59s + 1ms);
        CHECK(hold_back.pass_known(value_of(1), source(2), beginning + 60s - 1ns));
    }
    CHECK(true);
}

TEST_CASE("what passes beside the bounds is itself bounded, by the number of knocks that were spent") {
    Holding hold_back(78);
    hold_back.use_up(beginning);
    unsigned passed = 0;
    for (std::uint32_t value = 0; value < 100; ++value)
        hold_back.became_known(value_of(value), beginning);
    for (unsigned i = 0; i < 100'000; ++i) {
        const auto last = static_cast<std::uint8_t>(i / 100 % 251);
        passed += hold_back.pass_known(value_of(i % 100), i % 3 == 0 ? source6(last) : source(last),
                                       beginning + 1ms, source(last))
                      ? 1U
                      : 0U;
    }
    CHECK(passed >= 100);
    CHECK(passed <= 100 * Differing::most);
}

TEST_CASE("a value is new for a minute, and forgotten when it is known no longer") {
    Holding hold_back(79);
    hold_back.became_known(value_of(1), beginning);
    hold_back.became_known(value_of(2), beginning);
    hold_back.became_known(value_of(3), beginning);
    hold_back.use_up(beginning + 60s);
    CHECK_FALSE(hold_back.pass_known(value_of(1), source(2), beginning + 60s));
    CHECK(hold_back.size() == 3);
    hold_back.no_longer_known(value_of(2));
    CHECK(hold_back.size() == 2);
    hold_back.became_known(value_of(4), beginning + 60s);
    CHECK(hold_back.size() == 1);
    hold_back.became_known(value_of(4), beginning + 61s); // again: nobody's second entry
    CHECK(hold_back.size() == 1);
    hold_back.forget_known();
    CHECK(hold_back.size() == 0);
}

TEST_CASE("while a value is being spent no flood of it hides that it came from two sources") {
    Holding hold_back(80);
    CHECK(hold_back.pass_unspent(value_of(1), source(1), {}, {}, beginning)); // the copy
    for (std::uint8_t i = 0; i < 200; ++i) {
        (void)hold_back.pass_unspent(value_of(1), source6(i), {}, {}, beginning + 1us);
        (void)hold_back.pass_unspent(value_of(1), source(i), {}, {}, beginning + 1us, Carrier::dns);
        (void)hold_back.pass_unspent(value_of(1), source(1), source(1), {}, beginning + 1us);
    }
    CHECK(hold_back.pass_unspent(value_of(1), source(2), {}, {}, beginning + 2us)); // the user
}
