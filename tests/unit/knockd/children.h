// An event loop that waits for children, as the monitor's does, and never waits for ever.
#pragma once

#include "knockd/monitor/commands.h"
#include "sys/event_loop.h"

#include <functional>
#include <string>
#include <vector>

namespace otk::test {

// Ends that were told, in their order, and the loop that brings them.
class Children {
  public:
    Children();
    // Runs the loop until this holds; looked at after every child that ended and some times a second. Throws
    // Error after two minutes, so that a test fails instead of hanging.
    void until(const std::function<bool()>& holds);
    // For the loop's owner: what to do with a child that was waited for.
    std::function<void(pid_t, int)> ended = [](pid_t, int) {};
    EventLoop loop;

  private:
    void look();
    std::function<bool()> holds_;
};

// A job of the shell; row `row`, no time limit that a test would reach.
[[nodiscard]] Job shell(std::int64_t row, const std::string& script,
                        std::chrono::seconds limit = std::chrono::hours{1});
[[nodiscard]] std::string text_of(const End& end);

} // namespace otk::test
