#include "knockd/capture/flood_mode.h"

namespace otk {

void FloodMode::enter(Phase phase, std::chrono::nanoseconds now) {
    phase_ = phase;
    began_ = now;
    frames_ = 0;
}

void FloodMode::after_read(unsigned frames, bool emptied, std::chrono::nanoseconds now) {
    const auto passed = now - began_;
    switch (phase_) {
    case Phase::calm:
        if (passed >= calm_window) enter(Phase::calm, now);
        frames_ += frames;
        if (frames_ >= flood_begins) enter(Phase::flooded, now);
        break;
    case Phase::flooded:
        frames_ += frames;
        if (passed < flood_window) break;
        // The rate over the time that really passed: after a pause of the process one read may bring much.
        if (frames_ * std::chrono::nanoseconds{std::chrono::seconds{1}}.count() <
            flood_ends * static_cast<std::uint64_t>(passed.count())) {
            enter(Phase::settling, now);
        } else {
            enter(Phase::flooded, now);
        }
        break;
    case Phase::settling:
        frames_ += frames;
        if (frames_ >= flood_begins)
            enter(Phase::flooded, now);
        else if (emptied && passed >= settle_)
            enter(Phase::calm, now);
        break;
    }
}

} // namespace otk
