#include "base/promise.h"
#include "firewall/door_sets.h"
#include "firewall/nft.h"
#include "tests/unit/firewall/own_network.h"

#include <string>

#include <doctest/doctest.h>

namespace otk::test {

namespace {

using std::chrono::hours;
using std::chrono::minutes;

const SetNames names{"t", "in4", "in6"};
const Service ssh{Protocol::tcp, 22};

void make_table(const std::string& more = "") {
    run_nft("table inet t {\n"
            " set in4 { type ipv4_addr . inet_proto . inet_service; flags timeout; " +
            more +
            "}\n"
            " set in4_16 { type ipv4_addr . inet_proto . inet_service; flags timeout; }\n"
            " set in6 { type ipv6_addr . inet_proto . inet_service; flags timeout; }\n"
            " set wrong4 { type ipv4_addr; flags timeout; }\n"
            " set without4 { type ipv4_addr . inet_proto . inet_service; }\n"
            " map to4 { type ipv4_addr . inet_service : inet_service; flags timeout; }\n"
            " map to6 { type ipv6_addr . inet_service : inet_service; flags timeout; }\n"
            "}\n");
}

Door door(std::string_view address, std::uint8_t prefix) { return {*Address::parse(address), prefix, ssh}; }

bool shows(std::string_view part) { return list_table("t").find(part) != std::string::npos; }

} // namespace

TEST_CASE("a door is in its set until it is closed") {
    if (!in_own_network()) return;
    make_table();
    DoorSets sets(names);
    CHECK(sets.add(door("192.0.2.1", 32), minutes{1}) == DoorSets::Added::done);
    CHECK(sets.add(door("192.0.2.1", 16), minutes{1}) == DoorSets::Added::done);
    CHECK(sets.add(door("2001:db8::1", 128), minutes{1}) == DoorSets::Added::done);
    CHECK(sets.add({*Address::parse("192.0.2.2"), 32, {Protocol::udp, 53}}, minutes{1}) ==
          DoorSets::Added::done);
    CHECK(shows("192.0.2.1 . tcp . 22 timeout 1m"));
    CHECK(shows("192.0.0.0 . tcp . 22 timeout 1m"));
    CHECK(shows("2001:db8::1 . tcp . 22 timeout 1m"));
    CHECK(shows("192.0.2.2 . udp . 53 timeout 1m"));
    sets.remove(door("192.0.2.1", 32));
    CHECK_FALSE(shows("192.0.2.1 . tcp"));
    CHECK(shows("192.0.0.0 . tcp . 22 timeout 1m"));
    sets.remove(door("192.0.2.1", 32)); // twice is as good as once
}

TEST_CASE("a door that is open already gets the new time, be it longer or shorter") {
    if (!in_own_network()) return;
    make_table();
    DoorSets sets(names);
    for (const auto time : {minutes{1}, minutes{5}, minutes{2}}) {
        CHECK(sets.add(door("192.0.2.1", 32), time) == DoorSets::Added::done);
        CHECK(shows("192.0.2.1 . tcp . 22 timeout " + std::to_string(time.count()) + "m "));
    }
    CHECK_FALSE(shows("timeout 1m "));
    CHECK_FALSE(shows("timeout 5m "));
}

TEST_CASE("a table or a set that is missing is told apart from other troubles") {
    if (!in_own_network()) return;
    DoorSets sets(names);
    CHECK(sets.add(door("192.0.2.1", 32), minutes{1}) == DoorSets::Added::no_table);
    sets.remove(door("192.0.2.1", 32));
    make_table();
    CHECK(sets.add(door("192.0.2.1", 24), minutes{1}) == DoorSets::Added::no_table);
    CHECK(sets.add(door("192.0.2.1", 32), minutes{1}) == DoorSets::Added::done);
}

TEST_CASE("a set that is full, of another type or without timeouts: the message says so") {
    if (!in_own_network()) return;
    make_table("size 1; ");
    DoorSets sets(names);
    CHECK(sets.add(door("192.0.2.1", 32), minutes{1}) == DoorSets::Added::done);
    CHECK_THROWS_WITH_AS((void)sets.add(door("192.0.2.2", 32), minutes{1}),
                         doctest::Contains("the set in4 of table inet t is full"), Error);
    CHECK(shows("192.0.2.1 . tcp"));
    for (const std::string set : {"wrong4", "without4"}) {
        DoorSets wrong({"t", set, "in6"});
        CHECK_THROWS_WITH_AS((void)wrong.add(door("192.0.2.1", 32), minutes{1}),
                             doctest::Contains(set.c_str()), Error);
    }
}

TEST_CASE("a full set still prolongs") {
    if (!in_own_network()) return;
    make_table("size 1; ");
    DoorSets sets(names);
    CHECK(sets.add(door("192.0.2.1", 32), minutes{1}) == DoorSets::Added::done);
    CHECK(sets.add(door("192.0.2.1", 32), minutes{5}) == DoorSets::Added::done);
    CHECK(shows("timeout 5m "));
}

TEST_CASE("redirections: address and port lead to a port") {
    if (!in_own_network()) return;
    make_table();
    DoorSets maps({"t", "to4", "to6"});
    const Door four{*Address::parse("192.0.2.1"), 32, {Protocol::tcp, 61000}};
    const Door six{*Address::parse("2001:db8::1"), 128, {Protocol::tcp, 61001}};
    CHECK(maps.add(four, 22, hours{1}) == DoorSets::Added::done);
    CHECK(maps.add(six, 443, hours{1}) == DoorSets::Added::done);
    CHECK(maps.add(four, 22, hours{2}) == DoorSets::Added::done);
    const std::string text = list_table("t");
    CHECK(text.find("192.0.2.1 . 61000 timeout 2h") != std::string::npos);
    CHECK(text.find(": 22") != std::string::npos);
    CHECK(text.find("2001:db8::1 . 61001 timeout 1h") != std::string::npos);
    CHECK(text.find(": 443") != std::string::npos);
    maps.remove_redirection(four);
    CHECK_FALSE(shows("61000"));
    CHECK(shows("61001"));
}

} // namespace otk::test
