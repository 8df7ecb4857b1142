// Spans of the week: as text, and whether a time lies in them.

#include "policy/model.h"

#include "base/promise.h"
#include "base/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::array<std::string_view, 7> day_names{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr unsigned days_of_week = day_names.size();
constexpr std::uint8_t all_days = 0b111'1111;
constexpr std::string_view every_day = "daily";
constexpr std::uint16_t whole_day = 24 * 60; // minutes

bool has_day(std::uint8_t days, unsigned day) { return ((days >> day) & 1U) != 0; }

std::optional<unsigned> day_named(std::string_view name) {
    const auto* const found = std::find(day_names.begin(), day_names.end(), name);
    if (found == day_names.end()) return std::nullopt;
    return static_cast<unsigned>(found - day_names.begin());
}

// "mon", "mon-fri", "fri-mon".
std::optional<std::uint8_t> parse_day_range(std::string_view text) {
    const std::size_t dash = text.find('-');
    const std::optional<unsigned> first = day_named(text.substr(0, dash));
    const std::optional<unsigned> last =
        dash == std::string_view::npos ? first : day_named(text.substr(dash + 1));
    if (!first || !last) return std::nullopt;
    unsigned days = 0;
    for (unsigned day = *first; day != *last; day = (day + 1) % days_of_week)
        days |= 1U << day;
    return static_cast<std::uint8_t>(days | 1U << *last);
}

std::optional<std::uint8_t> parse_days(std::string_view text) {
    if (text == every_day) return all_days;
    std::uint8_t days = 0;
    for (const std::string_view piece : split(text, ',')) {
        const std::optional<std::uint8_t> range = parse_day_range(piece);
        if (!range) return std::nullopt;
        days = static_cast<std::uint8_t>(days | *range);
    }
    return days;
}

// "8:00", "08:00", up to "24:00", as minutes since midnight.
std::optional<std::uint16_t> parse_clock(std::string_view text) {
    if (text.size() != 4 && text.size() != 5) return std::nullopt;
    const std::size_t colon = text.size() - 3;
    unsigned hour = 0;
    unsigned minute = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i == colon) continue;
        if (!is_digit(text[i])) return std::nullopt;
        unsigned& number = i < colon ? hour : minute;
        number = number * 10 + static_cast<unsigned>(text[i] - '0');
    }
    const unsigned minutes = hour * 60 + minute;
    if (text[colon] != ':' || minute > 59 || minutes > whole_day) return std::nullopt;
    return static_cast<std::uint16_t>(minutes);
}

// "08:00-18:00", into `hours`.
bool parse_span(std::string_view text, Hours& hours) {
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos) return false;
    const std::optional<std::uint16_t> from = parse_clock(text.substr(0, dash));
    const std::optional<std::uint16_t> to = parse_clock(text.substr(dash + 1));
    if (!from || !to || *from == whole_day) return false; // a day does not begin with its end
    hours.from = *from;
    hours.to = *to;
    return true;
}

// Three days or more in a row as a range, all others one by one.
std::string format_days(std::uint8_t days) {
    if (days == all_days) return std::string(every_day);
    std::string text;
    for (unsigned day = 0; day < days_of_week; ++day) {
        if (!has_day(days, day)) continue;
        unsigned last = day;
        while (last + 1 < days_of_week && has_day(days, last + 1))
            ++last;
        if (!text.empty()) text += ',';
        text += day_names.at(day);
        if (last < day + 2) continue;
        text += '-';
        text += day_names.at(last);
        day = last;
    }
    return text;
}

bool within(const Hours& hours, const LocalTime& time) {
    const bool begun_today = has_day(hours.days, time.weekday) && time.minute >= hours.from;
    if (hours.from < hours.to) return begun_today && time.minute < hours.to;
    const unsigned yesterday = (time.weekday + days_of_week - 1) % days_of_week;
    return begun_today || (has_day(hours.days, yesterday) && time.minute < hours.to);
}

} // namespace

std::optional<Hours> parse_hours(std::string_view text) {
    const std::string lower = to_lower(text);
    const std::vector<std::string_view> pieces = split(lower, ' ');
    if (pieces.size() > 2) return std::nullopt;
    const bool has_span = pieces.back().find(':') != std::string_view::npos;
    if (pieces.size() == 2 && !has_span) return std::nullopt;
    Hours hours;
    if (pieces.size() == 2 || !has_span) {
        const std::optional<std::uint8_t> days = parse_days(pieces.front());
        if (!days) return std::nullopt;
        hours.days = *days;
    }
    if (has_span && !parse_span(pieces.back(), hours)) return std::nullopt;
    return hours;
}

std::string format_hours(const Hours& hours) {
    promise(hours.days != 0 && hours.days <= all_days && hours.from < whole_day && hours.to <= whole_day,
            "a span of hours has days, and times that a clock shows");
    std::string text = format_days(hours.days);
    if (hours.from == 0 && hours.to == whole_day) return text;
    return text + fmt::format(" {:02}:{:02}-{:02}:{:02}", hours.from / 60, hours.from % 60, hours.to / 60,
                              hours.to % 60);
}

bool within(const std::vector<Hours>& hours, const LocalTime& time) {
    return hours.empty() ||
           std::any_of(hours.begin(), hours.end(), [&](const Hours& span) { return within(span, time); });
}

} // namespace otk
