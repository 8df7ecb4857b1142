// Times as an administrator types them.
#pragma once

#include "base/clock.h"

#include <optional>
#include <string_view>

namespace otk::knockmgr {

// "2026-12-31", "2026-12-31T18:00", "2026-12-31 18:00:30", with or without a final Z: always UTC. Nothing for
// all else, also for days that no calendar has and years outside 1970 to 2199.
[[nodiscard]] std::optional<Time> parse_date(std::string_view text);

// A date, or a duration from now on ("90d").
[[nodiscard]] std::optional<Time> parse_future(std::string_view text, Time now);
// A date, or a duration back from now ("2h").
[[nodiscard]] std::optional<Time> parse_past(std::string_view text, Time now);

} // namespace otk::knockmgr
