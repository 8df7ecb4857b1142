#include "knockd/capture/bind.h"

#include "knockd/capture/port_owner.h"
#include "net/socket_address.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/filter.h>
#include <memory>
#include <net/if.h>

#include <fmt/format.h>

namespace otk {

namespace {

// The address of an interface; none for families other than IP.
ServerAddress server_address_of(const sockaddr* address) {
    const bool ipv6 = address != nullptr && address->sa_family == AF_INET6;
    return {address_of(address), ipv6 ? reinterpret_cast<const sockaddr_in6*>(address)->sin6_scope_id : 0};
}

bool captured(const message::CaptureSetup& setup, std::string_view interface) {
    for (std::size_t i = 0; i < setup.interface_count; ++i) {
        if (setup.interfaces[i].view() == "any" || setup.interfaces[i].view() == interface) return true;
    }
    return false;
}

int bind_to(int fd, const ServerAddress& wanted) {
    const SocketAddress address = socket_address(wanted.address, dns_port, wanted.scope);
    return bind(fd, address.get(), address.size);
}

} // namespace

bool drop_everything(int fd) {
    sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
    const sock_fprog program{1, &drop};
    const int on = 1;
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on) == 0;
}

Fd among_sending(Fd socket) { return Fd(fcntl(socket.get(), F_DUPFD_CLOEXEC, lowest_sending_fd)); }

std::vector<ServerAddress> server_addresses(const message::CaptureSetup& setup) {
    std::vector<ServerAddress> addresses;
    for (std::size_t i = 0; i < setup.listen_count; ++i)
        addresses.push_back({setup.listen[i], 0});
    if (!addresses.empty()) return addresses;

    ifaddrs* list = nullptr;
    if (getifaddrs(&list) != 0) throw system_error("addresses of this host");
    const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, freeifaddrs);
    for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
        const ServerAddress found = server_address_of(each->ifa_addr);
        const bool wanted =
            !found.address.empty() && !found.address.loopback() && captured(setup, each->ifa_name);
        if (wanted && !(each->ifa_flags & IFF_LOOPBACK)) addresses.push_back(found);
    }
    return addresses;
}

Result<Fd, std::string> bind_for_sending(const ServerAddress& wanted) {
    const bool v4 = wanted.address.family() == Family::ipv4;
    Fd fd(socket(socket_family(wanted.address), SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    // An address that is being checked for duplicates, or is not there yet, can be bound all the same.
    const bool bound = fd && setsockopt(fd.get(), SOL_IP, IP_FREEBIND, &on, sizeof on) == 0 &&
                       (v4 || setsockopt(fd.get(), SOL_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
                       drop_everything(fd.get()) && bind_to(fd.get(), wanted) == 0;
    if (bound) {
        Fd moved = among_sending(std::move(fd));
        if (moved) return moved;
    }
    const int error = errno;
    std::string why =
        fmt::format("dns: cannot bind UDP port 53 of {}: {}", wanted.address.text(), std::strerror(error));
    if (error == EADDRINUSE) {
        why += fmt::format(
            " by {}; stop it, move it to another address, name the addresses to use in [dns] listen, "
            "or set answer = false and let it answer for the zone",
            owner_of_udp_port(wanted.address, dns_port));
    }
    return why;
}

} // namespace otk
