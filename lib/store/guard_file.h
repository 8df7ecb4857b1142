// What the guard needs when nobody can ask the configuration (DESIGN 9): STATE/monitor/guard.json, root's
// own. knockd writes down there what it has accepted of otk.toml, and what it knows of policy.db; knockmgr
// arms the guard by it at boot. So neither a slip in otk.toml nor a policy.db that cannot be read opens a
// port.
#pragma once

#include "net/address.h"
#include "policy/guarded_ports.h"
#include "store/policy_store.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace otk {

inline constexpr std::size_t largest_guard_record = 1U << 20U; // bytes; far more than is ever written

struct GuardRecord {
    struct OfConfig {               // of otk.toml, as it was accepted
        std::string mode = "guard"; // [firewall] mode; there is a guard in "guard" alone
        std::vector<Network> always_allow;
        std::vector<std::string> alert; // [alerts] command where guard-lost is wanted, else empty
        std::string alert_as;           // [alerts] run_as
        friend bool operator==(const OfConfig&, const OfConfig&) = default;
    } config;
    struct OfPolicy { // of policy.db
        GuardDecision decision;
        GuardedPorts ports;
        std::int64_t change = 0; // the newest one when the rest became as it is
        friend bool operator==(const OfPolicy&, const OfPolicy&) = default;
    } policy;

    [[nodiscard]] bool guards() const { return config.mode == "guard"; }
    friend bool operator==(const GuardRecord&, const GuardRecord&) = default;
};

[[nodiscard]] GuardRecord::OfPolicy guard_half_of(const PolicyStore& policy); // throws Error

// Is the guard of this decision to stand now: not where a trial is over.
[[nodiscard]] bool in_force(const GuardDecision& decision, Time now);
// Has policy.db lost what the record knows: it is older, and would end a guard or open a port of it.
[[nodiscard]] bool has_lost(const GuardRecord::OfPolicy& policy, const GuardRecord::OfPolicy& known,
                            Time now);
// The guard of both: what either shuts is shut, and a trial is one only where neither knows of a
// confirmation.
[[nodiscard]] GuardRecord::OfPolicy united(const GuardRecord::OfPolicy& policy,
                                           const GuardRecord::OfPolicy& known, Time now);

[[nodiscard]] std::string format_guard_record(const GuardRecord& record); // JSON
// What is unknown is passed over, so that an older otk reads what a newer one wrote. Throws Error that says
// what is wrong with the text.
[[nodiscard]] GuardRecord parse_guard_record(std::string_view text);

} // namespace otk
