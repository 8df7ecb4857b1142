"""What dynamic mode is made of besides signatures (ed25519.py), from the RFCs alone and without a line of otk's: X25519
(RFC 7748), ChaCha20-Poly1305 (RFC 8439) and HKDF-SHA256 (RFC 5869). For tests: slow, and it leaks through time."""

import hashlib
import hmac
import struct

P = 2**255 - 19


def hkdf_expand(key, info, size):
    """RFC 5869 section 2.3; up to 32 bytes are one block."""
    assert size <= 32
    return hmac.new(key, info + b"\x01", hashlib.sha256).digest()[:size]


def hkdf(secret, salt, info, size=32):
    return hkdf_expand(hmac.new(salt, secret, hashlib.sha256).digest(), info, size)


# X25519: the Montgomery ladder of RFC 7748 section 5.

def x25519(scalar, point=b"\x09" + bytes(31)):
    k = int.from_bytes(scalar, "little") & ~7 & (2**255 - 1) | 2**254
    u = int.from_bytes(point, "little") & (2**255 - 1)
    x2, z2, x3, z3, swapped = 1, 0, u, 1, 0
    for t in reversed(range(255)):
        bit = k >> t & 1
        if swapped != bit:
            x2, x3, z2, z3 = x3, x2, z3, z2
        swapped = bit
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % P, b * b % P, d * a % P, c * b % P
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, u * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
    if swapped:
        x2, z2 = x3, z3
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


# ChaCha20-Poly1305.

def _rotate(x, by):
    return (x << by | x >> (32 - by)) & 0xFFFFFFFF


def _quarter(s, a, b, c, d):
    for x, y, z, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & 0xFFFFFFFF
        s[z] = _rotate(s[z] ^ s[x], by)


def _block(key, counter, nonce):
    start = struct.unpack("<16I", b"expand 32-byte k" + key + struct.pack("<I", counter) + nonce)
    state = list(start)
    for _ in range(10):
        for a in range(4):
            _quarter(state, a, a + 4, a + 8, a + 12)
        for a in range(4):
            _quarter(state, a, 4 + (a + 1) % 4, 8 + (a + 2) % 4, 12 + (a + 3) % 4)
    return struct.pack("<16I", *((x + y) & 0xFFFFFFFF for x, y in zip(state, start)))


def _stream(key, nonce, data):
    blocks = b"".join(_block(key, 1 + i, nonce) for i in range((len(data) + 63) // 64))
    return bytes(x ^ y for x, y in zip(data, blocks))


def _tag(key, nonce, sealed, associated):
    def padded(data):
        return data + bytes(-len(data) % 16)

    one_time = _block(key, 0, nonce)[:32]
    r = int.from_bytes(one_time[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    message = padded(associated) + padded(sealed) + struct.pack("<QQ", len(associated), len(sealed))
    for i in range(0, len(message), 16):
        total = (total + int.from_bytes(message[i:i + 16] + b"\x01", "little")) * r % (2**130 - 5)
    return ((total + int.from_bytes(one_time[16:], "little")) & (2**128 - 1)).to_bytes(16, "little")


def seal(key, nonce, plain, associated):
    sealed = _stream(key, nonce, plain)
    return sealed + _tag(key, nonce, sealed, associated)


def unseal(key, nonce, box, associated):
    """Nothing for a box that was not made so."""
    sealed, tag = box[:-16], box[-16:]
    return _stream(key, nonce, sealed) if hmac.compare_digest(tag, _tag(key, nonce, sealed, associated)) else None


