// What the clocks on the wall show in a time zone, by the time zone database of this system (IANA's, as
// tzfile(5) describes its files, under /usr/share/zoneinfo or where TZDIR points).
//
// glibc knows one time zone at a time, that of the environment: these functions change TZ for a moment and
// put it back, so they are for programs with one thread. They read a file at each call, so a new database
// counts at once.
#pragma once

#include "policy/model.h"

#include <optional>
#include <string>

namespace otk {

inline constexpr std::size_t longest_time_zone = 64; // bytes of a name

// A name such as "Europe/Berlin" for which this system has a file of time zone data; "" is UTC and always
// known. Names with other characters than letters, digits, _ + - and / between them are refused, so none
// leads out of the database; so are those below right/, whose clocks count leap seconds while this system's
// do not.
[[nodiscard]] bool time_zone_known(const std::string& zone);

// Nothing where the zone is not known: glibc by itself would take it for UTC without a word.
[[nodiscard]] std::optional<LocalTime> local_time(Time time, const std::string& zone);

// For people: "Sat 17:30 CET", or "Sat 17:30 +0545" where the zone's clocks have no name; in UTC where the
// zone is not known.
[[nodiscard]] std::string local_text(Time time, const std::string& zone);

} // namespace otk
