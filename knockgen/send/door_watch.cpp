#include "knockgen/send/door_watch.h"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

namespace otk {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds between_attempts{250};

Fd begin_to_connect(const Target& target, std::uint16_t port) {
    Fd fd(socket(socket_family(target.address), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return fd;
    const SocketAddress there = socket_address(target.address, port, target.scope);
    if (connect(fd.get(), there.get(), there.size) != 0 && errno != EINPROGRESS) return Fd();
    return fd;
}

bool connected(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

} // namespace

void DoorWatch::begin_attempts() {
    for (const Target& target : targets_) {
        if (Fd fd = begin_to_connect(target, port_)) attempts_.push_back({std::move(fd), target.address});
    }
}

std::optional<Address> DoorWatch::wait_for_one(SteadyClock::time_point until) {
    std::vector<pollfd> waiting;
    for (const Attempt& attempt : attempts_)
        waiting.push_back({attempt.fd.get(), POLLOUT, 0});
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - SteadyClock::now()).count();
    if (poll(waiting.data(), waiting.size(), static_cast<int>(std::max<long>(left, 0))) <= 0)
        return std::nullopt;
    for (std::size_t i = waiting.size(); i-- > 0;) {
        if (waiting[i].revents == 0) continue;
        if (connected(waiting[i].fd)) return attempts_[i].address;
        attempts_.erase(attempts_.begin() + static_cast<std::ptrdiff_t>(i)); // refused
    }
    return std::nullopt;
}

std::optional<Address> DoorWatch::open_already(std::chrono::milliseconds patience) {
    const auto until = SteadyClock::now() + patience;
    std::optional<Address> answered;
    begin_attempts();
    while (!answered && !attempts_.empty() && SteadyClock::now() < until)
        answered = wait_for_one(until);
    attempts_.clear(); // the system would repeat their SYNs, and find what the knock has opened since
    return answered;
}

std::optional<Address> DoorWatch::watch_until(SteadyClock::time_point until) {
    while (SteadyClock::now() < until) {
        if (SteadyClock::now() >= next_) {
            begin_attempts();
            next_ = SteadyClock::now() + between_attempts;
        }
        if (const auto answered = wait_for_one(std::min(until, next_))) return answered;
    }
    return std::nullopt;
}

} // namespace otk
