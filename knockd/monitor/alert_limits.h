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
    // minute, and `per_hour` in all within an hour. Of these a quarter is kept for kinds that no stranger can
    // cause: else whoever has old knocks to replay could use all of them up and then work unseen. A clock
    // that was set back forgets what lies ahead of it.
    [[nodiscard]] bool admit(const Alert& alert, Time now);

  private:
    using Subject = std::tuple<AlertKind, std::string, std::string>; // kind, user, command
    void forget(Time now);

    std::uint32_t per_hour_;
    std::deque<Time> in_last_hour_;
    std::map<Subject, Time> in_last_minute_;
};

} // namespace otk
