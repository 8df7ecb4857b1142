#include "policy/model.h"

#include <doctest/doctest.h>

using namespace otk;

TEST_CASE("names that need no quoting") {
    for (const char* const good : {"a", "anna", "web-1", "x.y_z", "abcdefghijklmnopqrstuvwxyz012345"}) {
        CAPTURE(good);
        CHECK(valid_name(good));
    }
    for (const char* const bad : {"", "Anna", "1anna", "-a", ".a", "_a", "an na", "anna!", "ann\n",
                                  "ann\xc3\xa4", "a/b", "abcdefghijklmnopqrstuvwxyz0123456"}) {
        CAPTURE(bad);
        CHECK_FALSE(valid_name(bad));
    }
    CHECK_FALSE(valid_name(std::string_view("a\0b", 3)));
}

TEST_CASE("carriers are read in any order and written in one") {
    CHECK(format_carriers({}) == "udp,icmp,dns");
    CHECK(parse_carriers("dns,udp,icmp") == Carriers{});
    const auto two = parse_carriers("dns,udp");
    REQUIRE(two.has_value());
    CHECK(two->contains(Carrier::udp));
    CHECK_FALSE(two->contains(Carrier::icmp));
    CHECK(two->contains(Carrier::dns));
    CHECK(format_carriers(*two) == "udp,dns");
    for (const char* const bad : {"", "tcp", "udp,", ",udp", "udp,,dns", "UDP", "udp, dns"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_carriers(bad).has_value());
    }
}

TEST_CASE("words for kinds and address rules go both ways") {
    for (const AddressRule rule :
         {AddressRule::knock, AddressRule::source, AddressRule::named, AddressRule::claim}) {
        CHECK(address_rule_named(name_of(rule)) == rule);
    }
    CHECK_FALSE(address_rule_named("any").has_value());
    for (const CommandKind kind :
         {CommandKind::exec, CommandKind::open, CommandKind::forward, CommandKind::close}) {
        CHECK(command_kind_named(name_of(kind)) == kind);
    }
    CHECK_FALSE(command_kind_named("shell").has_value());
    CHECK_FALSE(command_kind_named("").has_value());
}

TEST_CASE("services are PORT/tcp and PORT/udp") {
    CHECK(parse_service("22/tcp") == Service{Protocol::tcp, 22});
    CHECK(parse_service("65535/udp") == Service{Protocol::udp, 65'535});
    for (const char* const text : {"1/tcp", "53/udp", "65535/tcp"}) {
        CAPTURE(text);
        const auto service = parse_service(text);
        REQUIRE(service.has_value());
        CHECK(format_service(*service) == text);
    }
    for (const char* const bad :
         {"", "22", "/tcp", "22/", "0/tcp", "65536/tcp", "022/tcp", "22/TCP", "22/sctp", "tcp/22", "22/tcp/",
          "22/tcp ", " 22/tcp", "-1/tcp", "+22/tcp", "22/tcpx", "99999999999999999999/tcp"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_service(bad).has_value());
    }
}

TEST_CASE("endpoints are ADDRESS:PORT, and IPv6 stands in brackets") {
    for (const char* const text : {"127.0.0.1:22", "192.0.2.7:65535", "[2001:db8::7]:22", "[::1]:1"}) {
        CAPTURE(text);
        const auto endpoint = parse_endpoint(text);
        REQUIRE(endpoint.has_value());
        CHECK(format_endpoint(*endpoint) == text);
    }
    const auto six = parse_endpoint("[2001:DB8:0:0::7]:22");
    REQUIRE(six.has_value());
    CHECK(six->address == *Address::parse("2001:db8::7"));
    CHECK(six->port == 22);
    CHECK(format_endpoint(*six) == "[2001:db8::7]:22");
    for (const char* const bad : {"",
                                  "22",
                                  ":22",
                                  "127.0.0.1",
                                  "127.0.0.1:",
                                  "127.0.0.1:0",
                                  "127.0.0.1:65536",
                                  "127.0.0.1:022",
                                  "[127.0.0.1]:22",
                                  "2001:db8::7:22",
                                  "::1:22",
                                  "[::1]",
                                  "[::1]22",
                                  "[::1]:",
                                  "[]:22",
                                  "[:22",
                                  "]:22",
                                  "[[::1]]:22",
                                  "localhost:22",
                                  "127.0.0.1:ssh",
                                  "0.0.0.0:22",
                                  "[::]:22",
                                  "224.0.0.1:22",
                                  "[ff02::1]:22",
                                  "255.255.255.255:22",
                                  "[::ffff:192.0.2.7]:22",
                                  "127.0.0.1 :22",
                                  "127.0.0.1:22 "}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_endpoint(bad).has_value());
    }
}

TEST_CASE("what lasts: doors, and programs with something to undo") {
    Command command;
    command.argv = {"/bin/true"};
    CHECK_FALSE(lasts(command));
    command.undo = {"/bin/false"};
    CHECK(lasts(command));
    command.undo.clear();
    command.kind = CommandKind::open;
    CHECK(lasts(command));
    command.kind = CommandKind::forward;
    CHECK(lasts(command));
    command.kind = CommandKind::close;
    CHECK_FALSE(lasts(command));
}
