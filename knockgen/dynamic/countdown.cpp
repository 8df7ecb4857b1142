#include "knockgen/dynamic/countdown.h"

#include "knockgen/output.h"

#include <algorithm>
#include <ctime>
#include <unistd.h>

#include <fmt/format.h>

namespace otk {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::string_view closed = "Door is closed; connections that were made in time live on";

std::string in_words(seconds left) { return fmt::format("{} second{}", left.count(), left == 1s ? "" : "s"); }

// Lines that stay would fill a log when there is one each second.
bool worth_a_line(seconds left) { return left % 60s == 0s || left == 30s || left == 10s; }

nanoseconds time_since_boot() {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now); // this clock is always there
    return seconds{now.tv_sec} + nanoseconds{now.tv_nsec};
}

void sleep_for(nanoseconds time) {
    const auto whole = std::chrono::duration_cast<seconds>(time);
    const timespec wanted{.tv_sec = whole.count(), .tv_nsec = (time - whole).count()};
    nanosleep(&wanted, nullptr); // cut short by a signal: the caller looks at the clock anyway
}

} // namespace

CountdownScene this_terminal() { return {isatty(STDOUT_FILENO) == 1, tell_done, time_since_boot, sleep_for}; }

void count_down(const std::string& door, seconds open_for, const CountdownScene& scene) {
    // Behind a shorter text the rest of the longer one before it is wiped.
    constexpr std::string_view rewind = "\r", wipe = "\x1b[K";
    const nanoseconds end = scene.now() + open_for;
    bool first = true;
    for (seconds shown = open_for + 1s; shown > 0s;) {
        const seconds left = std::max(std::chrono::ceil<seconds>(end - scene.now()), 0s);
        if (left < shown && left > 0s) {
            if (scene.terminal) {
                scene.show(fmt::format("{}{} for {}{}", rewind, door, in_words(left), wipe));
            } else if (first) {
                scene.show(fmt::format("{} for {}\n", door, in_words(left)));
            } else if (worth_a_line(left)) {
                scene.show(fmt::format("{} left\n", in_words(left)));
            }
            first = false;
        }
        shown = left;
        if (left > 0s) scene.sleep(end - scene.now() - (left - 1s));
    }
    scene.show(scene.terminal ? fmt::format("{}{}{}\n", rewind, closed, wipe) : fmt::format("{}\n", closed));
}

} // namespace otk
