// What the tests of capture screen for.
#pragma once

#include "otp/algorithm.h"

#include <cstdint>

namespace otk::test {

inline constexpr std::uint8_t every_algorithm =
    bit(Algorithm::md4) | bit(Algorithm::md5) | bit(Algorithm::sha1) | bit(Algorithm::sha256);

} // namespace otk::test
