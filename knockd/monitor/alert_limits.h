// How many alerts there may be (DESIGN 10): nobody can make a storm of them, and nobody can hush one by it.
#pragma once

#include "knockd/monitor/alerts.h"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <tuple>

namespace otk {

class AlertLimits {
  public:
    explicit AlertLimits(std::uint32_t per_hour) : per_hour_(per_hour) {}
    void set_per_hour(std::uint32_t per_hour) { per_hour_ = per_hour; }

    // May this alert be raised now, and if so, it counts: one of a kind for the same user and command in a
    // minute, and within an hour `per_hour` contested ones and `per_hour` of all other kinds. A clock that
    // was set back forgets what lies ahead of it.
    //
    // - Contested ones are counted by themselves, because they may be the only sign of a theft, and whoever
    //   has old knocks to replay could use up all others. Of one user at most a quarter: users can contest
    //   their own knocks.
    // - Of the others a quarter is kept for kinds that no stranger can cause.
    [[nodiscard]] bool admit(const Alert& alert, Time now);

  private:
    using Subject = std::tuple<AlertKind, std::string, std::string>; // kind, user, command
    struct Contested {
        Time at;
        std::string user;
    };
    void forget(Time now);
    [[nodiscard]] bool room_for(const Alert& alert) const;

    std::uint32_t per_hour_;
    std::deque<Time> in_last_hour_; // of all kinds but contested
    std::deque<Contested> contested_in_last_hour_;
    std::map<Subject, Time> in_last_minute_;
};

} // namespace otk
