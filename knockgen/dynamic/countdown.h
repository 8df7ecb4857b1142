// How long a door is still open, second by second.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

namespace otk {

// Where a countdown shows itself and what it waits by; handed in so that tests need neither terminal nor
// time.
struct CountdownScene {
    bool terminal = false; // one line is rewritten; else plain lines, at few moments only
    std::function<void(std::string_view)> show;
    std::function<std::chrono::nanoseconds()> now; // by a clock that goes on while the machine sleeps
    std::function<void(std::chrono::nanoseconds)> sleep;
};
// Standard output and the system's clock. Showing throws Error when standard output takes no more.
[[nodiscard]] CountdownScene this_terminal();

// Shows `door`, the seconds that are left, and returns when none is left: "Door is open at HOST port P"
// becomes "Door is open at HOST port P for 27 seconds".
void count_down(const std::string& door, std::chrono::seconds open_for, const CountdownScene& scene);

} // namespace otk
