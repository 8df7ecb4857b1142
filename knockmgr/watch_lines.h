// The lines of `knockmgr watch`, at a bounded rate: what is over is counted and said.
#pragma once

#include "knockmgr/output.h"

#include <chrono>
#include <cstdint>
#include <string>

namespace otk::knockmgr {

// A line for people, and the same for programs.
struct WatchLine {
    std::string text; // fit to be printed, without a line end
    Json json;
};

class WatchLines {
  public:
    using Clock = std::chrono::steady_clock;

    // At most `rate` lines in each second, which begin with the first line.
    WatchLines(std::uint64_t rate, bool json) : rate_(rate), json_(json) {}

    void put(const WatchLine& line, Clock::time_point now);
    void leave_out(std::uint64_t lines) { left_out_ += lines; } // without ever having made them
    // When a second is over: says what was left out in it.
    void look_at_clock(Clock::time_point now);
    // Says what was left out until now.
    void finish();

  private:
    void print_line(const WatchLine& line);
    void say_left_out();

    std::uint64_t rate_;
    bool json_;
    Clock::time_point second_{};
    std::uint64_t printed_ = 0; // in this second
    std::uint64_t left_out_ = 0;
};

} // namespace otk::knockmgr
