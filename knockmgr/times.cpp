#include "knockmgr/times.h"

#include "base/text.h"

#include <chrono>

namespace otk::knockmgr {

namespace {

// Exactly as many digits as the text has; nothing when one of them is none.
std::optional<unsigned> digits(std::string_view text) {
    unsigned number = 0;
    for (const char c : text) {
        if (!is_digit(c)) return std::nullopt;
        number = 10 * number + static_cast<unsigned>(c - '0');
    }
    return text.empty() ? std::nullopt : std::optional(number);
}

std::optional<std::chrono::sys_days> parse_day(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto year = digits(text.substr(0, 4));
    const auto month = digits(text.substr(5, 2));
    const auto day = digits(text.substr(8, 2));
    if (!year || !month || !day || *year < 1970 || *year > 2199) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                           std::chrono::month{*month}, std::chrono::day{*day}};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days{date};
}

// "18:00" or "18:00:30"
std::optional<std::chrono::seconds> parse_time_of_day(std::string_view text) {
    if (text.size() != 5 && text.size() != 8) return std::nullopt;
    if (text[2] != ':' || (text.size() == 8 && text[5] != ':')) return std::nullopt;
    const auto hour = digits(text.substr(0, 2));
    const auto minute = digits(text.substr(3, 2));
    const auto second = text.size() == 8 ? digits(text.substr(6, 2)) : std::optional(0U);
    if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
    return std::chrono::hours{*hour} + std::chrono::minutes{*minute} + std::chrono::seconds{*second};
}

} // namespace

std::optional<Time> parse_date(std::string_view text) {
    if (!text.empty() && text.back() == 'Z') text.remove_suffix(1);
    const auto day = parse_day(text.substr(0, 10));
    if (!day) return std::nullopt;
    if (text.size() == 10) return Time{*day};
    if (text[10] != 'T' && text[10] != ' ') return std::nullopt;
    const auto time = parse_time_of_day(text.substr(11));
    if (!time) return std::nullopt;
    return Time{*day} + *time;
}

std::optional<Time> parse_future(std::string_view text, Time now) {
    if (const auto duration = parse_duration(text)) return now + *duration;
    return parse_date(text);
}

std::optional<Time> parse_past(std::string_view text, Time now) {
    if (const auto duration = parse_duration(text)) return now - *duration;
    return parse_date(text);
}

} // namespace otk::knockmgr
