// TCP connections of this host, by the addresses and ports in their segments.
#pragma once

#include "net/address.h"
#include "policy/model.h"

#include <compare>
#include <cstdint>
#include <set>
#include <vector>

namespace otk {

struct Session {
    Address peer;
    std::uint16_t peer_port = 0;
    Address here;
    std::uint16_t port = 0;
    // NOLINTNEXTLINE(modernize-use-nullptr): the 0 is the compiler's own, in what it makes of this
    friend auto operator<=>(const Session&, const Session&) = default;
};

// Those that exist at these ports (of tcp), or are being made from them, except with hosts of `but_with`: by
// the kernel's list of sockets (sock_diag(7)), without those that only listen, that only a SYN has asked for,
// or that only wait for their end (TIME-WAIT). One that begins or ends meanwhile may be missing, and at times
// one that has its place in the list beside such a one. Throws Error.
[[nodiscard]] std::set<Session> existing_sessions(const std::set<Service>& services,
                                                  const std::vector<Network>& but_with);

} // namespace otk
