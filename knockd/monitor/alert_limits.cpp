#include "knockd/monitor/alert_limits.h"

#include <algorithm>

namespace otk {

namespace {

constexpr std::chrono::minutes one_of_a_subject{1};
constexpr std::chrono::hours span{1};

// By sending packets that need no unspent knock, or one of somebody's own. Contested ones count apart.
bool strangers_can_cause(AlertKind kind) {
    switch (kind) {
    case AlertKind::replay:
    case AlertKind::late:
    case AlertKind::refused:
    case AlertKind::flood_begun:
    case AlertKind::flood_ended: return true;
    case AlertKind::contested:
    case AlertKind::used:
    case AlertKind::silence:
    case AlertKind::few_left:
    case AlertKind::exhausted:
    case AlertKind::old_passphrase:
    case AlertKind::interrupted:
    case AlertKind::child_crashed:
    case AlertKind::guard_lost: break;
    }
    return false;
}

bool within(Time then, Time now, std::chrono::nanoseconds age) { return then <= now && now - then < age; }

} // namespace

void AlertLimits::forget(Time now) {
    std::erase_if(in_last_hour_, [now](Time then) { return !within(then, now, span); });
    std::erase_if(contested_in_last_hour_,
                  [now](const Contested& each) { return !within(each.at, now, span); });
    std::erase_if(in_last_minute_,
                  [now](const auto& entry) { return !within(entry.second, now, one_of_a_subject); });
}

bool AlertLimits::room_for(const Alert& alert) const {
    if (alert.kind != AlertKind::contested) {
        const std::uint32_t kept = strangers_can_cause(alert.kind) ? per_hour_ / 4 : 0;
        return in_last_hour_.size() < per_hour_ - kept;
    }
    const auto of_user = std::count_if(contested_in_last_hour_.begin(), contested_in_last_hour_.end(),
                                       [&](const Contested& each) { return each.user == alert.user; });
    const std::uint32_t most_of_user = (per_hour_ + 3) / 4; // at least one
    return contested_in_last_hour_.size() < per_hour_ && of_user < most_of_user;
}

bool AlertLimits::admit(const Alert& alert, Time now) {
    forget(now);
    if (!room_for(alert)) return false;
    if (!in_last_minute_.emplace(Subject{alert.kind, alert.user, alert.command}, now).second) return false;
    if (alert.kind == AlertKind::contested)
        contested_in_last_hour_.push_back({now, alert.user});
    else
        in_last_hour_.push_back(now);
    return true;
}

} // namespace otk
