// What the monitor must be able to do as root (capabilities(7)). A container, or a unit that bounds it, gives
// it less than all. What is missing is told in one line before anything is started: the helpers would fail
// one after the other, and be started again and again.
#pragma once

#include "store/policy_store.h"

#include <functional>
#include <string>

namespace otk {

using HasCapability = std::function<bool(int capability)>; // CAP_*

// "" when there is all without which knockd cannot serve; else one line: what is missing, what it is for, and
// how it is given. The capability for doors is not among them.
[[nodiscard]] std::string want_of_capabilities(const HasCapability& has);

// Throws Error with that line, and where a capability is there but counts for nothing: no packet socket can
// be had.
void must_be_able_to_serve();

// Whether anything needs the firewall to be changed: commands that open ports, or the guard. Throws Error.
[[nodiscard]] bool opens_doors(const PolicyStore& policy);

} // namespace otk
