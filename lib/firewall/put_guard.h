// Arming the guard, as knockd and `knockmgr guard arm` do it.
#pragma once

#include "firewall/ruleset.h"
#include "firewall/watch.h"

#include <chrono>
#include <optional>
#include <vector>

namespace otk {

// In place of the guard that is there, so that the doors in it stay open; from nothing, with `doors`, where
// there is none or another thing under its name. Throws Error.
void put_guard(RulesetWatch& watch, const GuardPlan& plan, std::optional<std::chrono::milliseconds> trial,
               const std::vector<OpenDoor>& doors);

} // namespace otk
