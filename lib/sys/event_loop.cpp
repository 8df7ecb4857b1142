#include "sys/event_loop.h"

#include "base/promise.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace otk {

struct EventLoop::Inside {
    // Shared, so that a callback that removes or replaces itself lives until it has returned.
    struct Source {
        std::shared_ptr<Callback> readable;
        std::shared_ptr<Callback> writable;

        [[nodiscard]] std::uint32_t events() const {
            return (readable ? std::uint32_t{EPOLLIN} : 0U) | (writable ? std::uint32_t{EPOLLOUT} : 0U);
        }
    };

    Fd epoll;
    std::map<int, Source> sources;
    std::vector<Fd> signals;
    Callback after_each = [] {};
    bool stopped = false;

    void control(int operation, int fd, std::uint32_t events) const {
        epoll_event event{};
        event.events = events;
        event.data.fd = fd;
        if (epoll_ctl(epoll.get(), operation, fd, &event) != 0) {
            throw system_error("cannot watch descriptor " + std::to_string(fd));
        }
    }

    void watch(int fd, std::shared_ptr<Callback> Source::*role, Callback callback) {
        const auto known = sources.find(fd);
        Source source = known == sources.end() ? Source{} : known->second;
        source.*role = std::make_shared<Callback>(std::move(callback));
        control(known == sources.end() ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, source.events());
        sources[fd] = std::move(source);
    }

    // A copy, because the callback may drop the source.
    [[nodiscard]] std::shared_ptr<Callback> find(int fd, std::shared_ptr<Callback> Source::*role) const {
        const auto known = sources.find(fd);
        return known == sources.end() ? nullptr : known->second.*role;
    }

    void dispatch(int fd, std::uint32_t events) const {
        const bool over = (events & (EPOLLHUP | EPOLLERR)) != 0;
        const auto readable = find(fd, &Source::readable);
        if (readable && ((events & EPOLLIN) != 0 || over)) (*readable)();
        // Looked up only now: the first callback may have removed the second. A descriptor that is only
        // written to learns of its end here.
        const auto writable = find(fd, &Source::writable);
        if (writable && ((events & EPOLLOUT) != 0 || (over && !readable))) (*writable)();
    }
};

EventLoop::EventLoop() : inside_(std::make_unique<Inside>()) {
    inside_->epoll = Fd(epoll_create1(EPOLL_CLOEXEC));
    if (!inside_->epoll) throw system_error("cannot make an epoll instance");
}

EventLoop::~EventLoop() = default;

void EventLoop::on_readable(int fd, Callback callback) {
    inside_->watch(fd, &Inside::Source::readable, std::move(callback));
}

void EventLoop::on_writable(int fd, Callback callback) {
    inside_->watch(fd, &Inside::Source::writable, std::move(callback));
}

void EventLoop::no_longer_writable(int fd) {
    const auto known = inside_->sources.find(fd);
    if (known == inside_->sources.end() || !known->second.writable) return;
    if (!known->second.readable) {
        remove(fd);
        return;
    }
    known->second.writable.reset();
    inside_->control(EPOLL_CTL_MOD, fd, known->second.events());
}

void EventLoop::remove(int fd) {
    if (inside_->sources.erase(fd) == 0) return;
    inside_->control(EPOLL_CTL_DEL, fd, 0);
}

std::unique_ptr<EventLoop::Timer> EventLoop::after(std::chrono::nanoseconds delay, Callback callback) {
    return std::make_unique<Timer>(*this, delay, std::chrono::nanoseconds{0}, std::move(callback));
}

std::unique_ptr<EventLoop::Timer> EventLoop::every(std::chrono::nanoseconds period, Callback callback) {
    promise(period.count() > 0, "a timer that repeats needs a period");
    return std::make_unique<Timer>(*this, period, period, std::move(callback));
}

void EventLoop::on_signals(std::initializer_list<int> signals, std::function<void(int)> callback) {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : signals) {
        sigaddset(&set, signal);
    }
    if (sigprocmask(SIG_BLOCK, &set, nullptr) != 0) throw system_error("cannot block signals");
    Fd fd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd) throw system_error("cannot make a signal descriptor");
    on_readable(fd.get(), [number = fd.get(), callback = std::move(callback)] {
        signalfd_siginfo info{};
        if (::read(number, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return;
        callback(static_cast<int>(info.ssi_signo));
    });
    inside_->signals.push_back(std::move(fd));
}

void EventLoop::after_each(Callback callback) { inside_->after_each = std::move(callback); }

void EventLoop::run() {
    inside_->stopped = false;
    inside_->after_each();
    while (!inside_->stopped) {
        // One event at a time: with more, a callback could close a descriptor whose event is still in hand,
        // and open another one under the same number. The kernel hands out ready descriptors in turn, so none
        // starves.
        epoll_event event{};
        const int count = epoll_wait(inside_->epoll.get(), &event, 1, -1);
        if (count < 0 && errno != EINTR) throw system_error("cannot wait for events");
        if (count == 1) inside_->dispatch(event.data.fd, event.events);
        inside_->after_each();
    }
}

void EventLoop::stop() { inside_->stopped = true; }

namespace {

timespec to_timespec(std::chrono::nanoseconds duration) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(duration);
    return {.tv_sec = seconds.count(), .tv_nsec = (duration - seconds).count()};
}

} // namespace

EventLoop::Timer::Timer(EventLoop& loop, std::chrono::nanoseconds first, std::chrono::nanoseconds period,
                        Callback callback) :
    loop_(loop),
    fd_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
    if (!fd_) throw system_error("cannot make a timer");
    itimerspec times{};
    // All zero would disarm the timer; what is due already is due in a nanosecond.
    times.it_value = to_timespec(std::max(first, std::chrono::nanoseconds{1}));
    times.it_interval = to_timespec(period);
    if (timerfd_settime(fd_.get(), 0, &times, nullptr) != 0) throw system_error("cannot set a timer");
    // The callback may drop this timer, so nothing of it is used afterwards.
    loop_.on_readable(fd_.get(), [fd = fd_.get(), callback = std::move(callback)] {
        std::uint64_t expirations = 0;
        if (::read(fd, &expirations, sizeof expirations) == static_cast<ssize_t>(sizeof expirations))
            callback();
    });
}

EventLoop::Timer::~Timer() { loop_.remove(fd_.get()); }

} // namespace otk
