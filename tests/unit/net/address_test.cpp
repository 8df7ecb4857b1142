#include "net/address.h"

#include <doctest/doctest.h>

#include <type_traits>

namespace otk {
namespace {

static_assert(std::is_trivially_copyable_v<Address>); // it crosses process borders as bytes

Address address(std::string_view text) {
    const auto parsed = Address::parse(text);
    REQUIRE_MESSAGE(parsed.has_value(), text);
    return *parsed;
}

TEST_CASE("an address is read and written in its one text form") {
    struct Row {
        std::string_view text, canonical;
        Family family;
    };
    const Row rows[] = {
        {"192.0.2.1", "192.0.2.1", Family::ipv4},
        {"0.0.0.0", "0.0.0.0", Family::ipv4},
        {"2001:DB8:0:0:0:0:0:1", "2001:db8::1", Family::ipv6},
        {"2001:db8::0001", "2001:db8::1", Family::ipv6},
        {"::", "::", Family::ipv6},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1",
         Family::ipv6},                                        // RFC 5952 4.2.2: one zero is not shortened
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1", Family::ipv6}, // 4.2.3: the longest run
        {"2001:db8::192.0.2.1", "2001:db8::c000:201", Family::ipv6},
        {"::ffff:192.0.2.1", "192.0.2.1", Family::ipv4}, // v4-mapped becomes IPv4
        {"::ffff:c000:201", "192.0.2.1", Family::ipv4},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        const Address parsed = address(row.text);
        CHECK(parsed.family() == row.family);
        CHECK(parsed.text() == row.canonical);
        CHECK(address(parsed.text()) == parsed);
        CHECK(parsed.well_formed());
        CHECK(parsed.bytes().size() == (row.family == Family::ipv4 ? 4 : 16));
    }
}

TEST_CASE("what is no address is refused") {
    using namespace std::string_view_literals;
    for (const std::string_view text :
         {""sv, "192.0.2"sv, "192.0.2.1.1"sv, "192.0.2.256"sv, "192.0.2.01"sv, " 192.0.2.1"sv, "192.0.2.1 "sv,
          "192.0.2.1:53"sv, "[2001:db8::1]"sv, "fe80::1%eth0"sv, "2001:db8::1::2"sv, "1:2:3:4:5:6:7"sv,
          "1:2:3:4:5:6:7:8:9"sv, "12345::"sv, "192.0.2.1\0"sv, "192.0.2.1\0.5"sv, "-"sv, "localhost"sv,
          "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"sv}) {
        CAPTURE(text);
        CHECK_FALSE(Address::parse(text).has_value());
    }
}

TEST_CASE("a door opens only for an address that one host can have") {
    for (const std::string_view text :
         {"192.0.2.1", "10.0.0.1", "100.64.0.1", "2001:db8::1", "fe80::1", "fd00::1"}) {
        CAPTURE(text);
        CHECK(address(text).usable());
    }
    for (const std::string_view text : {"0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.0.1", "224.0.0.1",
                                        "239.255.255.255", "255.255.255.255", "::", "::1", "ff02::1"}) {
        CAPTURE(text);
        CHECK_FALSE(address(text).usable());
    }
    CHECK_FALSE(Address().usable());
    CHECK(address("127.1.2.3").loopback());
    CHECK(address("::1").loopback());
    CHECK_FALSE(address("::").loopback());
    CHECK_FALSE(address("1.0.0.127").loopback());
}

TEST_CASE("bytes that came over a channel are an address only in their one form") {
    Address forged;
    const auto set = [&forged](std::size_t at, std::uint8_t value) {
        static_assert(sizeof(Address) == 17);
        reinterpret_cast<unsigned char*>(&forged)[at] = value;
    };
    CHECK(forged.well_formed());
    set(16, 1); // none, but not all zero
    CHECK_FALSE(forged.well_formed());
    set(0, 4); // IPv4 with something behind its 4 bytes
    CHECK_FALSE(forged.well_formed());
    set(0, 6);
    CHECK(forged.well_formed());
    set(11, 0xff);
    set(12, 0xff); // v4-mapped
    CHECK_FALSE(forged.well_formed());
    set(0, 5); // no family
    CHECK_FALSE(forged.well_formed());
    CHECK_FALSE(forged.usable());
    CHECK(forged.bytes().empty());
    CHECK(forged.text() == "-");
}

TEST_CASE("a network contains what its prefix covers") {
    struct Row {
        std::string_view network, address;
        bool contains;
    };
    const Row rows[] = {
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"192.0.2.128/25", "192.0.2.128", true},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.64/29", "192.0.2.71", true},
        {"192.0.2.64/29", "192.0.2.72", false},
        {"0.0.0.0/0", "203.0.113.9", true},
        {"0.0.0.0/0", "2001:db8::1", false}, // another family
        {"192.0.2.1", "192.0.2.1", true},
        {"192.0.2.1", "192.0.2.2", false},
        {"2001:db8::/33", "2001:db8:7fff::1", true},
        {"2001:db8::/33", "2001:db8:8000::1", false},
        {"::/0", "2001:db8::1", true},
        {"::/0", "192.0.2.1", false},
        {"2001:db8::1", "2001:db8::2", false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.network);
        CAPTURE(row.address);
        const auto network = Network::parse(row.network);
        REQUIRE(network.has_value());
        CHECK(network->contains(address(row.address)) == row.contains);
        CHECK(network->text() == row.network);
        CHECK(Network::parse(network->text()) == network);
    }
    CHECK(Network::parse("192.0.2.1/32")->text() == "192.0.2.1");
    CHECK_FALSE(Network().contains(address("192.0.2.1")));
    CHECK_FALSE(Network::parse("0.0.0.0/0")->contains(Address()));
}

TEST_CASE("what is no network is refused") {
    for (const std::string_view text :
         {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0.0/ 8",
          "2001:db8::/129", "::ffff:10.0.0.0/104", "::ffff:10.0.0.1", "10.0.0.1/8", "2001:db8::1/64",
          "192.0.2.65/29"}) {
        CAPTURE(text);
        CHECK_FALSE(Network::parse(text).has_value());
    }
}

} // namespace
} // namespace otk
