// Names in DNS wire form: length octets, labels, the root's zero octet; never compressed here. Internal to
// lib/net.
#pragma once

#include "base/bytes.h"

#include <optional>

namespace otk {

// Where in `name` the name `suffix` begins as a run of whole labels, letters compared without case: 0 when
// they are equal, nothing when `name` does not end with it. Both must be well formed. Labels may hold any
// octet: since a length octet is at most 63, below every letter, lowering the case of all octets cannot
// change one.
[[nodiscard]] std::optional<std::size_t> find_suffix(Bytes name, Bytes suffix);

} // namespace otk
