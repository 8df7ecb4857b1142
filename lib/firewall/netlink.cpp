#include "firewall/netlink.h"

#include "base/promise.h"

#include <array>
#include <cerrno>
#include <ctime>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>

namespace otk {

namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t receive_room = 65536; // more than the kernel puts into one answer
// The kernel answers within the call that sends; a wait only ends one that never would.
constexpr timeval longest_wait{2, 0};
// For the answers to a batch of some hundred messages, which the kernel has ready before any is taken.
constexpr int room_for_answers = 1 << 22;

void put_header(nlmsghdr* message, std::uint16_t type, std::uint16_t flags, std::uint8_t family,
                std::uint16_t resource) {
    message->nlmsg_type = type;
    message->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    auto* header = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
    header->nfgen_family = family;
    header->version = NFNETLINK_V0;
    header->res_id = htons(resource);
}

std::uint16_t type_of(unsigned part, unsigned type) { return static_cast<std::uint16_t>(part << 8U | type); }

// MNL_ALIGN(), which mixes signs.
std::size_t aligned(std::size_t size) { return (size + MNL_ALIGNTO - 1) / MNL_ALIGNTO * MNL_ALIGNTO; }

int error_of(const nlmsghdr* message) {
    const auto* error = static_cast<const nlmsgerr*>(mnl_nlmsg_get_payload(message));
    return -error->error;
}

} // namespace

Batch::Batch() : message_(page / sizeof(std::uint64_t)) {
    nlmsghdr* begin = mnl_nlmsg_put_header(message_.data());
    put_header(begin, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
    take(begin);
}

void Batch::add(std::uint16_t type, std::uint16_t flags, const std::function<void(nlmsghdr*)>& fill) {
    nlmsghdr* message = mnl_nlmsg_put_header(message_.data());
    put_header(message, type_of(NFNL_SUBSYS_NFTABLES, type), static_cast<std::uint16_t>(NLM_F_ACK | flags),
               NFPROTO_INET, 0);
    fill(message);
    promise(message->nlmsg_len <= page, "a netlink message fits into a page");
    ++messages_;
    take(message);
}

void Batch::take(const nlmsghdr* message) {
    const auto* begin = reinterpret_cast<const char*>(message);
    bytes_.insert(bytes_.end(), begin, begin + aligned(message->nlmsg_len));
}

NetlinkSocket netlink_socket(int bus, const char* trouble) {
    NetlinkSocket socket(mnl_socket_open2(bus, SOCK_CLOEXEC));
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) != 0 ||
        setsockopt(mnl_socket_get_fd(socket.get()), SOL_SOCKET, SO_RCVTIMEO, &longest_wait,
                   sizeof longest_wait) != 0) {
        throw system_error(trouble);
    }
    // Where it is refused there is the usual room, which does for all but the largest batches.
    (void)setsockopt(mnl_socket_get_fd(socket.get()), SOL_SOCKET, SO_RCVBUFFORCE, &room_for_answers,
                     sizeof room_for_answers);
    return socket;
}

void receive_from(mnl_socket* socket, const char* trouble, const std::function<bool(const nlmsghdr*)>& more) {
    std::vector<std::uint64_t> room(receive_room / sizeof(std::uint64_t));
    for (bool wanted = true; wanted;) {
        const ssize_t got = mnl_socket_recvfrom(socket, room.data(), receive_room);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw system_error(trouble);
        int left = static_cast<int>(got);
        const auto* message = reinterpret_cast<const nlmsghdr*>(room.data());
        while (wanted && mnl_nlmsg_ok(message, left)) {
            wanted = more(message);
            message = mnl_nlmsg_next(message, &left);
        }
    }
}

Netlink::Netlink() :
    socket_(netlink_socket(NETLINK_NETFILTER, "the firewall cannot be reached (nfnetlink)")),
    sequence_(static_cast<std::uint32_t>(std::time(nullptr))) {
    must_be_allowed();
}

