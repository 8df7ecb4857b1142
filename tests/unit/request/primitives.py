"""Ed25519 (RFC 8032), X25519 (RFC 7748), ChaCha20-Poly1305 (RFC 8439) and HKDF-SHA256 (RFC 5869), written out from
the RFCs for make_vectors.py, so that the vectors owe nothing to the library that they test. Slow, and not in constant
time: for vectors only."""

import hashlib
import hmac
import struct

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def add(first, second):
    (x1, y1), (x2, y2) = first, second
    k = D * x1 * x2 * y1 * y2 % P
    return (x1 * y2 + x2 * y1) * pow(1 + k, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - k, -1, P) % P


def times(n, point):
    total = (0, 1)
    while n:
        if n & 1:
            total = add(total, point)
        point = add(point, point)
        n >>= 1
    return total


def x_of(y):
    """One of the two x, or None where no point has this y."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    for candidate in (x, x * ROOT_OF_MINUS_ONE % P):
        if candidate * candidate % P == square:
            return candidate
    return None


BASE_Y = 4 * pow(5, -1, P) % P
BASE = (min(x_of(BASE_Y), P - x_of(BASE_Y), key=lambda x: x & 1), BASE_Y)


def encoded(point):
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def little(data):
    return int.from_bytes(data, "little")


def clamped(scalar):
    return little(scalar) & (2**254 - 8) | 2**254


def ed25519_public(seed):
    return encoded(times(clamped(hashlib.sha512(seed).digest()[:32]), BASE))


def ed25519_sign(seed, message):
    digest = hashlib.sha512(seed).digest()
    a, prefix = clamped(digest[:32]), digest[32:]
    r = little(hashlib.sha512(prefix + message).digest()) % L
    point = encoded(times(r, BASE))
    k = little(hashlib.sha512(point + ed25519_public(seed) + message).digest()) % L
    return point + ((r + k * a) % L).to_bytes(32, "little")


def torsion():
    """The eight points whose order divides 8."""
    y = 2
    while True:
        y += 1
        x = x_of(y)
        if x is None:
            continue
        point = times(L, (x, y))
        if times(4, point) != (0, 1):
            return [times(i, point) for i in range(8)]


def small_order_encodings():
    """Everything that a decoder that reduces y and accepts any sign of x = 0 takes for one of them."""
    found = set()
    for x, y in torsion():
        for spelled in (y, y + P):
            for sign in (0, 1):
                if spelled < 2**255 and (x == 0 or x & 1 == sign):
                    found.add((spelled | sign << 255).to_bytes(32, "little"))
    return sorted(found)


def x25519(scalar, u):
    k, x1 = clamped(scalar), little(u) & (2**255 - 1)
    x2, z2, x3, z3 = 1, 0, x1, 1
    swapped = 0
    for bit in range(254, -1, -1):
        now = k >> bit & 1
        if now != swapped:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swapped = now
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        e = a * a - b * b
        x3, z3 = (d * a + c * b) ** 2 % P, x1 * (d * a - c * b) ** 2 % P
        x2, z2 = a * a * b * b % P, e * (a * a + 121665 * e) % P
    if swapped:
        x2, z2 = x3, z3
    return (x2 * pow(z2, -1, P) % P if z2 else 0).to_bytes(32, "little")


def x25519_public(scalar):
    return x25519(scalar, (9).to_bytes(32, "little"))


def chacha20_block(key, counter, nonce):
    start = struct.unpack("<16I", b"expand 32-byte k" + key + struct.pack("<I", counter) + nonce)
    state = list(start)

    def mix(a, b, c, d):
        for to, of, into, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            state[to] = (state[to] + state[of]) & 0xFFFFFFFF
            turned = state[into] ^ state[to]
            state[into] = (turned << by | turned >> (32 - by)) & 0xFFFFFFFF

    for _ in range(10):
        for column in range(4):
            mix(column, 4 + column, 8 + column, 12 + column)
        for row in range(4):
            mix(row, 4 + (row + 1) % 4, 8 + (row + 2) % 4, 12 + (row + 3) % 4)
    return struct.pack("<16I", *((x + y) & 0xFFFFFFFF for x, y in zip(start, state)))


def poly1305(key, message):
    r, s = little(key[:16]) & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF, little(key[16:])
    total = 0
    for at in range(0, len(message), 16):
        total = (total + little(message[at:at + 16] + b"\x01")) * r % (2**130 - 5)
    return ((total + s) % 2**128).to_bytes(16, "little")


def seal(key, nonce, before, text):
    stream = b"".join(chacha20_block(key, 1 + i, nonce) for i in range(len(text) // 64 + 1))
    box = bytes(x ^ y for x, y in zip(text, stream))
    padded = b"".join(part + bytes(-len(part) % 16) for part in (before, box))
    lengths = struct.pack("<QQ", len(before), len(box))
    return box + poly1305(chacha20_block(key, 0, nonce)[:32], padded + lengths)


def hkdf_extract(salt, secret):
    return hmac.digest(salt or bytes(32), secret, "sha256")


def hkdf_expand(extracted, info, size):
    out = block = b""
    for number in range(1, -(-size // 32) + 1):
        block = hmac.digest(extracted, block + info + bytes([number]), "sha256")
        out += block
    return out[:size]
