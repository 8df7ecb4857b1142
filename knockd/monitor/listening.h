// Who listens for TCP connections on this host, as the kernel tells (sock_diag(7)), and what that means for a
// forwarding door.
#pragma once

#include "net/address.h"
#include "policy/model.h"

#include <cstdint>
#include <vector>

namespace otk {

struct TcpListener {
    Address address;            // 0.0.0.0 or :: for every address
    bool both_families = false; // only with ::, which may take IPv4 too
    std::uint32_t owner = 0;    // user id
    friend bool operator==(const TcpListener&, const TcpListener&) = default;
};

// All at this port. Throws Error where the kernel does not tell, as without its module tcp_diag.
[[nodiscard]] std::vector<TcpListener> listeners_at(std::uint16_t port);

// May a connection of `user` to the door simply be redirected to the port of `target`, which is an address of
// this host: will it meet the same service there. So it must be one that listens at every address, of the
// target's family as well as of the user's, and of the same owner in both.
[[nodiscard]] bool same_service(const std::vector<TcpListener>& at_target_port, const Address& target,
                                const Address& user);

// Loopback, or an address of one of the interfaces. Throws Error.
[[nodiscard]] bool of_this_host(const Address& address);

} // namespace otk
