// SipHash-2-4 (Aumasson and Bernstein, 2012): a short digest under a key that nobody else knows. Users choose
// the images and chains that knockd-validate keeps in its tables; with a key they can neither crowd one place
// of a table nor find two chains with one digest.
#pragma once

#include "base/bytes.h"

#include <array>
#include <cstdint>

namespace otk {

using HashKey = std::array<std::uint64_t, 2>; // as the paper's k0, k1: read little-endian

[[nodiscard]] HashKey random_hash_key(); // of the system's random source; throws Error
// Of less than 256 bytes.
[[nodiscard]] std::uint64_t keyed_hash(const HashKey& key, Bytes bytes);

} // namespace otk
