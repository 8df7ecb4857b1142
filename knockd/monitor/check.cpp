#include "knockd/monitor/check.h"

#include "base/standard_streams.h"
#include "firewall/watch.h"
#include "knockd/capture/bind.h"
#include "knockd/capture/port_owner.h"
#include "knockd/monitor/abilities.h"
#include "knockd/monitor/descriptors.h"
#include "knockd/monitor/mark.h"
#include "knockd/monitor/setup.h"
#include "otp/algorithm.h"
#include "store/policy_store.h"
#include "sys/descriptor_limit.h"
#include "sys/privileges.h"

#include <functional>
#include <net/if.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace otk {

namespace {

// One thing that must be so: prints "ok" or what is wrong.
bool must(const std::string& what, const std::function<void()>& test) {
    try {
        test();
        put("ok       {}\n", what);
        return true;
    } catch (const std::exception& error) {
        put("MISSING  {}: {}\n", what, error.what());
        return false;
    }
}

void must_be_interface(const std::string& name) {
    if (name != "any" && if_nametoindex(name.c_str()) == 0)
        throw Error("there is no interface " + name + " now");
}

void must_be_account(const std::string& name) {
    const auto account = find_account(name);
    if (!account) throw Error("there is no user " + name + "; `knockmgr init` says how to make it");
    if (account->uid == 0 || account->gid == 0)
        throw Error("user " + name + " is root or in root's group; name one without any power");
}

// Two helpers of one account could read each other's memory: one hole would be as good as two.
void must_be_apart(const Config& config) {
    const auto& users = config.users;
    if (users.validate == users.capture || users.validate == users.forward || users.capture == users.forward)
        throw Error("[users] names one account for two helpers; each needs its own");
}

void must_have_ledger(const Places& places) {
    if (access(places.ledger_db.c_str(), F_OK) != 0) throw system_error(places.ledger_db.string());
}

// The newest one, which is what profiles are made with. Only root can see the files.
void must_have_server_key(const Places& places) {
    const auto keys = PolicyStore::open_for_reading(places.policy_db).server_keys();
    if (keys.empty() || !in_force(keys.back(), SystemClock().now()))
        throw Error("none is in force; `knockmgr key rotate` makes one");
    const auto file = places.server_keys / fmt::format("{}.key", keys.back().id);
    if (access(file.c_str(), F_OK) != 0) throw system_error(file.string());
}

// Knocks work without it, so that it is no reason not to serve.
void warn_about_metrics(const Config& config) {
    if (config.metrics.file.empty()) return;
    const std::filesystem::path folder = config.metrics.file.parent_path();
    std::string trouble;
    struct stat found {};
    if (stat(folder.c_str(), &found) != 0)
        trouble = system_error(folder.string()).what();
    else if (!S_ISDIR(found.st_mode))
        trouble = folder.string() + " is not a folder";
    else if (geteuid() == 0 &&
             access(folder.c_str(), W_OK) != 0) // others than root: it is not they who write
        trouble = system_error("cannot write in " + folder.string()).what();
    if (trouble.empty())
        put("ok       metrics file {}\n", config.metrics.file.string());
    else
        put("WARNING  metrics file {}: {}; nothing will be written\n", config.metrics.file.string(), trouble);
}

// Without it knocks that run programs work all the same.
bool may_open_doors(const Config& config, const Places& places) {
    if (config.firewall.mode == FirewallMode::none) return true;
    const std::string what = fmt::format("firewall, in mode {}", name_of(config.firewall.mode));
    const auto test = [] { (void)RulesetWatch(); };
    bool needed = true;
    try {
        needed = opens_doors(PolicyStore::open_for_reading(places.policy_db));
    } catch (const Error&) {
        needed = false; // told above
    }
    if (needed) return must(what, test);
    try {
        test();
        put("ok       {}\n", what);
    } catch (const Error& error) {
        put("WARNING  {}: {}\n", what, error.what());
    }
    return true;
}

// Where one of ours has the port already, a running knockd answers.
bool held_by_us(const ServerAddress& address) {
    return owner_of_udp_port(address.address, 53).starts_with("knockd-capture (");
}

// The other carriers work without it, so that it is no reason not to serve.
void warn_about_dns(const Config& config, const Places& places) {
    if (!config.dns.enabled || config.dns.zones.empty() || !config.dns.answer) return;
    if (geteuid() != 0) return put("skipped  UDP port 53: only root can try to bind it\n");
    std::size_t free = 0;
    std::size_t taken = 0;
    for (const ServerAddress& address : server_addresses(capture_setup(config, places, false))) {
        const auto bound = bind_for_sending(address);
        if (bound || held_by_us(address)) {
            ++free;
            continue;
        }
        ++taken;
        put("WARNING  {}\n", bound.reason());
    }
    if (free > 0) put("ok       UDP port 53 of {} address(es)\n", free);
    if (free + taken == 0)
        put("WARNING  dns: the interfaces have no address now at whose UDP port 53 to answer\n");
}

void say_firewall_needs(const Config& config) {
    put("\nA firewall in front of this server (a cloud's security group) must let in, from everywhere:\n");
    if (config.udp.enabled) {
        for (const std::uint16_t port : config.udp.ports)
            put("  UDP port {}\n", port);
    }
    if (config.dynamic.enabled)
        put("  UDP port {} for dynamic mode, and let the answers out; and TCP connection attempts to every "
            "port from 1024 on, which are looked at and not answered\n",
            config.dynamic.port);
    if (config.icmp.enabled) put("  ICMP echo requests (type 8) and ICMPv6 echo requests (type 128)\n");
    if (config.dns.enabled && !config.dns.zones.empty()) put("  UDP port 53, and let the answers out\n");
    put("This host's own firewall may drop all of that: packets are read before it looks at them.\n");
}

void say_delegations(const Config& config) {
    if (!config.dns.enabled || config.dns.zones.empty()) return;
    put("\nThe parent zone must delegate (write the server's public addresses for ADDRESS):\n");
    for (const Zone& zone : config.dns.zones) {
        const std::string server = config.dns.ns.empty() ? "ns." + zone.text() : config.dns.ns;
        put("  {}.  3600  IN  NS    {}.\n", zone.text(), server);
        const bool inside = server == zone.text() || server.ends_with("." + zone.text());
        if (inside) put("  {}.  3600  IN  A     ADDRESS      ; and AAAA, if it has IPv6\n", server);
    }
}

} // namespace

