// The system's random source (getrandom). Handed in where a test must choose what comes out.
#pragma once

#include "base/bytes.h"

#include <functional>

namespace otk {

// Fills the bytes or throws Error.
using RandomSource = std::function<void(MutableBytes)>;

void system_random(MutableBytes bytes);

// A number below `bound` (at least 1), each equally likely.
[[nodiscard]] std::uint32_t random_below(const RandomSource& random, std::uint32_t bound);

} // namespace otk
