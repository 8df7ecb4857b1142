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

std::string some(std::uint64_t number, double divisor, std::string_view what) {
    if (number == 0) return "";
    return fmt::format(", {:.0f} {}", static_cast<double>(number) / divisor, what);
}

} // namespace

void Flood::Arrived::add(const Arrived& more) {
    noise += more.noise;
    malformed += more.malformed;
    repeats += more.repeats;
    lost += more.lost;
    unanswered += more.unanswered;
    switches += more.switches;
    seconds += more.seconds;
}

// A second of this clock may be a longer one, when the monitor was busy, and has any length when the clock
// was set.
Flood::Arrived Flood::since_last(const message::CaptureCounters& totals, Time now) {
    constexpr double longest = 60; // a clock that was set forward by an hour thins out nothing
    const std::chrono::duration<double> passed = looked_ ? now - *looked_ : Time::duration{0};
    Arrived second;
    second.noise = growth(totals.noise, last_.noise);
    second.malformed = growth(totals.unread, last_.unread);
    second.repeats = growth(totals.held_back, last_.held_back);
    second.lost = growth(totals.lost, last_.lost);
    second.unanswered = growth(totals.not_answered, last_.not_answered);
    second.switches = growth(totals.switches, last_.switches);
    second.seconds = passed.count() > longest ? 1 : std::max(passed.count(), 1.0);
    last_ = totals;
    looked_ = now;
    return second;
}

std::optional<Alert> Flood::look(const message::CaptureCounters& totals, Time now) {
    const Arrived second = since_last(totals, now);
    // Over two of them: capture sends its totals by a timer of its own, so that one look may find two of them
    // and the next none.
    Arrived lately = before_;
    lately.add(second);
    const double rate = static_cast<double>(lately.no_knock()) / lately.seconds;
    before_ = second;

    if (!on_) {
        if (rate <= limit_) return std::nullopt;
        return begun(lately, rate);
    }
    highest_ = std::max(highest_, rate);
    all_.add(second);
    quiet_ = rate < limit_ / 2.0 ? quiet_ + 1 : 0;
    if (quiet_ < quiet_needed) return std::nullopt;
    return ended();
}

Alert Flood::begun(const Arrived& lately, double rate) {
    on_ = true;
    quiet_ = 0;
    highest_ = rate;
    all_ = lately;
    Alert alert;
    alert.kind = AlertKind::flood_begun;
    alert.text = fmt::format("{:.0f} packets a second are no knock{}; [alerts] flood is {}", rate,
                             parts_of(lately, lately.seconds), limit_);
    return alert;
}

Alert Flood::ended() {
    on_ = false;
    Alert alert;
    alert.kind = AlertKind::flood_ended;
    alert.text = fmt::format(
        "{} packets within {:.0f} s were no knock, {:.0f} a second and at most {:.0f}{}", all_.no_knock(),
        all_.seconds, static_cast<double>(all_.no_knock()) / all_.seconds, highest_, parts_of(all_, 1));
    if (all_.lost > 0) alert.text += "; knocks may have been among the lost: send them again";
    return alert;
}

// What they were, and how they were read.
std::string Flood::parts_of(const Arrived& arrived, double divisor) {
    std::string parts =
        some(arrived.noise, divisor, "noise") + some(arrived.malformed, divisor, "malformed") +
        some(arrived.repeats, divisor, "known values again") + some(arrived.lost, divisor, "lost unread");
    if (!parts.empty()) parts = ": " + parts.substr(2);
    if (arrived.unanswered > 0)
        parts += fmt::format("; {:.0f} DNS questions of them not answered",
                             static_cast<double>(arrived.unanswered) / divisor);
    if (arrived.switches > 0)
        parts += fmt::format("; reading changed to blocks {}",
                             arrived.switches == 1 ? "once" : fmt::format("{} times", arrived.switches));
    return parts;
}

} // namespace otk
