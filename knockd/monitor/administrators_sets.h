// Doors in the administrator's own sets: [firewall] mode = "sets" (DESIGN 9).
#pragma once

#include "firewall/door_sets.h"
#include "firewall/ruleset.h"
#include "firewall/watch.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

namespace otk {

class AdministratorsSets {
  public:
    using Doors = std::function<std::vector<OpenDoor>()>; // those that are open now
    // Throws Error where nfnetlink cannot be had. All outlive it.
    AdministratorsSets(RulesetWatch& watch, SetNames names, Doors doors);

    void open(const Door& door, std::chrono::milliseconds how_long); // throws Error that says what is missing
    void close(const Door& door);                                    // throws Error
    // Opens the doors again in sets that were made anew, as when somebody loaded the ruleset again. Throws
    // Error.
    void check();

    [[nodiscard]] const SetNames& names() const { return sets_.names(); }

  private:
    RulesetWatch& watch_;
    Doors doors_;
    DoorSets sets_;
    RulesetWatch::Sets known_;
    std::uint32_t checked_ = 0;
};

} // namespace otk
