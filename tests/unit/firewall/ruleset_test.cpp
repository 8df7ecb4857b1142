#include "base/promise.h"
#include "firewall/nft.h"
#include "firewall/ruleset.h"
#include "firewall/watch.h"
#include "tests/unit/firewall/own_network.h"

#include <doctest/doctest.h>

namespace otk::test {

namespace {

Address address(std::string_view text) { return *Address::parse(text); }

Command open_command(std::string name, Service service, std::uint8_t prefix4 = 32,
                     std::uint8_t prefix6 = 128) {
    Command command;
    command.name = std::move(name);
    command.kind = CommandKind::open;
    command.service = service;
    command.prefix4 = prefix4;
    command.prefix6 = prefix6;
    return command;
}

GuardPlan some_plan() {
    return {guarded_ports({open_command("ssh", {Protocol::tcp, 22}, 24, 56),
                           open_command("vpn", {Protocol::udp, 51820})}),
            {*Network::parse("10.0.0.0/8"), *Network::parse("10.1.0.0/16"), *Network::parse("0.0.0.0/0"),
             *Network::parse("2001:db8::/32"), *Network::parse("::/0"), *Network::parse("192.0.2.7")},
            true};
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

TEST_CASE("the set for whole addresses has the plain name, others tell their prefix") {
    const SetNames names{"filter", "otk4", "otk6"};
    CHECK(set_name(names, address("192.0.2.1"), 32) == "otk4");
    CHECK(set_name(names, address("192.0.2.1"), 24) == "otk4_24");
    CHECK(set_name(names, address("2001:db8::1"), 128) == "otk6");
    CHECK(set_name(names, address("2001:db8::1"), 32) == "otk6_32");
}

TEST_CASE("the bits behind the prefix are cleared, and only these") {
    CHECK(masked(address("192.0.2.255"), 32) == address("192.0.2.255"));
    CHECK(masked(address("192.0.2.255"), 25) == address("192.0.2.128"));
    CHECK(masked(address("192.0.255.255"), 20) == address("192.0.240.0"));
    CHECK(masked(address("2001:db8:ffff:ffff:ffff::1"), 56) == address("2001:db8:ffff:ff00::"));
    CHECK(masked(address("2001:db8::1"), 128) == address("2001:db8::1"));
}

TEST_CASE("a guard is for the enabled open commands and for nothing else") {
    Command off = open_command("off", {Protocol::tcp, 81});
    off.enabled = false;
    Command other;
    other.kind = CommandKind::forward;
    other.service = {Protocol::tcp, 82};
    const GuardedPorts ports = guarded_ports({open_command("a", {Protocol::tcp, 80}, 24), off, other,
                                              open_command("b", {Protocol::tcp, 80}, 32, 64)});
    CHECK(ports.services == std::set<Service>{{Protocol::tcp, 80}});
    CHECK(ports.prefixes4 == std::set<std::uint8_t>{24, 32});
    CHECK(ports.prefixes6 == std::set<std::uint8_t>{64, 128});
}

TEST_CASE("nft takes the guard's ruleset, and what it makes of it can be told from what others make of it") {
    if (!in_own_network()) return;
    const GuardPlan plan = some_plan();
    RulesetWatch watch;
    CHECK(watch.table(guard_table).handle == 0);
    CHECK(list_table(guard_table).empty());
    run_nft(guard_ruleset_anew(plan, std::nullopt, {}, {}));
    const RulesetWatch::Table first = watch.table(guard_table);
    CHECK(first.chains == guard_chains);
    CHECK(first.rules == guard_rules(plan));
    CHECK(watch.guarded().services == plan.services);
    CHECK(watch.table(guard_table) == first);
    CHECK_FALSE(watch.guarded().ends);

    SUBCASE("in place of itself it is another one, of the same size") {
        run_nft(guard_ruleset(plan, std::chrono::minutes{5}, {}));
        const RulesetWatch::Table second = watch.table(guard_table);
        CHECK(second != first);
        CHECK(second.handle == first.handle);
        CHECK(second.rules == guard_rules(plan));
        CHECK(watch.guarded().services == plan.services);
        CHECK(watch.guarded().ends);
    }
    SUBCASE("a rule that somebody removed, added or replaced is seen") {
        run_nft("flush chain inet otk judge\n");
        CHECK(watch.table(guard_table) != first);
        run_nft(guard_ruleset_anew(plan, std::nullopt, {}, {}));
        const RulesetWatch::Table again = watch.table(guard_table);
        run_nft("insert rule inet otk judge accept\n");
        CHECK(watch.table(guard_table) != again);
    }
    SUBCASE("a table that sleeps is seen, and a port taken out") {
        run_nft("delete element inet otk guarded { tcp . 22 }\n");
        CHECK(watch.table(guard_table) == first);
        CHECK(watch.guarded().services == std::set<Service>{{Protocol::udp, 51820}});
        run_nft("table inet otk { flags dormant; }\n");
        CHECK(watch.table(guard_table) != first);
    }
    SUBCASE("doors that are let in by others, and other tables, do not count") {
        const std::uint32_t generation = watch.generation();
        run_nft("add element inet otk door4 { 192.0.2.1 . tcp . 22 timeout 1m }\ntable inet other { }\n");
        CHECK(watch.table(guard_table) == first);
        CHECK(watch.generation() != generation);
    }
    SUBCASE("it goes without trace, and may be gone already") {
        run_nft(without_table(guard_table));
        CHECK(watch.table(guard_table).handle == 0);
        run_nft(without_table(guard_table));
        CHECK(watch.generation() > 0);
    }
}

TEST_CASE("a guard made anew has the doors that were open") {
    if (!in_own_network()) return;
    const GuardPlan plan = some_plan();
    const Service ssh{Protocol::tcp, 22};
    run_nft(guard_ruleset_anew(plan, std::chrono::minutes{1}, {},
                               {{{address("198.51.100.77"), 24, ssh}, 0, std::chrono::seconds{90}},
                                {{address("2001:db8::5"), 128, ssh}, 0, std::chrono::seconds{90}},
                                {{address("192.0.2.1"), 19, ssh}, 0, std::chrono::seconds{90}}}));
    const std::string text = list_table(guard_table);
    CHECK(has(text, "198.51.100.0 . tcp . 22 timeout 1m30s"));
    CHECK(has(text, "2001:db8::5 . tcp . 22 timeout 1m30s"));
    CHECK_FALSE(has(text, "192.0.0.0")); // no command opens such a door any more
}

TEST_CASE("translation of addresses is noticed, and our own is not") {
    if (!in_own_network()) return;
    RulesetWatch watch;
    run_nft(forward_ruleset_anew(
        {{{address("192.0.2.1"), 32, {Protocol::tcp, 61000}}, 22, std::chrono::seconds{60}}}));
    CHECK(has(list_table(forward_table), "192.0.2.1 . 61000 timeout 1m"));
    CHECK_FALSE(watch.translation());
    run_nft("table ip nat {\n chain DOCKER { type nat hook prerouting priority -100; }\n}\n");
    CHECK(watch.translation());
}

TEST_CASE("the lines for an administrator's sets are such that nft takes them, and doors fit into them") {
    if (!in_own_network()) return;
    const SetNames names{"mine", "in4", "in6"};
    const Service ssh{Protocol::tcp, 22};
    run_nft(lines_for_sets(names, open_command("ssh", ssh)));
    run_nft(lines_for_sets(names, open_command("wide", ssh, 24, 56)));
    DoorSets sets(names);
    const std::chrono::seconds minute{60};
    for (const Door& door : {Door{address("192.0.2.9"), 32, ssh}, Door{address("192.0.2.9"), 24, ssh},
                             Door{address("2001:db8::9"), 128, ssh}, Door{address("2001:db8::9"), 56, ssh}}) {
        CHECK(sets.add(door, minute) == DoorSets::Added::done);
    }
    const std::string text = list_table("mine");
    CHECK(has(text, "192.0.2.9 . tcp . 22 timeout 1m"));
    CHECK(has(text, "192.0.2.0 . tcp . 22 timeout 1m"));
    CHECK(has(text, "2001:db8::9 . tcp . 22 timeout 1m"));
    CHECK(has(text, "2001:db8:: . tcp . 22 timeout 1m"));
}

TEST_CASE("what nft says about a script that is wrong is told") {
    if (!in_own_network()) return;
    CHECK_THROWS_WITH_AS(run_nft("add rule inet nowhere input accept\n"), doctest::Contains("nft failed"),
                         Error);
}

} // namespace otk::test
