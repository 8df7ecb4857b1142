#include "otp/door_port.h"

#include "vectors.h"

#include "otp/chain.h"

#include <set>

using namespace otk;
using namespace otk::test;

// Computed with Python:
//   low + int.from_bytes(hashlib.sha256(b"otk-door-1" + value).digest()[:4], "big") % (high - low + 1)
TEST_CASE("the port of a door is what another implementation computes") {
    struct Vector {
        const char* value;
        PortRange range;
        std::uint16_t port;
    };
    const std::vector<Vector> vectors{
        {"00112233445566778899aabbccddeeff", {61'000, 65'534}, 61'406},
        {"ffffffffffffffffffffffffffffffff", {61'000, 65'534}, 62'699},
        {"9e876134d90499dd", {61'000, 65'534}, 64'382},
        {"bffa1396807cd4f08b7e6da695f9ad18", {1, 65'535}, 65'045},
        {"bffa1396807cd4f08b7e6da695f9ad18", {50'000, 50'009}, 50'004},
        {"9e876134d90499dd", {40'000, 40'000}, 40'000},
    };
    for (const Vector& each : vectors) {
        CAPTURE(each.value);
        CAPTURE(each.range.low);
        CHECK(door_port(value_of(each.value), each.range) == each.port);
    }
}

TEST_CASE("every port of a range is some knock's, its two ends included, and none outside") {
    const PortRange range{50'000, 50'009};
    std::set<std::uint16_t> ports;
    Value value = value_of("00112233445566778899aabbccddeeff");
    for (int i = 0; i < 500; ++i) {
        value = step(Algorithm::sha256, value);
        ports.insert(door_port(value, range));
    }
    CHECK(ports.size() == 10);
    CHECK(*ports.begin() == range.low);
    CHECK(*ports.rbegin() == range.high);
}