// Anybody may open the socket; whoever lacks the right is refused each question alike, so the first one
// tells.
void Netlink::must_be_allowed() {
    if (get({NFT_MSG_GETGEN}, {}, [](const nlmsghdr*) {}) != EPERM) return;
    throw Error(
        "the firewall may not be touched: this process lacks CAP_NET_ADMIN (for this network). A "
        "container is given it with --cap-add NET_ADMIN, a service with CapabilityBoundingSet= of its "
        "unit; where no door is wanted, [firewall] mode = \"none\" in otk.toml says so");
}

void Netlink::receive(const std::function<bool(const nlmsghdr*)>& more) {
    receive_from(socket_.get(), "the firewall does not answer (nfnetlink)", more);
}

std::vector<int> Netlink::change(Batch& batch) {
    const std::uint32_t begin = sequence_ + 1;
    nlmsghdr* end = mnl_nlmsg_put_header(batch.message_.data());
    put_header(end, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
    batch.take(end);
    std::uint32_t number = begin;
    for (std::size_t at = 0; at < batch.bytes_.size();) {
        auto* message = reinterpret_cast<nlmsghdr*>(batch.bytes_.data() + at);
        message->nlmsg_seq = number++;
        at += aligned(message->nlmsg_len);
    }
    sequence_ = number;
    if (mnl_socket_sendto(socket_.get(), batch.bytes_.data(), batch.bytes_.size()) < 0)
        throw system_error("the firewall cannot be changed (nfnetlink)");

    std::vector<int> errors(batch.messages_, 0);
    std::size_t answered = 0;
    receive([&](const nlmsghdr* message) {
        if (message->nlmsg_type != NLMSG_ERROR) return true;
        const std::uint32_t which = message->nlmsg_seq - begin - 1;
        if (which < errors.size()) {
            errors[which] = error_of(message);
            ++answered;
        } else if (which == std::uint32_t{0} - 1 || which == errors.size()) {
            // The frame of the batch itself is refused: for want of rights, mostly.
            throw system_error("the firewall cannot be changed (nfnetlink)", error_of(message));
        }
        return answered < errors.size();
    });
    return errors;
}

int Netlink::list(const Question& question, const Fill& fill, const Visit& visit) {
    return ask(question, NLM_F_DUMP, fill, visit);
}

int Netlink::get(const Question& question, const Fill& fill, const Visit& visit) {
    return ask(question, NLM_F_ACK, fill, visit);
}

int Netlink::ask(const Question& question, std::uint16_t flags, const Fill& fill, const Visit& visit) {
    std::vector<std::uint64_t> room(page / sizeof(std::uint64_t));
    nlmsghdr* request = mnl_nlmsg_put_header(room.data());
    put_header(request, type_of(question.part, question.type), flags, question.family, 0);
    request->nlmsg_seq = ++sequence_;
    if (fill) fill(request);
    if (mnl_socket_sendto(socket_.get(), request, request->nlmsg_len) < 0)
        throw system_error("the firewall cannot be asked (nfnetlink)");
    int result = 0;
    receive([&](const nlmsghdr* message) {
        if (message->nlmsg_seq != sequence_) return true; // of a request that was given up
        if ((message->nlmsg_flags & NLM_F_DUMP_INTR) != 0) result = EINTR;
        if (message->nlmsg_type == NLMSG_DONE) return false;
        if (message->nlmsg_type == NLMSG_ERROR) {
            if (error_of(message) != 0) result = error_of(message);
            return false;
        }
        visit(message);
        return true;
    });
    return result;
}

void each_attribute(const nlmsghdr* message,
                    const std::function<void(std::uint16_t type, Bytes value)>& visit) {
    const auto* end = static_cast<const char*>(mnl_nlmsg_get_payload_tail(message));
    const auto* at = static_cast<const nlattr*>(mnl_nlmsg_get_payload_offset(message, sizeof(nfgenmsg)));
    while (mnl_attr_ok(at, static_cast<int>(end - reinterpret_cast<const char*>(at)))) {
        visit(mnl_attr_get_type(at),
              {static_cast<const std::uint8_t*>(mnl_attr_get_payload(at)), mnl_attr_get_payload_len(at)});
        at = mnl_attr_next(at);
    }
}

} // namespace otk
