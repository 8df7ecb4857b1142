// Bracket expressions of POSIX (regex(7)) in the C locale, such as [a-z0-9_] or [^[:space:]].
#pragma once

#include "base/result.h"

#include <bitset>
#include <string>
#include <string_view>

namespace otk {

// The bytes that it stands for. REQUIRES that `rest` begins behind the opening bracket; takes from it what
// ends with the closing one. Otherwise why not, as what follows "the pattern" in a sentence. A backslash
// stands for itself in brackets; one in front of a letter or digit is refused, because elsewhere it has a
// meaning.
[[nodiscard]] Result<std::bitset<256>, std::string> take_brackets(std::string_view& rest);

} // namespace otk
