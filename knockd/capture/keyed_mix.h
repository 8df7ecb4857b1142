// A hash for tables whose keys strangers choose.
#pragma once

#include "base/bytes.h"

#include <cstdint>

namespace otk {

// FNV-1a of the bytes, begun at `hash`: a random key, or what earlier bytes left. Without the key nobody can
// aim at one place of a table; two inputs that are meant to be told apart for certain need a digest.
[[nodiscard]] inline std::uint64_t keyed_mix(std::uint64_t hash, Bytes bytes) {
    for (const std::uint8_t byte : bytes)
        hash = (hash ^ byte) * 0x100000001b3;
    return hash ^ (hash >> 29);
}

} // namespace otk
