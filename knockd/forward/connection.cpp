#include "knockd/forward/connection.h"

#include "knockd/forward/sockets.h"
#include "net/socket_address.h"

#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace otk {

Connection::Connection(Fd user, const Endpoint& target) : user_(std::move(user)) {
    keep_alive(user_.get());
    target_ = Fd(socket(socket_family(target.address), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (target_) {
        keep_alive(target_.get());
        limit_connecting(target_.get());
        const SocketAddress address = socket_address(target.address, target.port);
        if (connect(target_.get(), address.get(), address.size) == 0) {
            connecting_ = false;
            return;
        }
        if (errno == EINPROGRESS) return;
    }
    connect_error_ = errno;
    broken_ = true;
}

void Connection::note(int fd, std::uint32_t events) {
    if (fd == target_.get() && connecting_ && (events & (EPOLLOUT | EPOLLERR)) != 0) {
        connecting_ = false;
        // A target that refuses says ECONNREFUSED: a reset has come after the handshake, as at any later
        // time. It is known from here alone where it came after the events were: asking has taken it away.
        const int error = pending_error(fd);
        if (error == ECONNRESET || error == EPIPE)
            broken_ = true;
        else
            connect_error_ = error;
    }
    // A reset, or a peer that does not answer any more.
    if ((events & EPOLLERR) != 0) broken_ = true;
}

Connection::Next Connection::step(Pipes& pipes) {
    if (connect_error_ != 0) return give_up();
    if (connecting_) return broken_ ? give_up() : Next::wait;
    // What was said before a reset still goes on its way before the reset does.
    const Stream::Last last = broken_ ? Stream::Last::reset : Stream::Last::end;
    const Stream::Moved there = to_target_.move(user(), target(), pipes, last);
    const Stream::Moved back = to_user_.move(target(), user(), pipes, last);
    if (broken_ || there == Stream::Moved::broken || back == Stream::Moved::broken) return give_up();
    if (there == Stream::Moved::ended && back == Stream::Moved::ended) return Next::over;
    const bool more = there == Stream::Moved::more || back == Stream::Moved::more;
    return more ? Next::again : Next::wait;
}

Connection::Next Connection::give_up() {
    reset(std::move(user_));
    reset(std::move(target_));
    return Next::over;
}

} // namespace otk
