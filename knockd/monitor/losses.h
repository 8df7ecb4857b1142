// Packets that found no room while they waited to be read: a knock may have been among them. Told at most
// once a minute, whether or not it is called a flood.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace otk {

class Losses {
  public:
    using Clock = std::chrono::steady_clock;

    // `lost` is a total that begins at 0 again when knockd-capture does. A line for the journal, when there
    // is something to be said.
    [[nodiscard]] std::optional<std::string> look(std::uint64_t lost, Clock::time_point now);

  private:
    static constexpr std::chrono::minutes quiet{1};

    std::uint64_t before_ = 0;
    std::uint64_t untold_ = 0;
    std::optional<Clock::time_point> told_;
};

} // namespace otk
