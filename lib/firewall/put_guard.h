// Arming the guard, as knockd and `knockmgr guard arm` do it.
#pragma once

#include "firewall/ruleset.h"
#include "firewall/session_sets.h"
#include "firewall/watch.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace otk {

// In place of the guard that is there, so that the doors in it stay open; from nothing, with `doors`, where
// there is none or another thing under its name. Sessions that exist live on. Returns "", or what kept it
// from noting these though the guard stands: then those that are older than it end. Throws Error.
[[nodiscard]] std::string put_guard(RulesetWatch& watch, SessionSets& sessions, const GuardPlan& plan,
                                    std::optional<std::chrono::milliseconds> trial,
                                    const std::vector<OpenDoor>& doors);
// Likewise, from nothing in any case.
[[nodiscard]] std::string put_guard_anew(SessionSets& sessions, const GuardPlan& plan,
                                         std::optional<std::chrono::milliseconds> trial,
                                         const std::vector<OpenDoor>& doors);

} // namespace otk
