// What knockd notes of the guard for the next boot.

#include "store/guard_file.h"

#include "tests/store/support.h"

#include <doctest/doctest.h>

using namespace otk;
using namespace otk::test;

namespace {

const Service ssh_port{Protocol::tcp, 22};
const Service vpn_port{Protocol::udp, 51820};
const Time this_moment = at_second(1000);

Command command_that_opens(std::string_view name, const Service& service, std::uint8_t prefix4 = 32) {
    Command command;
    command.name = name;
    command.kind = CommandKind::open;
    command.service = service;
    command.hold = std::chrono::seconds{60};
    command.prefix4 = prefix4;
    return command;
}

GuardRecord some_record() {
    return {{"guard",
             {*Network::parse("192.0.2.0/24"), *Network::parse("2001:db8::/32")},
             {"/bin/tell", "{text}"},
             "nobody"},
            {{true, at_second(2000)}, {{ssh_port, vpn_port}, {24, 32}, {64, 128}}, 42}};
}

// The half of policy.db with a decision, these ports, and so many changes.
GuardRecord::OfPolicy policy_half(bool on, std::set<Service> services, std::int64_t change) {
    return {{on, std::nullopt}, {std::move(services)}, change};
}

} // namespace

TEST_CASE("a record is read as it was written") {
    CHECK(parse_guard_record(format_guard_record(some_record())) == some_record());
    CHECK(parse_guard_record(format_guard_record({})) == GuardRecord{});
}

TEST_CASE("what a newer otk has added is passed over; what is missing or of another kind is an error that "
          "says it") {
    const std::string text = format_guard_record(some_record());
    CHECK(parse_guard_record("{ \"more\": [1], " + text.substr(1)) == some_record());
    for (const auto& each : std::vector<std::array<std::string, 3>>{
             {"{", "", "no JSON object"},
             {"\"version\": 1", "\"version\": 2", "another version"},
             {"\"mode\"", "\"mood\"", "there is no mode"},
             {"\"on\": true", "\"on\": 7", "on is of another type"},
             {"192.0.2.0/24", "192.0.2.0/33", "always_allow has '192.0.2.0/33'"},
             {"22/tcp", "0/tcp", "ports has '0/tcp'"},
             {"24,", "33,", "prefixes4 has 33"},
             {"64,", "-1,", "prefixes6 has 4294967295"}}) {
        const auto& [was, is, expected] = each;
        const std::string& says = expected; // clang 14 lets no lambda have a name of a structured binding
        CAPTURE(says);
        std::string changed = text;
        const auto at = changed.find(was);
        REQUIRE(at != std::string::npos);
        changed.replace(at, was.size(), is);
        CHECK(error_of([&] { (void)parse_guard_record(changed); }).find(says) != std::string::npos);
    }
}

TEST_CASE("policy.db's half: the decision, the ports of enabled open commands, the newest change") {
    Folder folder;
    const auto file = folder / "policy.db";
    PolicyStore store = PolicyStore::create(file, server_id, ledger_id);
    CHECK(guard_half_of(store) == policy_half(false, {}, store.newest_change()));
    store.add_command(command_that_opens("ssh", ssh_port, 24));
    store.set_command_enabled(store.add_command(command_that_opens("vpn", vpn_port)), false);
    store.add_command(command("other"));
    store.set_guard({true, at_second(2000)});
    const GuardRecord::OfPolicy found = guard_half_of(PolicyStore::open_for_reading(file));
    CHECK(found.decision == GuardDecision{true, at_second(2000)});
    CHECK(found.ports == GuardedPorts{{ssh_port}, {24, 32}, {128}});
    CHECK(found.change == store.newest_change());
}

TEST_CASE("a policy.db has lost a guard when it is older and would open a port of it") {
    CHECK_FALSE(has_lost(policy_half(false, {ssh_port}, 10), policy_half(true, {ssh_port}, 9),
                         this_moment)); // somebody has switched it off since
    CHECK_FALSE(has_lost(policy_half(true, {}, 10), policy_half(true, {ssh_port}, 10),
                         this_moment)); // nothing is older
    CHECK(has_lost(policy_half(false, {ssh_port}, 8), policy_half(true, {ssh_port}, 9), this_moment));
    CHECK(
        has_lost(policy_half(true, {ssh_port}, 8), policy_half(true, {ssh_port, vpn_port}, 9), this_moment));
    CHECK_FALSE(has_lost(policy_half(true, {ssh_port, vpn_port}, 8), policy_half(true, {ssh_port}, 9),
                         this_moment)); // older and tighter
    CHECK_FALSE(has_lost(policy_half(true, {}, 8), policy_half(false, {ssh_port}, 9), this_moment));
    GuardRecord::OfPolicy trial = policy_half(true, {ssh_port}, 9);
    trial.decision.trial_until = this_moment + std::chrono::seconds{1};
    CHECK(has_lost(policy_half(false, {}, 8), trial, this_moment));
    CHECK_FALSE(has_lost(policy_half(false, {}, 8), trial, *trial.decision.trial_until));
}

TEST_CASE("united: the ports of both, and the tighter decision") {
    GuardRecord::OfPolicy trial = policy_half(true, {ssh_port}, 9);
    trial.decision.trial_until = this_moment + std::chrono::seconds{1};
    CHECK(united(policy_half(false, {vpn_port}, 8), policy_half(true, {ssh_port}, 9), this_moment) ==
          policy_half(true, {ssh_port, vpn_port}, 8));
    CHECK(united(policy_half(false, {}, 8), trial, this_moment).decision == trial.decision);
    CHECK(united(policy_half(true, {}, 8), trial, this_moment).decision == GuardDecision{true, std::nullopt});
    CHECK(united(trial, policy_half(true, {}, 9), this_moment).decision == GuardDecision{true, std::nullopt});
}
