// The argument of a signed knock (DESIGN 5): the administrator declares a pattern with the command, and
// nothing else ever reaches the program.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace otk {

inline constexpr std::size_t longest_pattern = 256; // bytes

// Why a text cannot be the pattern of a command: one line that says what and what to do instead. Nothing when
// it can. A pattern is an extended regular expression of POSIX (regex(7)), printable ASCII, which must match
// the whole argument, compared byte by byte; back-references are refused, because matching them can take for
// ever, and with them every other letter or digit behind a backslash, which other languages give a meaning
// that it does not have here.
[[nodiscard]] std::optional<std::string> check_pattern(std::string_view pattern);

// Does the pattern allow it. An empty pattern allows nothing but the empty argument. An argument that begins
// with `-` is allowed only by a pattern that itself begins with `-`, so that none becomes an option by
// mistake. REQUIRES a pattern that check_pattern() takes; another one allows nothing.
[[nodiscard]] bool allows_argument(const std::string& pattern, std::string_view argument);

} // namespace otk
