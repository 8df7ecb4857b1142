#include "knockd/monitor/losses.h"

#include <utility>

#include <fmt/format.h>

namespace otk {

std::optional<std::string> Losses::look(std::uint64_t lost, Clock::time_point now) {
    untold_ += lost >= before_ ? lost - before_ : lost;
    before_ = lost;
    if (untold_ == 0 || (told_ && now - *told_ < quiet)) return std::nullopt;
    told_ = now;
    return fmt::format(
        "{} packet(s) were lost for want of room before they were read; knocks may have been among them, "
        "and can be sent again",
        std::exchange(untold_, 0));
}

} // namespace otk
