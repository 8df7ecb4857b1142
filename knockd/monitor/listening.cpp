#include "knockd/monitor/listening.h"

#include "base/promise.h"
#include "net/socket_address.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <ifaddrs.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <memory>

#include <libmnl/libmnl.h>

namespace otk {

namespace {

constexpr std::uint32_t listening = 1U << 10; // state TCP_LISTEN, as in a set of states

struct Wanted {
    std::uint16_t port = 0;
    std::vector<TcpListener> found;
};

bool wildcard(const Address& address) {
    const Bytes bytes = address.bytes();
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

// One listening socket of the kernel's answer.
int take_listener(const nlmsghdr* message, void* data) {
    Wanted& wanted = *static_cast<Wanted*>(data);
    if (mnl_nlmsg_get_payload_len(message) < sizeof(inet_diag_msg)) return MNL_CB_ERROR;
    const auto* socket = static_cast<const inet_diag_msg*>(mnl_nlmsg_get_payload(message));
    if (ntohs(socket->id.idiag_sport) != wanted.port) return MNL_CB_OK;

    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), socket->id.idiag_src, bytes.size());
    const bool ipv6 = socket->idiag_family == AF_INET6;
    TcpListener listener;
    listener.address = ipv6 ? Address::ipv6(bytes) : Address::ipv4(std::span(bytes).first<4>());
    listener.owner = socket->idiag_uid;
    bool only_ipv6 = true; // until the kernel says otherwise
    for (const nlattr* each =
             static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(message, sizeof *socket));
         mnl_attr_ok(each, static_cast<int>(static_cast<const char*>(mnl_nlmsg_get_payload_tail(message)) -
                                            reinterpret_cast<const char*>(each)));
         each = mnl_attr_next(each)) {
        if (mnl_attr_get_type(each) == INET_DIAG_SKV6ONLY) only_ipv6 = mnl_attr_get_u8(each) != 0;
    }
    listener.both_families = ipv6 && wildcard(listener.address) && !only_ipv6;
    // One that is tied to an interface does not serve every address.
    if (socket->id.idiag_if == 0) wanted.found.push_back(listener);
    return MNL_CB_OK;
}

void ask_kernel(mnl_socket* socket, int family, Wanted& wanted) {
    std::array<char, 256> question{};
    nlmsghdr* header = mnl_nlmsg_put_header(question.data());
    header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    header->nlmsg_seq = static_cast<std::uint32_t>(family);
    auto* request =
        static_cast<inet_diag_req_v2*>(mnl_nlmsg_put_extra_header(header, sizeof(inet_diag_req_v2)));
    request->sdiag_family = static_cast<std::uint8_t>(family);
    request->sdiag_protocol = IPPROTO_TCP;
    request->idiag_states = listening;

    const unsigned port = mnl_socket_get_portid(socket);
    bool done = mnl_socket_sendto(socket, header, header->nlmsg_len) >= 0;
    std::vector<char> answer(std::size_t{64} * 1024);
    for (int more = MNL_CB_OK; done && more == MNL_CB_OK;) {
        const ssize_t size = mnl_socket_recvfrom(socket, answer.data(), answer.size());
        more = size < 0 ? MNL_CB_ERROR
                        : mnl_cb_run(answer.data(), static_cast<std::size_t>(size), header->nlmsg_seq, port,
                                     take_listener, &wanted);
        done = more != MNL_CB_ERROR;
    }
    if (!done) throw system_error("cannot ask the kernel who listens (sock_diag)");
}

const TcpListener* everywhere(const std::vector<TcpListener>& listeners, Family family) {
    const auto serves = [family](const TcpListener& listener) {
        return wildcard(listener.address) && (listener.address.family() == family || listener.both_families);
    };
    const auto found = std::find_if(listeners.begin(), listeners.end(), serves);
    return found == listeners.end() ? nullptr : &*found;
}

} // namespace

std::vector<TcpListener> listeners_at(std::uint16_t port) {
    const std::unique_ptr<mnl_socket, decltype(&mnl_socket_close)> socket(
        mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC), mnl_socket_close);
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) != 0) {
        throw system_error("cannot ask the kernel who listens (sock_diag)");
    }
    Wanted wanted{port, {}};
    for (const int family : {AF_INET, AF_INET6})
        ask_kernel(socket.get(), family, wanted);
    return wanted.found;
}

bool same_service(const std::vector<TcpListener>& at_target_port, const Address& target,
                  const Address& user) {
    // One that listens at the target's address alone is what the administrator means, and a redirected
    // connection would not reach it.
    const bool its_own = std::any_of(at_target_port.begin(), at_target_port.end(),
                                     [&](const TcpListener& each) { return each.address == target; });
    const TcpListener* meant = everywhere(at_target_port, target.family());
    const TcpListener* met = everywhere(at_target_port, user.family());
    return !its_own && meant != nullptr && met != nullptr && meant->owner == met->owner;
}

bool of_this_host(const Address& address) {
    if (address.loopback()) return true;
    ifaddrs* list = nullptr;
    if (getifaddrs(&list) != 0) throw system_error("cannot list the addresses of this host");
    const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(list, freeifaddrs);
    for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
        if (address_of(each->ifa_addr) == address) return true;
    }
    return false;
}

} // namespace otk
