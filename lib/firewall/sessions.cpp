#include "firewall/sessions.h"

#include "base/promise.h"
#include "firewall/netlink.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>

namespace otk {

namespace {

constexpr std::uint32_t wanted_states = 1U << TCP_ESTABLISHED | 1U << TCP_SYN_SENT | 1U << TCP_FIN_WAIT1 |
                                        1U << TCP_FIN_WAIT2 | 1U << TCP_CLOSE_WAIT | 1U << TCP_LAST_ACK |
                                        1U << TCP_CLOSING;

Address address_in(std::uint8_t family, std::span<const std::uint32_t, 4> words) {
    std::array<std::uint8_t, 16> bytes{};
    std::ranges::copy(std::as_bytes(words), std::as_writable_bytes(std::span(bytes)).begin());
    return family == AF_INET ? Address::ipv4(std::span(bytes).first<4>()) : Address::ipv6(bytes);
}

[[noreturn]] void refuse_sockets(int error) {
    throw system_error("the kernel does not tell which connections exist (sock_diag; is its module tcp_diag "
                       "missing?)",
                       error);
}

void ask_for(mnl_socket* socket, std::uint8_t family, std::uint16_t port) {
    alignas(nlmsghdr) std::array<char, 2 * sizeof(nlmsghdr) + sizeof(inet_diag_req_v2)> room{};
    nlmsghdr* request = mnl_nlmsg_put_header(room.data());
    request->nlmsg_type = SOCK_DIAG_BY_FAMILY;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    auto* what =
        static_cast<inet_diag_req_v2*>(mnl_nlmsg_put_extra_header(request, sizeof(inet_diag_req_v2)));
    what->sdiag_family = family;
    what->sdiag_protocol = IPPROTO_TCP;
    what->idiag_states = wanted_states;
    what->id.idiag_sport = htons(port);
    if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0) refuse_sockets(errno);
}

// A socket of IPv6 may have a connection over IPv4; its addresses then become such.
void take_sessions(mnl_socket* socket, std::uint8_t family, std::uint16_t port, std::set<Session>& found) {
    ask_for(socket, family, port);
    receive_from(socket, "the kernel does not answer which connections exist (sock_diag)",
                 [&](const nlmsghdr* message) {
                     if (message->nlmsg_type == NLMSG_DONE) return false;
                     if (message->nlmsg_type == NLMSG_ERROR) {
                         refuse_sockets(-static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message))->error);
                     }
                     const auto* one = static_cast<const inet_diag_msg*>(mnl_nlmsg_get_payload(message));
                     promise(mnl_nlmsg_get_payload_len(message) >= sizeof *one, "a socket is told whole");
                     const inet_diag_sockid& id = one->id;
                     found.insert({address_in(one->idiag_family, id.idiag_dst), ntohs(id.idiag_dport),
                                   address_in(one->idiag_family, id.idiag_src), ntohs(id.idiag_sport)});
                     return true;
                 });
}

} // namespace

std::set<Session> existing_sessions(const std::set<Service>& services, const std::vector<Network>& but_with) {
    std::set<Session> found;
    const NetlinkSocket socket =
        netlink_socket(NETLINK_SOCK_DIAG, "the list of sockets cannot be had (sock_diag)");
    for (const Service& service : services) {
        if (service.protocol != Protocol::tcp) continue;
        for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}})
            take_sessions(socket.get(), family, service.port, found);
    }
    std::erase_if(found, [&](const Session& session) {
        return session.peer.loopback() || std::ranges::any_of(but_with, [&](const Network& network) {
                   return network.contains(session.peer);
               });
    });
    return found;
}

} // namespace otk
