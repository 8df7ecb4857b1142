"""The chains of DESIGN section 3 once more, from Python's own hashlib: a second opinion on every value."""

import hashlib
import hmac


def fold_md5(digest):
    return bytes(left ^ right for left, right in zip(digest[:8], digest[8:]))


def fold_sha1(digest):
    """RFC 2289 Appendix A: five words folded into two, each then written with its low byte first."""
    words = [int.from_bytes(digest[i : i + 4], "big") for i in range(0, 20, 4)]
    first = words[0] ^ words[2] ^ words[4]
    second = words[1] ^ words[3]
    return first.to_bytes(4, "little") + second.to_bytes(4, "little")


def hashed(algorithm, data):
    if algorithm == "md5":
        return fold_md5(hashlib.md5(data).digest())
    if algorithm == "sha1":
        return fold_sha1(hashlib.sha1(data).digest())
    return hashlib.sha256(data).digest()[:16]


def start(algorithm, passphrase, seed):
    if algorithm != "sha256":
        return hashed(algorithm, seed.lower().encode() + passphrase)
    master = hashlib.scrypt(
        passphrase, salt=b"otk-v1:" + seed.lower().encode(), n=2**17, r=8, p=1, maxmem=256 * 2**20, dklen=32
    )
    return hmac.new(master, b"otk chain 1\x01", hashlib.sha256).digest()[:16]  # HKDF-Expand, its first block


def chain(algorithm, passphrase, seed, count):
    """The values at 0 to count, as hex."""
    value = start(algorithm, passphrase, seed)
    values = [value.hex()]
    for _ in range(count):
        value = hashed(algorithm, value)
        values.append(value.hex())
    return values
