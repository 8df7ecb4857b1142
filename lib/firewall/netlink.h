// nfnetlink as this library needs it: batches of changes that take effect together or not at all, and dumps.
// Not for users of the library.
#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <netinet/in.h> // before the kernel's headers, which then leave out what they share

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>

namespace otk {

// Changes of nftables' state, one message each, between the two messages that make a transaction of them.
class Batch {
  public:
    Batch();
    // `type` is a NFT_MSG_... of linux/netfilter/nf_tables.h, `flags` NLM_F_... besides those that every
    // message has; `fill` adds the attributes. A message has at most a page.
    void add(std::uint16_t type, std::uint16_t flags, const std::function<void(nlmsghdr*)>& fill);

  private:
    friend class Netlink;
    void take(const nlmsghdr* message);

    std::vector<std::uint64_t> message_; // room for one, aligned
    std::vector<char> bytes_;
    std::uint32_t messages_ = 0;
};

struct CloseNetlink {
    void operator()(mnl_socket* socket) const { (void)mnl_socket_close(socket); }
};
using NetlinkSocket = std::unique_ptr<mnl_socket, CloseNetlink>;
// A socket of a NETLINK_... for questions that the kernel answers at once. Throws Error, which begins with
// `trouble`.
[[nodiscard]] NetlinkSocket netlink_socket(int bus, const char* trouble);
// Takes the messages that the kernel has sent, until `more` says that it was the last one. Throws Error
// likewise.
void receive_from(mnl_socket* socket, const char* trouble, const std::function<bool(const nlmsghdr*)>& more);

// A socket of the family. Requests of one process wait for their answers, which the kernel has ready when the
// request has been sent.
class Netlink {
  public:
    Netlink(); // throws Error where there is no nfnetlink or no right to it

    // Sends the batch. One errno for each of its messages, in their order, 0 where there was no objection; if
    // any is not 0, nothing has happened. Throws Error where the kernel gives no answer.
    [[nodiscard]] std::vector<int> change(Batch& batch);
    // What is asked for: a message of a part of nfnetlink, about one family or (NFPROTO_UNSPEC) all.
    struct Question {
        std::uint8_t type = 0; // NFT_MSG_GET...
        std::uint8_t family = NFPROTO_INET;
        std::uint8_t part = NFNL_SUBSYS_NFTABLES;
    };
    using Fill = std::function<void(nlmsghdr*)>;
    using Visit = std::function<void(const nlmsghdr*)>;
    // Asks for a list, and calls `visit` with each of its messages. Returns 0 or an errno; EINTR: it changed
    // meanwhile and what was seen is not one state.
    [[nodiscard]] int list(const Question& question, const Fill& fill, const Visit& visit);
    // Asks for one thing. Returns 0 or an errno (ENOENT).
    [[nodiscard]] int get(const Question& question, const Fill& fill, const Visit& visit);

  private:
    [[nodiscard]] int ask(const Question& question, std::uint16_t flags, const Fill& fill,
                          const Visit& visit);
    void must_be_allowed();
    void receive(const std::function<bool(const nlmsghdr*)>& more);

    NetlinkSocket socket_;
    std::uint32_t sequence_ = 0;
};

// The attributes of an nfnetlink message, in their order. What is in the value is the caller's to know.
void each_attribute(const nlmsghdr* message,
                    const std::function<void(std::uint16_t type, Bytes value)>& visit);

} // namespace otk
