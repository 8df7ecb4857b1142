// Where the passphrase comes from: the terminal, or --passphrase-file. Never the command line, which every
// user of the machine can read.
#pragma once

#include "base/secret.h"
#include "knockgen/arguments.h"

#include <string_view>

namespace otk {

// The bytes as typed, less one trailing newline of a file. A file that others may read is warned of on
// standard error. Throws Error when there is none or RFC 2289's rule of 10 to 63 characters is broken.
[[nodiscard]] SecretText known_passphrase(const Arguments& arguments, std::string_view of_what);

// For one that is chosen now: asked for twice on a terminal, and refused when weak unless --weak is given.
[[nodiscard]] SecretText new_passphrase(const Arguments& arguments, std::string_view of_what);

} // namespace otk
