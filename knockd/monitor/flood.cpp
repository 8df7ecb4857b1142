#include "knockd/monitor/flood.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk {

namespace {

constexpr unsigned quiet_needed = 10; // s

// Of a total that begins at zero again when capture does.
std::uint64_t growth(std::uint64_t total, std::uint64_t before) {
    return total >= before ? total - before : total;
}

} // namespace

// A second of this clock may be a longer one, when the monitor was busy, and has any length when the clock
// was set.
Flood::Second Flood::since_last(const message::CaptureCounters& totals, Time now) {
    constexpr double longest = 60; // a clock that was set forward by an hour thins out nothing
    const std::chrono::duration<double> passed = looked_ ? now - *looked_ : Time::duration{0};
    Second second;
    second.no_knock = growth(totals.noise, last_.noise) + growth(totals.unread, last_.unread);
    second.lost = growth(totals.lost, last_.lost);
    second.seconds = passed.count() > longest ? 1 : std::max(passed.count(), 1.0);
    last_ = totals;
    looked_ = now;
    return second;
}

std::optional<Alert> Flood::look(const message::CaptureCounters& totals, Time now) {
    const Second second = since_last(totals, now);
    // Over two of them: capture sends its totals by a timer of its own, so that one look may find two of them
    // and the next none.
    const double seconds = second.seconds + before_.seconds;
    const double rate = static_cast<double>(second.no_knock + before_.no_knock) / seconds;
    const double lost_rate = static_cast<double>(second.lost + before_.lost) / seconds;
    before_ = second;

    if (!on_) {
        if (rate <= limit_) return std::nullopt;
        began_ = now;
        return begun(rate, lost_rate);
    }
    highest_ = std::max(highest_, rate);
    packets_ += static_cast<double>(second.no_knock);
    quiet_ = rate < limit_ / 2.0 ? quiet_ + 1 : 0;
    if (quiet_ < quiet_needed) return std::nullopt;
    return ended(now);
}

Alert Flood::begun(double rate, double lost_rate) {
    on_ = true;
    quiet_ = 0;
    highest_ = rate;
    packets_ = rate;
    Alert alert;
    alert.kind = AlertKind::flood_begun;
    alert.text =
        fmt::format("{:.0f} packets a second arrive that are no knock, and {:.0f} more are lost unread; "
                    "[alerts] flood is {}",
                    rate, lost_rate, limit_);
    return alert;
}

Alert Flood::ended(Time now) {
    on_ = false;
    const auto lasted = std::chrono::floor<std::chrono::seconds>(now - began_).count();
    Alert alert;
    alert.kind = AlertKind::flood_ended;
    alert.text = fmt::format("{:.0f} packets that were no knock came within {} s, up to {:.0f} a second",
                             packets_, std::max(lasted, decltype(lasted){1}), highest_);
    return alert;
}

} // namespace otk
