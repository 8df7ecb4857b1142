// Standard input, output and error of a program of ours. Whoever started it may have closed them, a disk may
// be full, a reader may have gone: nothing of that ends a program by a signal or an exception.
#pragma once

#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace otk {

// First thing in main. Whichever of the descriptors 0, 1 and 2 is closed is opened on /dev/null, so that no
// database and no socket gets its number. It is opened the wrong way round (0 to write, 1 and 2 to read), so
// that its use fails as before and does not pass for done.
void hold_standard_streams();

// To standard error, as it is. Whoever cannot be told is not told.
void tell_text(std::string_view text);

template <typename... T>
void tell(fmt::format_string<T...> format, T&&... values) {
    tell_text(fmt::format(format, std::forward<T>(values)...));
}

// To standard output, through a buffer that is wiped; flush_output says whether it got out. Never beside
// stdio.
void put_text(std::string_view text);

template <typename... T>
void put(fmt::format_string<T...> format, T&&... values) {
    put_text(fmt::format(format, std::forward<T>(values)...));
}

// Hands over what was put: call it before the end and before a fork. 0, or errno of the first failure since
// the last call.
[[nodiscard]] int flush_output();

} // namespace otk
