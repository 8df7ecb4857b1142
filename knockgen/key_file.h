// Key files: the 32-byte master of one sha256 chain, in place of a passphrase (DESIGN 3). A text file: lines
// of comment that begin with #, then 64 hex digits.
#pragma once

#include "base/secret.h"

#include <filesystem>

namespace otk {

// Makes the file with mode 0600 and brings it to the disk. Throws Error where one exists already.
void make_key_file(const std::filesystem::path& file);

// Throws Error where the file is no regular one, is not the caller's, may be read by others (and says the
// chmod to type), or holds no key.
[[nodiscard]] SecretArray<32> read_key_file(const std::filesystem::path& file);

} // namespace otk
