#include "knockmgr/watch_lines.h"

#include <fmt/format.h>

namespace otk::knockmgr {

void WatchLines::print_line(const WatchLine& line) {
    ++printed_;
    print(json_ ? line.json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n" : line.text + "\n");
}

// It takes the place of one of this second's lines.
void WatchLines::say_left_out() {
    if (left_out_ == 0) return;
    print_line({fmt::format("... {} left out (--rate {})", counted(left_out_, "line"), rate_),
                {{"kind", "left out"}, {"lines", left_out_}}});
    left_out_ = 0;
}

void WatchLines::look_at_clock(Clock::time_point now) {
    if (now - second_ < std::chrono::seconds{1}) return;
    second_ = now;
    printed_ = 0;
    say_left_out();
}

void WatchLines::put(const WatchLine& line, Clock::time_point now) {
    look_at_clock(now);
    if (printed_ < rate_)
        print_line(line);
    else
        ++left_out_;
}

void WatchLines::finish() { say_left_out(); }

} // namespace otk::knockmgr
