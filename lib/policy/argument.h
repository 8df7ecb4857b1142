// The argument of a signed knock (DESIGN 5): the administrator declares a pattern with the command, and
// nothing else ever reaches the program.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace otk {

inline constexpr std::size_t longest_pattern = 256; // bytes

// Why a text cannot be the pattern of a command: one line that says what and what to do instead. Nothing when
// it can. A pattern is an extended regular expression of POSIX (regex(7)), printable ASCII, as
// policy/expression.h takes them; it must match the whole argument, compared byte by byte.
[[nodiscard]] std::optional<std::string> check_pattern(std::string_view pattern);

// Does the pattern allow it. An empty pattern allows nothing but the empty argument. An argument that begins
// with `-` is allowed only by a pattern that itself begins with `-`, so that none becomes an option by
// mistake. REQUIRES a pattern that check_pattern() takes; another one allows nothing.
// The pattern is read anew each time: that takes microseconds, and some 2 ms for the worst there is.
[[nodiscard]] bool allows_argument(const std::string& pattern, std::string_view argument);

} // namespace otk
