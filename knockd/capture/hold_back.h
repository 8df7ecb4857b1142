// Known values may come as a flood (a `ping` without end, a replayed capture). Validate needs to hear of
// them, but not of each packet: one report a second for each pair of value and source, and a few hundred in
// all.
#pragma once

#include "net/address.h"
#include "otp/value.h"

#include <array>
#include <chrono>
#include <cstdint>

namespace otk {

class HoldBack {
  public:
    // `key` is random: it keeps strangers from choosing pairs that share a place.
    explicit HoldBack(std::uint64_t key) : key_(key) {}

    // May this known value be reported now? `now` only rises (a monotonic clock).
    [[nodiscard]] bool pass(const Value& value, const Address& source, std::chrono::nanoseconds now);

  private:
    // A duplicate keeps its series going for 60 s (DESIGN 4), so a report a second loses nothing. 200 a
    // second bound the work for validate whatever sources somebody invents.
    static constexpr std::chrono::seconds quiet{1};
    static constexpr unsigned most_in_a_second = 200;

    struct Place {
        std::uint64_t pair = 0;
        std::chrono::nanoseconds passed{};
    };
    std::uint64_t key_;
    std::array<Place, 4096> places_{};
    std::chrono::nanoseconds second_began_{};
    unsigned in_this_second_ = 0;
};

} // namespace otk
