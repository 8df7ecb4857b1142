// Asking on the terminal: a secret without echo, and whether something is meant.
#pragma once

#include "base/secret.h"

#include <string_view>

namespace otk {

// Shows the prompt on the controlling terminal (not on standard output or error) and reads one line, without
// its newline and without showing it. Whatever happens, also a signal (^C, ^Z, SIGTERM, SIGHUP), the terminal
// is as before when this ends; after ^Z and `fg` it asks again. Throws Error when there is no terminal,
// nothing is typed
// (^D), or the line is longer than 1024 bytes.
[[nodiscard]] SecretText ask_without_echo(std::string_view prompt);

// Shows the question there and reads one line, which shows as it is typed: whether it is `yes`. Throws Error
// when there is no terminal.
[[nodiscard]] bool ask_yes(std::string_view question);

} // namespace otk
