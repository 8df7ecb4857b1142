#include "knockd/monitor/door_socket.h"

#include "base/promise.h"
#include "net/socket_address.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <linux/filter.h>
#include <linux/if_ether.h>

#include <fmt/format.h>

namespace otk {

namespace {

constexpr unsigned further_ports = 8;
constexpr int waiting_connections = 64; // handshakes done that the relay has not taken up yet

Address every_address(Family family) {
    if (family == Family::ipv4) return Address::ipv4(std::array<std::uint8_t, 4>{});
    return Address::ipv6(std::array<std::uint8_t, 16>{});
}

void set(const Fd& socket, int level, int name, int value) {
    if (setsockopt(socket.get(), level, name, &value, sizeof value) != 0) {
        throw system_error("cannot prepare the socket of a forwarding door");
    }
}

bool bound(const Fd& socket, Family family, std::uint16_t port) {
    const SocketAddress here = socket_address(every_address(family), port);
    if (bind(socket.get(), here.get(), here.size) == 0) return true;
    if (errno == EADDRINUSE) return false;
    throw system_error(fmt::format("cannot bind TCP port {} for a forwarding door", port));
}

struct Made {
    Fd socket;
    Family family{}; // of what it is bound to
};

// Family none: both; on a host that knows IPv4 only that is what everybody comes by. Throws Error.
Made make_socket(Family family) {
    constexpr int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    if (family != Family::ipv4) {
        if (Fd ipv6(socket(AF_INET6, type, 0)); ipv6) {
            set(ipv6, IPPROTO_IPV6, IPV6_V6ONLY, family == Family::ipv6 ? 1 : 0);
            return {std::move(ipv6), Family::ipv6};
        }
    }
    Fd ipv4(family == Family::ipv6 ? -1 : socket(AF_INET, type, 0));
    if (!ipv4) throw system_error("cannot make the socket of a forwarding door");
    return {std::move(ipv4), Family::ipv4};
}

// One instruction of the filter language; a jump is relative to the one that follows it.
sock_filter instruction(int code, std::uint32_t operand, std::size_t if_true = 0, std::size_t if_false = 0) {
    return {static_cast<std::uint16_t>(code), static_cast<std::uint8_t>(if_true),
            static_cast<std::uint8_t>(if_false), operand};
}

std::uint32_t relative_to(int base, std::size_t offset) {
    return static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(offset);
}

// "From this source: take it." Falls through to what follows otherwise. The filter of a TCP socket begins at
// the TCP header; what stands before it is reached by SKF_NET_OFF (linux/filter.h).
std::vector<sock_filter> take_from(const Address& address) {
    constexpr std::size_t source_in_ipv4 = 12; // RFC 791 section 3.1
    constexpr std::size_t source_in_ipv6 = 8;  // RFC 8200 section 3
    const bool ipv4 = address.family() == Family::ipv4;
    const std::size_t words = address.bytes().size() / 4;
    std::vector<sock_filter> code;
    code.push_back(instruction(BPF_LD | BPF_W | BPF_ABS, relative_to(SKF_AD_OFF, SKF_AD_PROTOCOL)));
    code.push_back(instruction(BPF_JMP | BPF_JEQ | BPF_K, ipv4 ? ETH_P_IP : ETH_P_IPV6, 0, 2 * words + 1));
    for (std::size_t word = 0; word < words; ++word) {
        const std::size_t offset = (ipv4 ? source_in_ipv4 : source_in_ipv6) + 4 * word;
        const Bytes bytes = address.bytes().subspan(4 * word, 4);
        const std::uint32_t value = std::uint32_t{bytes[0]} << 24U | std::uint32_t{bytes[1]} << 16U |
                                    std::uint32_t{bytes[2]} << 8U | bytes[3];
        code.push_back(instruction(BPF_LD | BPF_W | BPF_ABS, relative_to(SKF_NET_OFF, offset)));
        code.push_back(instruction(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 2 * (words - word) - 1));
    }
    code.push_back(instruction(BPF_RET | BPF_K, ~0U));
    return code;
}

} // namespace

std::vector<std::uint16_t> ports_to_try(std::uint16_t wanted, const PortRange& range) {
    if (wanted < range.low || wanted > range.high) {
        throw Error(
            fmt::format("port {} is not one of [forward] ports, {}-{}", wanted, range.low, range.high));
    }
    const unsigned size = range.high - range.low + 1U;
    std::vector<std::uint16_t> ports;
    for (unsigned further = 0; further <= std::min(further_ports, size - 1); ++further) {
        ports.push_back(static_cast<std::uint16_t>(range.low + (wanted - range.low + further) % size));
    }
    return ports;
}

void let_in_only(const Fd& listener, const std::vector<Address>& addresses) {
    std::vector<sock_filter> code;
    for (const Address& address : addresses) {
        const auto one = take_from(address);
        code.insert(code.end(), one.begin(), one.end());
    }
    code.push_back(instruction(BPF_RET | BPF_K, 0));
    const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
    if (setsockopt(listener.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0) {
        throw system_error("cannot keep strangers from a forwarding door (SO_ATTACH_FILTER)");
    }
    set(listener, SOL_SOCKET, SO_LOCK_FILTER, 1);
}

std::optional<Fd> listen_at(std::uint16_t port, Family wanted, const std::vector<Address>& only_for) {
    auto [listener, family] = make_socket(wanted);
    // Connections of an earlier door at this port may live on.
    set(listener, SOL_SOCKET, SO_REUSEADDR, 1);
    if (!only_for.empty()) let_in_only(listener, only_for);
    if (!bound(listener, family, port)) return std::nullopt;
    if (listen(listener.get(), waiting_connections) == 0) return std::move(listener);
    if (errno == EADDRINUSE) return std::nullopt; // two may be bound to a port, one may listen
    throw system_error(fmt::format("cannot listen at TCP port {} for a forwarding door", port));
}

std::optional<Fd> keep_port(std::uint16_t port, Family family) {
    auto [kept, its_family] = make_socket(family);
    if (!bound(kept, its_family, port)) return std::nullopt;
    return std::move(kept);
}

} // namespace otk
