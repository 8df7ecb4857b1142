// Whether a passphrase that is being chosen is easy to guess, by libpwquality.
#pragma once

#include "base/secret.h"

#include <optional>
#include <string>

namespace otk {

// The reason why it is weak, in a few words without a full stop; nothing when it is good enough.
[[nodiscard]] std::optional<std::string> weakness_of(const SecretText& passphrase);

} // namespace otk
