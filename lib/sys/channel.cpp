#include "sys/channel.h"

#include "base/promise.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace otk {

std::pair<Channel, Channel> Channel::make_pair() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        throw system_error("cannot make a socket pair for a channel");
    }
    return {Channel(Fd(ends[0])), Channel(Fd(ends[1]))};
}

void Channel::widen(int bytes) {
    for (const auto& [plain, force] : {std::pair{SO_SNDBUF, SO_SNDBUFFORCE}, {SO_RCVBUF, SO_RCVBUFFORCE}}) {
        // The forced form goes beyond net.core.[rw]mem_max but needs CAP_NET_ADMIN; the plain one is cut to
        // the limit.
        if (setsockopt(fd(), SOL_SOCKET, force, &bytes, sizeof bytes) == 0) continue;
        if (setsockopt(fd(), SOL_SOCKET, plain, &bytes, sizeof bytes) != 0) {
            throw system_error("cannot set the buffer size of a channel");
        }
    }
}

void Channel::set_nonblocking() {
    const int flags = fcntl(fd(), F_GETFL);
    if (flags < 0 || fcntl(fd(), F_SETFL, flags | O_NONBLOCK) != 0) {
        throw system_error("cannot make a channel non-blocking");
    }
}

Channel::Sent Channel::send(Bytes message) {
    // An empty message would look like the end of the channel to the receiver.
    promise(!message.empty(), "a message on a channel is at least one byte long");
    for (;;) {
        if (::send(fd(), message.data(), message.size(), MSG_NOSIGNAL) >= 0) return Sent::done;
        switch (errno) {
        case EINTR: continue;
        case EAGAIN: return Sent::would_block;
        case EPIPE:
        case ECONNRESET: return Sent::closed;
        default: throw system_error("cannot send on a channel");
        }
    }
}

Channel::Received Channel::receive(MutableBytes buffer) {
    using What = Received::What;
    for (;;) {
        // With MSG_TRUNC the kernel returns the true size of a message of which it had to cut a part.
        const ssize_t size = ::recv(fd(), buffer.data(), buffer.size(), MSG_TRUNC);
        if (size > 0) {
            const auto true_size = static_cast<std::size_t>(size);
            return {true_size > buffer.size() ? What::too_long : What::message, true_size};
        }
        if (size == 0) return {What::closed, 0};
        switch (errno) {
        case EINTR: continue;
        case EAGAIN: return {What::nothing_yet, 0};
        case ECONNRESET: return {What::closed, 0}; // the other end died with messages of ours unread
        default: throw system_error("cannot receive from a channel");
        }
    }
}

// SIOCINQ of unix(7): on a SOCK_SEQPACKET socket the kernel adds up all messages that are queued.
std::size_t Channel::waiting() const {
    int bytes = 0;
    if (ioctl(fd(), SIOCINQ, &bytes) != 0) throw system_error("cannot ask how much waits on a channel");
    return static_cast<std::size_t>(bytes);
}

} // namespace otk
