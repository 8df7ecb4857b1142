#include "request/curve.h"

#include "base/promise.h"

#include <algorithm>
#include <memory>
#include <openssl/bn.h>

namespace otk::curve {

namespace {

using Number = std::array<std::uint8_t, 32>;

constexpr Number prime{0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
constexpr Number order{0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                       0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                       0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

constexpr Number with_first(Number number, std::uint8_t first) {
    number[0] = first;
    return number;
}

// Every y below 2^255 of a point whose order divides 8. With either sign of x that makes 14 encodings: 8
// points, of which two have no sign (x = 0) and are read from both, and three values of y that have a second
// spelling. tests/unit/request computes them anew from the curve.
constexpr std::array small_order{
    Number{},  // order 4
    Number{1}, // the neutral point
    Number{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
           0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
           0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05}, // order 8
    Number{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
           0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
           0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a}, // order 8
    with_first(prime, 0xec),                                            // -1: order 2
    prime,                                                              // 0 once more
    with_first(prime, 0xee),                                            // 1 once more
};

bool below(Bytes number, const Number& bound) {
    return std::lexicographical_compare(number.rbegin(), number.rend(), bound.rbegin(), bound.rend());
}

struct Free {
    void operator()(BIGNUM* number) const { BN_free(number); }
    void operator()(BN_CTX* context) const { BN_CTX_free(context); }
};
using Big = std::unique_ptr<BIGNUM, Free>;

Big big(Bytes little_endian) {
    return Big(BN_lebin2bn(little_endian.data(), static_cast<int>(little_endian.size()), nullptr));
}

} // namespace

bool is_coordinate(Bytes number) { return below(number, prime); }

bool is_scalar(Bytes number) { return below(number, order); }

Number y_of(Bytes point) {
    promise(point.size() == 32, "a point has 32 bytes");
    Number y{};
    std::copy(point.begin(), point.end(), y.begin());
    y.back() &= 0x7f;
    return y;
}

bool has_small_order(Bytes point) {
    return std::find(small_order.begin(), small_order.end(), y_of(point)) != small_order.end();
}

// x^2 = (y^2 - 1) / (d y^2 + 1) with d = -121665/121666 (RFC 8032 section 5.1.3). Multiplied by two squares,
// 121666^2 and the square of the denominator, that is 121666 (y^2 - 1) (121666 - 121665 y^2): there is an x
// if and only if this is a square. The last factor is never 0, because d is no square and -1 is.
bool on_curve(Bytes point) {
    const Big p = big(prime);
    const Big y = big(y_of(point));
    const std::unique_ptr<BN_CTX, Free> context(BN_CTX_new());
    const Big square(BN_new());
    const Big left(BN_new());
    const Big right(BN_new());
    const bool made = p && y && context && square && left && right &&
                      BN_mod_sqr(square.get(), y.get(), p.get(), context.get()) == 1 &&
                      BN_copy(left.get(), square.get()) != nullptr && BN_sub_word(left.get(), 1) == 1 &&
                      BN_mul_word(left.get(), 121666) == 1 && BN_set_word(right.get(), 121666) == 1 &&
                      BN_mul_word(square.get(), 121665) == 1 &&
                      BN_sub(right.get(), right.get(), square.get()) == 1 &&
                      BN_mod_mul(left.get(), left.get(), right.get(), p.get(), context.get()) == 1;
    const int symbol = made ? BN_kronecker(left.get(), p.get(), context.get()) : -2;
    if (symbol == -2) throw Error("libcrypto cannot compute with large numbers; free some memory");
    return symbol >= 0;
}

} // namespace otk::curve
