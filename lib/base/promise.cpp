#include "base/promise.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace otk {

Error system_error(std::string_view what) { return system_error(what, errno); }

Error system_error(std::string_view what, int error_number) {
    return Error(std::string(what) + ": " + std::strerror(error_number));
}

void broken_promise(const char* what) {
    // write(2) and not stdio: this must work in a sandboxed child and say something before the end.
    constexpr std::string_view before = "broken promise: ";
    (void)!::write(STDERR_FILENO, before.data(), before.size());
    (void)!::write(STDERR_FILENO, what, std::strlen(what));
    (void)!::write(STDERR_FILENO, "\n", 1);
    std::abort();
}

} // namespace otk
