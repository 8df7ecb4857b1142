// What the guard shuts for all who have not knocked (DESIGN 9).
#pragma once

#include "policy/model.h"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace otk {

struct GuardedPorts {
    std::set<Service> services;
    // How much of an address the doors in them may let in: whole ones, and those of the commands.
    std::set<std::uint8_t> prefixes4{32};
    std::set<std::uint8_t> prefixes6{128};
    friend bool operator==(const GuardedPorts&, const GuardedPorts&) = default;
};

// Those of the enabled `open` commands.
[[nodiscard]] GuardedPorts guarded_ports(const std::vector<Command>& commands);
void add(GuardedPorts& ports, const GuardedPorts& more);
[[nodiscard]] bool includes(const GuardedPorts& all,
                            const GuardedPorts& some);           // as far as they shut something
[[nodiscard]] std::string ports_text(const GuardedPorts& ports); // "22/tcp, 53/udp"; "none"

} // namespace otk
