// One line for the journal (standard error, which systemd or a terminal reads).
#pragma once

#include "sys/priority.h"

#include <chrono>
#include <string>
#include <string_view>

namespace otk {

// "PROGRAM: TEXT" and a line end in one write(2), so that lines of different processes do not mix. Control
// characters in the text are shown as \xNN. Waits for a reader that is behind as long as this process's
// patience lasts; after that lines are lost until there is room again, and then their number is said. The
// journal learns how much the line matters; other readers do not.
void journal(std::string_view program, std::string_view text, Priority priority = Priority::info);
// The same for a line that must not be missing: was it taken? If not, say it again later.
[[nodiscard]] bool journal_taken(std::string_view program, std::string_view text,
                                 Priority priority = Priority::info);

// While one lives, the lines of this process are gathered, and written together when they fill a page and
// when it ends: what is to be done goes before what is told of it, and many lines cost one write. A line of
// journal_taken() is written at once, after those. One at a time.
class GatheredLines {
  public:
    GatheredLines();
    ~GatheredLines();
    GatheredLines(const GatheredLines&) = delete;
    GatheredLines& operator=(const GatheredLines&) = delete;
};

// How long the lines of one process may wait, all together: 100 ms within any 10 s. A journal that stands
// still, or one that is read just fast enough that a line gets through now and then, must not hold up who
// serves strangers and ends doors. Times are of a monotonic clock.
class Patience {
  public:
    static constexpr std::chrono::milliseconds most{100};
    static constexpr std::chrono::seconds within{10};

    // How long the next line may wait.
    [[nodiscard]] std::chrono::milliseconds left(std::chrono::nanoseconds now) const;
    void waited(std::chrono::nanoseconds from, std::chrono::nanoseconds until);

  private:
    std::chrono::nanoseconds used_{};
    std::chrono::nanoseconds last_{}; // when the last wait ended
};

// A trouble that is met again and again (a full disk, tried each second) is told once, until it changes or is
// over.
class Complaint {
  public:
    explicit Complaint(std::string program, Priority priority = Priority::warning) :
        program_(std::move(program)), priority_(priority) {}
    void say(std::string_view text);
    void over() { said_.clear(); }

  private:
    std::string program_;
    Priority priority_;
    std::string said_;
};

} // namespace otk
