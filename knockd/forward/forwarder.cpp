#include "knockd/forward/forwarder.h"
#include "knockd/forward_messages.h"

#include "base/promise.h"
#include "knockd/forward/sockets.h"
#include "net/socket_address.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <sys/epoll.h>

namespace otk {

namespace {

constexpr int accepted_in_a_turn = 16;
constexpr std::chrono::seconds pause_when_short{1};

std::vector<Address> allowed_by(const message::ForwardSetup& setup) {
    return {setup.allowed.begin(), setup.allowed.begin() + setup.allowed_count};
}

void watch(const Fd& epoll, int operation, int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (epoll_ctl(epoll.get(), operation, fd, &event) != 0) {
        throw system_error("cannot watch descriptor " + std::to_string(fd));
    }
}

// Of accept4: trouble that the connection brought with it, which is gone with it (accept(2)).
bool of_the_connection(int error) {
    static constexpr std::array errors{ECONNABORTED, EPERM,      EPROTO,   ENOPROTOOPT, EHOSTDOWN, ENONET,
                                       EHOSTUNREACH, EOPNOTSUPP, ENETDOWN, ENETUNREACH, EINTR};
    return std::find(errors.begin(), errors.end(), error) != errors.end();
}

} // namespace

Forwarder::Forwarder(const message::ForwardSetup& setup, Channel monitor, Fd door,
                     std::size_t most_connections) :
    target_(setup.target),
    cannot_connect_("cannot connect to " + format_endpoint(setup.target) + ": "),
    admission_(allowed_by(setup), setup.claims), most_connections_(most_connections),
    monitor_(std::move(monitor)), door_(std::move(door)),
    closes_at_(Clock::now() + std::chrono::milliseconds(setup.left_ms)),
    epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_) throw system_error("cannot make an epoll instance");
    monitor_.set_nonblocking();
    watch(epoll_, EPOLL_CTL_ADD, monitor_.fd(), EPOLLIN);
    watch_door(true);
}

void Forwarder::serve() {
    while (door_ || !connections_.empty()) {
        wait();
        move_what_can_be_moved();
        if (!door_) continue;
        const auto now = Clock::now();
        if (now >= closes_at_)
            close_door();
        else
            watch_door(room() && now >= accept_again_at_);
    }
}

int Forwarder::milliseconds_to_wait() const {
    if (!ready_.empty()) return 0;
    if (!door_) return -1;
    const auto now = Clock::now();
    const auto until = accept_again_at_ > now ? std::min(accept_again_at_, closes_at_) : closes_at_;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, INT_MAX));
}

// All events are taken down before anything is done about them: a socket that is closed and one that is
// opened under its number cannot be confused.
void Forwarder::wait() {
    std::array<epoll_event, 64> events{};
    const int count =
        epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), milliseconds_to_wait());
    if (count < 0 && errno != EINTR) throw system_error("cannot wait for events");
    bool from_monitor = false;
    bool at_door = false;
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events.at(static_cast<std::size_t>(i));
        const int fd = event.data.fd;
        if (fd == monitor_.fd()) {
            from_monitor = true;
        } else if (fd == door_.get()) {
            at_door = true;
        } else {
            Connection* connection = by_socket_.at(fd);
            connection->note(fd, event.events);
            ready_.insert(connection);
        }
    }
    if (at_door) accept_some(accepted_in_a_turn);
    if (from_monitor) hear_monitor();
}

void Forwarder::hear_monitor() {
    Mailbox mailbox(monitor_);
    for (;;) {
        switch (mailbox.next()) {
        case Mailbox::Next::nothing_yet: return;
        case Mailbox::Next::closed: // it has closed the door, or it has died
            watch(epoll_, EPOLL_CTL_DEL, monitor_.fd(), 0);
            return close_door();
        case Mailbox::Next::broken: broken_promise("knockd sent something that is no message");
        case Mailbox::Next::message: break;
        }
        const auto prolong = mailbox.as<message::ForwardProlong>();
        promise(prolong && prolong->left_ms >= 0, "knockd prolongs a door, and says nothing else");
        closes_at_ = Clock::now() + std::chrono::milliseconds(prolong->left_ms);
    }
}

void Forwarder::accept_some(int most) {
    for (int accepted = 0; accepted < most && room(); ++accepted) {
        sockaddr_storage source{};
        socklen_t size = sizeof source;
        Fd user(
            accept4(door_.get(), reinterpret_cast<sockaddr*>(&source), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (user) {
            admit(std::move(user), address_of(reinterpret_cast<const sockaddr*>(&source)));
        } else if (errno == EAGAIN) {
            return;
        } else if (!of_the_connection(errno)) {
            trouble_.say(std::string("cannot accept a connection for now: ") + std::strerror(errno));
            accept_again_at_ = Clock::now() + pause_when_short;
            return;
        }
    }
}

void Forwarder::admit(Fd user, const Address& source) {
    switch (admission_.ask(source)) {
    case Admission::Answer::claimed:
        (void)monitor_.send_struct(message::ForwardClaimed{.address = source}); // it may have gone
        break;
    case Admission::Answer::welcome: break;
    case Admission::Answer::refused:
        if (source.usable() && refusals_++ < message::largest_refusals) {
            (void)monitor_.send_struct(message::ForwardRefused{.address = source});
        }
        return reset(std::move(user));
    }
    begin(std::move(user));
}

void Forwarder::begin(Fd user) {
    auto made = std::make_unique<Connection>(std::move(user), target_);
    Connection* connection = made.get();
    connections_[connection] = std::move(made);
    ready_.insert(connection);
    for (const int fd : {connection->user(), connection->target()}) {
        if (fd < 0) continue; // none to be had: its first step ends the connection
        by_socket_[fd] = connection;
        watch(epoll_, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLOUT | EPOLLET);
    }
}

void Forwarder::move_what_can_be_moved() {
    for (Connection* connection : std::exchange(ready_, {})) {
        const int user = connection->user();
        const int target = connection->target();
        const Connection::Next next = connection->step(pipes_);
        if (const int error = connection->connect_error(); error != 0) {
            trouble_.say(cannot_connect_ + std::strerror(error));
        }
        switch (next) {
        case Connection::Next::wait: break;
        case Connection::Next::again: ready_.insert(connection); break;
        case Connection::Next::over:
            by_socket_.erase(user);
            by_socket_.erase(target);
            connections_.erase(connection);
            break;
        }
    }
}

// Who connected in time is let in: the kernel's queue is emptied first.
void Forwarder::close_door() {
    if (!door_) return;
    accept_some(INT_MAX);
    watch_door(false);
    door_.close();
}

void Forwarder::watch_door(bool watched) {
    if (watched == door_watched_) return;
    watch(epoll_, watched ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, door_.get(), EPOLLIN);
    door_watched_ = watched;
}

} // namespace otk
