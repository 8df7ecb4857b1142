#include "knockd/capture/replying.h"

#include "knockd/capture/bind.h"
#include "net/socket_address.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::size_t udp_header = 8;

// What came in before the filter was there is thrown away.
Fd open_raw(int family, std::vector<std::string>& troubles) {
    Fd fd(socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP));
    if (fd && drop_everything(fd.get())) {
        std::array<std::uint8_t, 1> byte{};
        while (recv(fd.get(), byte.data(), byte.size(), MSG_DONTWAIT) >= 0) {
        }
        Fd moved = among_sending(std::move(fd));
        if (moved) return moved;
    }
    troubles.push_back(fmt::format(
        "dynamic: no raw {} socket can be had: {}; requests over {} are accepted, but their "
        "clients do not learn the port",
        family == AF_INET ? "IPv4" : "IPv6", std::strerror(errno), family == AF_INET ? "IPv4" : "IPv6"));
    return {};
}

void append_u16(std::vector<std::uint8_t>& to, std::size_t number) {
    to.push_back(static_cast<std::uint8_t>(number >> 8U));
    to.push_back(static_cast<std::uint8_t>(number));
}

void append(std::vector<std::uint8_t>& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

// RFC 1071.
std::uint16_t checksum(Bytes bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
        const std::uint32_t low = i + 1 < bytes.size() ? bytes[i + 1] : 0;
        sum += static_cast<std::uint32_t>(bytes[i]) << 8U | low;
    }
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16U);
    return static_cast<std::uint16_t>(~sum);
}

// The address that the packet comes from, as a control message.
template <typename Info>
void put_info(msghdr& header, int level, int type, const Info& info) {
    cmsghdr* control = CMSG_FIRSTHDR(&header);
    control->cmsg_level = level;
    control->cmsg_type = type;
    control->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(control), &info, sizeof info);
    header.msg_controllen = CMSG_SPACE(sizeof info);
}

void put_source(msghdr& header, const Address& from) {
    if (from.family() == Family::ipv4) {
        in_pktinfo info{};
        std::memcpy(&info.ipi_spec_dst, from.bytes().data(), sizeof info.ipi_spec_dst);
        put_info(header, IPPROTO_IP, IP_PKTINFO, info);
    } else {
        in6_pktinfo info{};
        std::memcpy(&info.ipi6_addr, from.bytes().data(), sizeof info.ipi6_addr);
        put_info(header, IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
}

} // namespace

std::vector<std::uint8_t> udp_datagram(const message::Reply& reply) {
    const std::size_t length = udp_header + reply.bytes.size();
    std::vector<std::uint8_t> datagram;
    datagram.reserve(length);
    append_u16(datagram, reply.from_port);
    append_u16(datagram, reply.to_port);
    append_u16(datagram, length);
    append_u16(datagram, 0);
    append(datagram, reply.bytes);

    // The sum goes over addresses, protocol and length, too; zeros in between do not change it, so that one
    // form serves both families.
    std::vector<std::uint8_t> summed;
    append(summed, reply.from.bytes());
    append(summed, reply.to.bytes());
    append_u16(summed, IPPROTO_UDP);
    append_u16(summed, length);
    append(summed, datagram);
    const std::uint16_t sum = checksum(summed);
    const std::uint16_t sent = sum == 0 ? std::uint16_t{0xffff} : sum; // 0 would say that there is none
    datagram[6] = static_cast<std::uint8_t>(sent >> 8U);
    datagram[7] = static_cast<std::uint8_t>(sent);
    return datagram;
}

Replying::Replying(const message::CaptureSetup& setup, std::vector<std::string>& troubles) {
    if (!setup.dynamic || setup.offline) return;
    ipv4_ = open_raw(AF_INET, troubles);
    ipv6_ = open_raw(AF_INET6, troubles);
}

void Replying::send(const message::Reply& reply) {
    const Fd& socket = reply.to.family() == Family::ipv4 ? ipv4_ : ipv6_;
    const bool reasonable = reply.from.family() == reply.to.family() && reply.to.usable() &&
                            reply.from != reply.to && reply.to_port != 0;
    if (!socket || !reasonable) return;
    std::vector<std::uint8_t> datagram = udp_datagram(reply);
    SocketAddress to = socket_address(reply.to, 0); // a raw socket has no ports
    iovec part{datagram.data(), datagram.size()};
    alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(in6_pktinfo))> control{};
    msghdr header{};
    header.msg_name = &to.storage;
    header.msg_namelen = to.size;
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    put_source(header, reply.from);
    if (sendmsg(socket.get(), &header, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) ++replied;
}

} // namespace otk
