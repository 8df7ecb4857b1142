// Known values may come as a flood (a `ping` without end, a replayed capture). Validate needs to hear of
// them, but not of each packet: one report a second for each pair of value and source, a few a second for
// each value, and a bound on all.
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
    // A duplicate keeps its series going for 60 s (DESIGN 4), so a report a second loses nothing. Eight
    // sources of one value in a second are enough to see that it is contested, and a flood of one value
    // cannot silence another. The bound on all keeps the work for validate small whoever floods with
    // whatever.
    static constexpr std::chrono::seconds quiet{1};
    static constexpr unsigned most_of_one_value = 8;
    static constexpr unsigned most_in_a_second = 2000;

    struct Place {
        std::uint64_t pair = 0;
        std::chrono::nanoseconds passed{};
    };
    // How many have passed in the second that began then.
    struct Budget {
        std::chrono::nanoseconds began{};
        unsigned passed = 0;
        [[nodiscard]] bool left(unsigned most, std::chrono::nanoseconds now);
    };
    std::uint64_t key_;
    std::array<Place, 4096> places_{};
    std::array<Budget, 4096> of_values_{};
    Budget of_all_;
};

} // namespace otk
