// Small text forms that more than one part needs.
#pragma once

#include "base/bytes.h"
#include "base/clock.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otk {

inline constexpr std::string_view hex_digits = "0123456789abcdef";

// Lower-case hex, two digits a byte. Secrets have their own: base/secret.h.
[[nodiscard]] std::string to_hex(Bytes bytes);
// Exactly two digits a byte, any case, nothing in between; nothing for all else.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> from_hex(std::string_view text);
// The value of one hex digit of any case, or nothing.
[[nodiscard]] std::optional<std::uint8_t> hex_digit(char c);

// RFC 4648 section 6 in its capital letters, without padding.
[[nodiscard]] std::string to_base32(Bytes bytes);

// ASCII only, whatever the locale: names on the wire and in files have no locale.
[[nodiscard]] char to_lower(char c);
[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] bool is_digit(char c);
[[nodiscard]] bool is_alphanumeric(char c);

// The pieces between separators; an empty text has one empty piece.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

// A decimal number without sign, blanks or leading zeros (but "0"), at most `largest`.
[[nodiscard]] std::optional<std::uint64_t> parse_decimal(std::string_view text, std::uint64_t largest);

// "2026-11-21T19:13:02Z", in UTC; with_milliseconds adds ".123".
[[nodiscard]] std::string format_utc(Time time, bool with_milliseconds = false);

// A duration as people write it: a number with s, m, h or d ("30s", "5m", "90d"). Zero is refused.
[[nodiscard]] std::optional<std::chrono::seconds> parse_duration(std::string_view text);
// The shortest such text for it: 90 s is "90s", 120 s is "2m".
[[nodiscard]] std::string format_duration(std::chrono::seconds duration);

// For a journal or a terminal: control characters, quotes, backslashes and all bytes over 126 become \xNN, so
// that nobody's input can forge a line or move a cursor.
[[nodiscard]] std::string printable(std::string_view text);

} // namespace otk
