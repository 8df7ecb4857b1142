#include "knockgen/destination.h"

#include "base/fd.h"
#include "base/promise.h"
#include "base/standard_streams.h"
#include "base/text.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fmt/format.h>

namespace otk {
namespace {

struct FreeAddresses {
    void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Addresses look_up(const std::string& host) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo* found = nullptr;
    const int failure = getaddrinfo(host.c_str(), nullptr, &hints, &found);
    if (failure == EAI_SYSTEM) throw system_error(fmt::format("cannot look up {}", printable(host)));
    if (failure != 0) {
        throw Error(fmt::format("{} has no address ({}); is the network there, and the name right?",
                                printable(host), gai_strerror(failure)));
    }
    return Addresses(found);
}

std::uint32_t scope_of(const sockaddr* address) {
    if (address->sa_family != AF_INET6) return 0;
    sockaddr_in6 ipv6{};
    std::memcpy(&ipv6, address, sizeof ipv6);
    return ipv6.sin6_scope_id;
}

// A datagram socket that is connected sends nothing, but the system must know the way.
std::optional<Address> own_towards(const Target& target) {
    constexpr std::uint16_t any_port = 62201;
    const Fd fd(socket(socket_family(target.address), SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd) return std::nullopt;
    const SocketAddress there = socket_address(target.address, any_port, target.scope);
    if (connect(fd.get(), there.get(), there.size) != 0) return std::nullopt;
    sockaddr_storage own{};
    socklen_t size = sizeof own;
    if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&own), &size) != 0) return std::nullopt;
    return address_of(reinterpret_cast<const sockaddr*>(&own));
}

bool in_any(const Address& address, std::initializer_list<std::string_view> networks) {
    return std::any_of(networks.begin(), networks.end(), [&](std::string_view text) {
        const auto network = Network::parse(text);
        promise(network.has_value(), "the networks of this list are well formed");
        return network->contains(address);
    });
}

// Connecting to it leads to this machine.
bool unspecified(const Address& address) { return in_any(address, {"0.0.0.0/32", "::/128"}); }

} // namespace

void check_host(const std::string& host) {
    const auto address = Address::parse(host.substr(0, host.find('%')));
    in_addr number{};
    const bool short_form = !address && inet_aton(host.c_str(), &number) != 0;
    if (!short_form && !(address && unspecified(*address))) return;
    throw Error(fmt::format("host={} is {}, and no knock is sent there. Ask your administrator for a new "
                            "line (knockmgr grant profile USER COMMAND --host NAME)",
                            printable(host),
                            short_form ? "no name, and no address in full (four numbers, as in 192.0.2.1)"
                                       : "the unspecified address, which is no server's"));
}

std::vector<Target> resolve(const std::string& host) {
    check_host(host);
    const Addresses found = look_up(host);
    std::vector<Target> targets;
    std::string unreachable;
    for (const addrinfo* each = found.get(); each != nullptr; each = each->ai_next) {
        Target target{address_of(each->ai_addr), scope_of(each->ai_addr), {}};
        const bool family_is_there = std::any_of(targets.begin(), targets.end(), [&](const Target& other) {
            return other.address.family() == target.address.family();
        });
        if (target.address.empty() || unspecified(target.address) || family_is_there) continue;
        target.own = own_towards(target);
        if (target.own)
            targets.push_back(target);
        else
            unreachable += (unreachable.empty() ? "" : ", ") + target.address.text();
    }
    if (targets.empty()) {
        throw Error(fmt::format("this system knows no way to {} ({}); is the network there?", printable(host),
                                unreachable.empty() ? "no address" : unreachable));
    }
    return targets;
}

void warn_of_loopback(const std::string& host, const std::vector<Target>& targets) {
    if (Address::parse(host)) return;
    const auto own = std::find_if(targets.begin(), targets.end(), [](const Target& each) {
        return in_any(each.address, {"127.0.0.0/8", "::1/128"});
    });
    if (own == targets.end()) return;
    tell("knockgen: warning: {} leads to this machine itself ({}). If the server is another one, the "
         "profile has too short a name of it: ask your administrator for a new line (knockmgr grant "
         "profile USER COMMAND --host NAME)\n",
         printable(host), own->address.text());
}

bool private_address(const Address& address) {
    return in_any(address, {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", // RFC 1918
                            "100.64.0.0/10",                                 // RFC 6598
                            "169.254.0.0/16", "fe80::/10",                   // RFC 3927, RFC 4291
                            "fc00::/7",                                      // RFC 4193
                            "127.0.0.0/8", "::1/128"});
}

OwnAddress own_address_for(const Target& target) {
    const Address own = target.own.value_or(Address());
    if (!own.usable()) {
        return {{},
                fmt::format("towards {} this machine has {}, at which nobody else can reach it",
                            target.address.text(), own.text())};
    }
    if (private_address(own) && !private_address(target.address)) {
        return {{},
                fmt::format("towards {} this machine has {}, and a router on the way replaces such a "
                            "private address by a public one that is not known here",
                            target.address.text(), own.text())};
    }
    return {own, {}};
}

} // namespace otk