void must_be_usable(const Config& config, const Places& places) {
    (void)capture_setup(config, places, false);
    for (const std::string& name : config.capture.interfaces)
        must_be_interface(name);
    must_have_accounts(config);
}

void must_have_accounts(const Config& config) {
    must_be_account(config.users.validate);
    must_be_account(config.users.capture);
    must_be_apart(config);
    (void)state_readers(config);
}

int check(const Config& config, const Places& places) {
    bool well = true;
    put("ok       configuration {}\n", places.config.string());
    for (const char* program : {"knockd-capture", "knockd-validate", "knockd-forward"}) {
        well &= must(std::string("program ") + program, [&] { (void)helper_program(program); });
    }
    well &= must("names and paths of bearable length", [&] { (void)capture_setup(config, places, false); });
    for (const std::string& name : config.capture.interfaces) {
        well &= must("interface " + name, [&] { must_be_interface(name); });
    }
    well &= must(fmt::format("limit of open files: {} may be needed", descriptors_needed(config)), [&] {
        const std::string trouble = want_of_descriptors(config, hard_descriptor_limit());
        if (!trouble.empty()) throw Error(trouble);
    });
    if (!config.state.readable_by.empty())
        well &= must("group " + config.state.readable_by, [&] { (void)state_readers(config); });
    bool older = false;
    well &= must("policy (made by `knockmgr init`)", [&] {
        older = PolicyStore::is_older(places.policy_db);
        if (!older) (void)PolicyStore::open_for_reading(places.policy_db);
    });
    if (older) put("skipped  what stands in the policy: knockd brings it up to date when it starts\n");
    if (geteuid() == 0) {
        well &= must("capabilities to serve", must_be_able_to_serve);
        well &= may_open_doors(config, places);
        well &= must("user " + config.users.validate, [&] { must_be_account(config.users.validate); });
        well &= must("user " + config.users.capture, [&] { must_be_account(config.users.capture); });
        well &= must("user " + config.users.forward, [&] { must_be_account(config.users.forward); });
        well &= must("an account for each helper", [&] { must_be_apart(config); });
        well &= must("ledger (made by `knockmgr init`)", [&] { must_have_ledger(places); });
        well &= must("mark", [&] { (void)Mark(places.mark); });
        if (config.dynamic.enabled && !older)
            well &= must("server key of dynamic mode", [&] { must_have_server_key(places); });
        // Only its own account reads the ledger, by a program that has libcrypto.
        put("skipped  whether the ledger has the marked row: `knockmgr status` compares them\n");
    } else {
        put("skipped  capabilities, firewall, users, ledger and mark: only root can see them\n");
    }
    warn_about_metrics(config);
    warn_about_dns(config, places);
    say_firewall_needs(config);
    say_delegations(config);
    if (!well) put("\nNot ready to serve: see MISSING above.\n");
    return well ? 0 : 1;
}

} // namespace otk
