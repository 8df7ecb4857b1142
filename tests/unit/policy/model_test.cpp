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
    for (const AddressRule rule : {AddressRule::knock, AddressRule::source, AddressRule::named}) {
        CHECK(address_rule_named(name_of(rule)) == rule);
    }
    CHECK_FALSE(address_rule_named("claim").has_value());
    CHECK(command_kind_named(name_of(CommandKind::exec)) == CommandKind::exec);
    CHECK_FALSE(command_kind_named("open").has_value());
}
