// The text of the rules that otk writes, for the program nft (see nft.h), and of those that it asks an
// administrator to write (DESIGN 9). nft(8) is the source of every word in them.
#pragma once

#include "firewall/door_sets.h"
#include "firewall/sessions.h"
#include "net/address.h"
#include "policy/guarded_ports.h"

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace otk {

// The names of our own tables, and of what is in them.
inline const std::string guard_table = "otk";
inline const std::string forward_table = "otk_forward";
[[nodiscard]] const SetNames& guard_sets();     // of guard_table
[[nodiscard]] const SetNames& guard_sessions(); // likewise
[[nodiscard]] const SetNames& forward_maps();   // of forward_table

// What a guard has to do. Two that are equal have the same rules.
struct GuardPlan : GuardedPorts {
    std::vector<Network> always_allow;
    // Something else on this host translates destination addresses (containers, mostly), so that connections
    // are tracked anyway: those that were translated and exist pass.
    bool translation = false;
    friend bool operator==(const GuardPlan&, const GuardPlan&) = default;
};

// A door that is open for so long from now on.
struct OpenDoor {
    Door door;
    std::uint16_t to = 0; // of a redirection
    std::chrono::milliseconds left{};
};

// How many sessions of a family it can let live. nft puts so many in about a second; four times as many took
// a busy machine longer than run_nft() waits, and the guard would not have been armed. The kernel has memory
// for those only that there are.
inline constexpr std::size_t most_sessions = 32768;

// The guard, in place of one that is there already: doors, sessions and exchanges that it knows stay.
// `trial`: the kernel itself ends the guard after this time, because then the guarded ports are forgotten.
// `sessions` live on; what is more than most_sessions is left out. With `anew` the table is made from
// nothing, with these doors.
[[nodiscard]] std::string guard_ruleset(const GuardPlan& plan, std::optional<std::chrono::milliseconds> trial,
                                        const std::set<Session>& sessions);
[[nodiscard]] std::string guard_ruleset_anew(const GuardPlan& plan,
                                             std::optional<std::chrono::milliseconds> trial,
                                             const std::set<Session>& sessions,
                                             const std::vector<OpenDoor>& doors);
// How much of it there is in the kernel then.
inline constexpr std::size_t guard_chains = 4;
[[nodiscard]] std::size_t guard_rules(const GuardPlan& plan);

// Redirections of forwarding doors, from nothing.
[[nodiscard]] std::string forward_maps_emptied(); // of a table that is there
[[nodiscard]] std::string forward_ruleset_anew(const std::vector<OpenDoor>& redirections);
// Ends it all; there need not be such a table.
[[nodiscard]] std::string without_table(const std::string& table);

// mode "sets": what an administrator's ruleset needs for an `open` command, with a comment.
[[nodiscard]] std::string lines_for_sets(const SetNames& names, const Command& command);

} // namespace otk
