// epoll, with timers and signals as descriptors. Single-threaded; callbacks may add and remove sources.
#pragma once

#include "base/fd.h"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>

namespace otk {

class EventLoop {
  public:
    EventLoop(); // throws Error
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    using Callback = std::function<void()>;
    // Called whenever the descriptor is readable or has hung up. The caller keeps the descriptor open until
    // removed.
    void on_readable(int fd, Callback callback);
    void on_writable(int fd, Callback callback); // replaces nothing: a descriptor may have both
    void no_longer_writable(int fd);
    void remove(int fd);

    // A timer, dropped with its handle. Monotonic: a clock that is set does not move it.
    class Timer;
    [[nodiscard]] std::unique_ptr<Timer> after(std::chrono::nanoseconds delay, Callback callback); // once
    [[nodiscard]] std::unique_ptr<Timer> every(std::chrono::nanoseconds period, Callback callback);

    // Blocks the signals for this process and calls back with the number. Call before any child is started.
    void on_signals(std::initializer_list<int> signals, std::function<void(int)> callback);

    // Called before the first wait and after each callback, also after the one that stops: for what callbacks
    // gather and is to be done once. There is one.
    void after_each(Callback callback);

    // Runs until stop().
    void run();
    void stop();

  private:
    struct Inside;
    std::unique_ptr<Inside> inside_;
};

class EventLoop::Timer {
  public:
    Timer(EventLoop& loop, std::chrono::nanoseconds first, std::chrono::nanoseconds period,
          Callback callback);
    ~Timer();
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

  private:
    EventLoop& loop_;
    Fd fd_;
};

} // namespace otk
