// Prints the moment, in ns since 1970, at which each element came into a set of nftables in this network
// namespace: `element_watch`, until it is ended. It spins, so that it adds no wake-up to what it measures:
// give it a core of its own.
#include <array>
#include <chrono>
#include <cstdio>

#include <netinet/in.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

namespace {

int note_elements(const nlmsghdr* message, void*) {
    constexpr int new_element = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM;
    if (message->nlmsg_type == new_element) {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        std::printf("%lld\n", static_cast<long long>(std::chrono::nanoseconds(now).count()));
        (void)std::fflush(stdout);
    }
    return MNL_CB_OK;
}

} // namespace

int main() {
    mnl_socket* const socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_NONBLOCK);
    if (socket == nullptr || mnl_socket_bind(socket, 1U << (NFNLGRP_NFTABLES - 1), MNL_SOCKET_AUTOPID) != 0) {
        std::perror("element_watch: nfnetlink");
        return 1;
    }
    std::puts("ready");
    (void)std::fflush(stdout);
    std::array<char, 65536> buffer{};
    for (;;) {
        const ssize_t size = mnl_socket_recvfrom(socket, buffer.data(), buffer.size());
        if (size > 0)
            (void)mnl_cb_run(buffer.data(), static_cast<std::size_t>(size), 0, 0, note_elements, nullptr);
    }
}
