// Two kinds of trouble that are not hostile input.
//
// A broken promise is our own bug or a kernel that does not keep its contract: nothing that follows could be
// trusted, so the process ends at once. A broken world (a missing file, a full disk) is an Error: the message
// says what, where and what to do, and main prints it. Hostile input is neither: it is a value (see
// result.h).
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace otk {

// What main prints after the program's name; one line, no trailing full stop or newline.
class Error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

// "WHAT: strerror(error_number)"; the number defaults to errno.
[[nodiscard]] Error system_error(std::string_view what);
[[nodiscard]] Error system_error(std::string_view what, int error_number);

// Ends the process (abort) with `what` on standard error.
[[noreturn]] void broken_promise(const char* what);

// Does that unless `kept`.
inline void promise(bool kept, const char* what) {
    if (!kept) broken_promise(what);
}

} // namespace otk
