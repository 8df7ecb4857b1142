// Addresses as the socket calls of the system want them.
#pragma once

#include "net/address.h"

#include <netinet/in.h>
#include <sys/socket.h>

namespace otk {

[[nodiscard]] int socket_family(const Address& address); // AF_INET or AF_INET6

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;
    [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};
// `scope`: the interface's index, for IPv6 addresses that are unique on a link only; else 0.
[[nodiscard]] SocketAddress socket_address(const Address& address, std::uint16_t port,
                                           std::uint32_t scope = 0);

// None for a family that is not IP, and for no address at all. An IPv4 peer of a socket of both families is
// IPv4.
[[nodiscard]] Address address_of(const sockaddr* address);

} // namespace otk
