"""Ed25519 by RFC 8032 section 5.1, from its formulas alone and with no care for time: the tests' own hand to sign with."""

import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
_ROOT = pow(2, (P - 1) // 4, P)


def _x_of(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * _ROOT % P
    return P - x if x & 1 != sign else x


_BASE_Y = 4 * pow(5, P - 2, P) % P
_BASE = (_x_of(_BASE_Y, 0), _BASE_Y)


def _add(one, other):
    """Of points as (X, Y, Z, T), RFC 8032 section 5.1.4."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(number):
    """That often the base point, as 32 bytes."""
    result, point = (0, 1, 1, 0), (*_BASE, 1, _BASE[0] * _BASE[1] % P)
    while number:
        if number & 1:
            result = _add(result, point)
        point = _add(point, point)
        number >>= 1
    inverse = pow(result[2], P - 2, P)
    x, y = result[0] * inverse % P, result[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _number(data):
    return int.from_bytes(hashlib.sha512(data).digest(), "little")


def _scalar(seed):
    scalar = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little")
    return scalar & (2**254 - 8) | 2**254


def public_key(seed):
    return _times(_scalar(seed))


def sign(seed, message):
    scalar, key = _scalar(seed), public_key(seed)
    nonce = _number(hashlib.sha512(seed).digest()[32:] + message) % ORDER
    point = _times(nonce)
    return point + ((nonce + _number(point + key + message) % ORDER * scalar) % ORDER).to_bytes(32, "little")
