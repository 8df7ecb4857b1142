// The redirections of forwarding doors, in a table of their own (DESIGN 9): made when the first is needed.
#pragma once

#include "firewall/door_sets.h"
#include "firewall/ruleset.h"
#include "firewall/watch.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

namespace otk {

class Redirections {
  public:
    using Standing = std::function<std::vector<OpenDoor>()>; // all redirections that stand now
    // Throws Error where nfnetlink cannot be had. All outlive it.
    Redirections(RulesetWatch& watch, Standing standing);

    void add(const Door& door, std::uint16_t to, std::chrono::milliseconds how_long); // throws Error
    void remove(const Door& door);                                                    // throws Error
    // Puts the table back where somebody took it away. Throws Error.
    void check();
    // And removes it some time after the last redirection went: not before the last connection went through
    // it, because without any rule of its kind the kernel stops translating connections that live.
    void look_after();

    // What an earlier knockd has left redirects nobody any more; its connections live. Throws Error.
    static void forget_earlier(RulesetWatch& watch);

  private:
    void write();

    RulesetWatch& watch_;
    Standing standing_;
    DoorSets maps_;
    bool made_ = false;
    RulesetWatch::Table table_;
    std::uint32_t checked_ = 0;
    unsigned idle_looks_ = 0;
};

} // namespace otk
