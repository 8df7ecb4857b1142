#include "knockgen/destination.h"

#include <doctest/doctest.h>

namespace otk {
namespace {

Address address(std::string_view text) { return Address::parse(text).value(); }

OwnAddress own_for(std::string_view own, std::string_view server) {
    return own_address_for({address(server), 0, address(own)});
}

TEST_CASE("destination: private addresses, and those beside them that are not") {
    for (const char* const text :
         {"10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.7.7", "100.64.0.1",
          "100.127.255.255", "169.254.1.1", "127.0.0.1", "::1", "fe80::1", "febf::1", "fc00::1", "fdff::1"}) {
        CAPTURE(text);
        CHECK(private_address(address(text)));
    }
    for (const char* const text : {"9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0",
                                   "192.167.255.255", "192.169.0.0", "100.63.255.255", "100.128.0.0",
                                   "169.253.0.1", "203.0.113.9", "2001:db8::1", "fec0::1", "fe00::1"}) {
        CAPTURE(text);
        CHECK_FALSE(private_address(address(text)));
    }
}

TEST_CASE("destination: our own address counts unless a router is likely to replace it") {
    CHECK(own_for("203.0.113.9", "198.51.100.1").address == address("203.0.113.9"));
    CHECK(own_for("10.1.2.3", "10.9.9.9").address == address("10.1.2.3"));
    CHECK(own_for("192.168.1.2", "10.9.9.9").address == address("192.168.1.2"));
    CHECK(own_for("203.0.113.9", "10.9.9.9").address == address("203.0.113.9"));
    CHECK(own_for("2001:db8::9", "2001:db8::1").address == address("2001:db8::9"));

    CHECK(own_for("10.1.2.3", "198.51.100.1").address.empty());
    CHECK(own_for("100.64.1.2", "198.51.100.1").address.empty());
    CHECK(own_for("fd00::1", "2001:db8::1").address.empty());
    CHECK(own_for("127.0.0.1", "127.0.0.1").address.empty());
    CHECK(own_for("10.1.2.3", "198.51.100.1").why.find("10.1.2.3") != std::string::npos);
    CHECK(own_address_for({address("198.51.100.1"), 0, {}}).address.empty());
}

} // namespace
} // namespace otk
