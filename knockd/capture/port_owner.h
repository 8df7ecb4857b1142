// Who holds a UDP port: for the error message when ours is taken.
#pragma once

#include "net/address.h"

#include <cstdint>
#include <string>

namespace otk {

// "named (pid 812)", or "another program" when it cannot be told (no /proc, not root). `address` may also be
// held by way of the wildcard address. Never throws for what /proc lacks.
[[nodiscard]] std::string owner_of_udp_port(const Address& address, std::uint16_t port);

} // namespace otk
