// Whether a passphrase that is being chosen is easy to guess: by libpwquality, its dictionary, and what the
// pieces of the passphrase weigh.
#pragma once

#include "base/secret.h"

#include <optional>
#include <string>

namespace otk {

// The reason why it is weak, in a few words without a full stop; nothing when it is good enough. Throws Error
// where libpwquality has no dictionary, and says which package has it.
[[nodiscard]] std::optional<std::string> weakness_of(const SecretText& passphrase);

} // namespace otk
