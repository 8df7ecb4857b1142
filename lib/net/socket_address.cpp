#include "net/socket_address.h"

#include <array>
#include <cstring>

namespace otk {

int socket_family(const Address& address) { return address.family() == Family::ipv4 ? AF_INET : AF_INET6; }

SocketAddress socket_address(const Address& address, std::uint16_t port, std::uint32_t scope) {
    SocketAddress made;
    if (address.family() == Family::ipv4) {
        sockaddr_in ipv4{};
        ipv4.sin_family = AF_INET;
        ipv4.sin_port = htons(port);
        std::memcpy(&ipv4.sin_addr, address.bytes().data(), address.bytes().size());
        std::memcpy(&made.storage, &ipv4, sizeof ipv4);
        made.size = sizeof ipv4;
    } else {
        sockaddr_in6 ipv6{};
        ipv6.sin6_family = AF_INET6;
        ipv6.sin6_port = htons(port);
        ipv6.sin6_scope_id = scope;
        std::memcpy(&ipv6.sin6_addr, address.bytes().data(), address.bytes().size());
        std::memcpy(&made.storage, &ipv6, sizeof ipv6);
        made.size = sizeof ipv6;
    }
    return made;
}

Address address_of(const sockaddr* address) {
    if (address == nullptr) return {};
    if (address->sa_family == AF_INET) {
        std::array<std::uint8_t, 4> bytes{};
        std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, bytes.size());
        return Address::ipv4(bytes);
    }
    if (address->sa_family == AF_INET6) {
        std::array<std::uint8_t, 16> bytes{};
        std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, bytes.size());
        return Address::ipv6(bytes);
    }
    return {};
}

} // namespace otk
