// The argument of a signed knock (DESIGN 5): the administrator declares a pattern with the command, and
// nothing else ever reaches the program.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace otk {

inline constexpr std::size_t longest_pattern = 256; // bytes

// Why a text cannot be the pattern of a command: one line that says what, where in it, and what to do instead
// where that is not plain. Nothing when it can.
// A pattern is an extended regular expression of printable ASCII, in RE2's reading of POSIX egrep syntax
// (https://github.com/google/re2/wiki/Syntax) with \d, \s and \w; it must match the whole argument, compared
// byte by byte. RE2 reads some of what POSIX has in another way: a backslash in brackets is an escape, and
// [. .] and [= =] are no names there.
[[nodiscard]] std::optional<std::string> check_pattern(std::string_view pattern);

// Does the pattern allow it. An empty pattern allows nothing but the empty argument. An argument that begins
// with `-` is allowed only by a pattern that itself begins with `-`, so that none becomes an option by
// mistake. REQUIRES a pattern that check_pattern() takes; another one allows nothing.
// The pattern is read anew each time: that takes microseconds, and some 15 ms for the worst there is.
[[nodiscard]] bool allows_argument(const std::string& pattern, std::string_view argument);

} // namespace otk
