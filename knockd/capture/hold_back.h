// Values may come as a flood: a `ping` without end, a replayed capture, one good knock repeated a million
// times while it is being spent. Validate needs to hear of them, but not of each packet.
//
// Known values: one report a second for each pair of value and source, a few a second for each value, and a
// bound on all. Unspent ones: likewise, but with no bound on all, because each value is somebody's knock: a
// value is never held back for what was done with others. What would show that a value was copied while it
// was being spent, or within a minute after that, passes whatever else is sent.
#pragma once

#include "knockd/capture/differing.h"
#include "net/address.h"
#include "otp/value.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace otk {

class HoldBack {
  public:
    // `key` is random: it keeps strangers from choosing values and sources that share a place.
    explicit HoldBack(std::uint64_t key) : key_(key) {}

    // May this value be reported now? `now` only rises (a monotonic clock). What was said of a value while it
    // was unspent does not count when it has become known: its first report then is the one that shows a
    // duplicate.
    [[nodiscard]] bool pass_known(const Sighting& sighting, std::chrono::nanoseconds now);
    // `request`: the signed knock or dynamic request that the value came in, else empty. A wrong one does not
    // hold back the right one, which is another request of the same value.
    [[nodiscard]] bool pass_unspent(const Sighting& sighting, Bytes request, std::chrono::nanoseconds now);

    // The value became known now, or less than a minute ago: until a minute from now what differs from the
    // other packets of it passes beside all bounds, at most Differing::most of them. So there are at most so
    // many for each knock that was spent, and the work for validate stays small.
    void became_known(const Value& value, std::chrono::nanoseconds now);
    void no_longer_known(const Value& value);
    void forget_known() { new_.clear(); }                          // all of them
    [[nodiscard]] std::size_t size() const { return new_.size(); } // values that became known lately

  private:
    // A duplicate keeps its series going for 60 s (DESIGN 4), so a report a second loses nothing. Eight
    // sources of one value in a second are enough to see that it is contested, and a flood of one value
    // cannot silence another. The bound on all keeps the work for validate small whoever floods with
    // whatever.
    static constexpr std::chrono::seconds quiet{1};
    static constexpr unsigned most_of_one_value = 8;
    // Some hundred times what a spend takes. What could not be spent (a full disk) is soon judged again.
    static constexpr std::chrono::milliseconds quiet_unspent{100};
    static constexpr unsigned most_in_a_second = 2000;
    static constexpr std::chrono::minutes is_new{1};

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
    // The latest reports of one unspent value: from where, with which named address, because the same value
    // with another one is how a knock is seen to be contested, and in which request. Eight different ones in
    // a tenth of a second may hold back a ninth that shows no copy; but eight wrong requests spend a value
    // (DESIGN 4), so that nobody holds back the right one for longer than it is worth something. Another
    // value that needs the place takes it, and a flood of the first then passes once more for each source: as
    // often as strangers knock, which is seldom for each of 4096 places, and that validate does hear of both
    // is what matters.
    struct Unspent {
        std::uint64_t value = 0;
        std::array<Place, most_of_one_value> reports{};
        Differing differing;
        std::chrono::nanoseconds differing_since{};
    };
    struct New {
        std::chrono::nanoseconds since{};
        Differing differing;
    };

    [[nodiscard]] bool within_bounds(std::uint64_t of_value, std::chrono::nanoseconds now);
    [[nodiscard]] bool differs(std::uint64_t of_value, const Sighting& sighting,
                               std::chrono::nanoseconds now);

    std::uint64_t key_;
    std::array<Place, 4096> places_{};
    std::array<Budget, 4096> of_values_{};
    Budget of_all_;
    std::array<Unspent, 4096> unspent_{};
    std::unordered_map<std::uint64_t, New> new_; // by the value's hash; of those that are known
    std::chrono::nanoseconds swept_{};           // when those that are new no longer were last removed
};

} // namespace otk
