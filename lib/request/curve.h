// What libcrypto takes and should not: points and numbers of Curve25519 in more than one spelling, and keys
// for which anybody can sign. Inside lib/request only. All of it is public, so nothing here takes constant
// time.
#pragma once

#include "base/bytes.h"

namespace otk::curve {

// All REQUIRE 32 bytes, little-endian as in RFC 7748 and RFC 8032.

// A number below 2^255-19: the only spelling of a coordinate.
[[nodiscard]] bool is_coordinate(Bytes number);
// RFC 8032 section 5.1: below the order of the group, 2^252 + 27742317777372353535851937790883648493.
[[nodiscard]] bool is_scalar(Bytes number);
// One of the eight points whose order divides 8, in any of the 14 encodings that libcrypto decodes to one.
[[nodiscard]] bool has_small_order(Bytes point);
// The point's y is that of a point of the curve. REQUIRES that y is a coordinate.
[[nodiscard]] bool on_curve(Bytes point);
// The y of an encoded point: its highest bit, the sign of x, is cleared.
[[nodiscard]] std::array<std::uint8_t, 32> y_of(Bytes point);

} // namespace otk::curve
