#!/usr/bin/env python3
"""Computes vectors.json and the known answers of lib/otp/chain.cpp without any code of lib/otp.

    ./make_vectors.py > vectors.json

scrypt, SHA-1, SHA-256, MD5, HMAC and base32 are Python's own; MD4 is written out below from RFC 1320, because OpenSSL 3
hides it from Python. Of the project, only the list of words is read. The steps of the chain are those of DESIGN 3
and RFC 2289. The alternate dictionaries (RFC 2289 Appendix B) are words of five letters searched until all 2048
indices are there, so none of them is in the standard dictionary.
"""

import base64
import hashlib
import hmac
import itertools
import json
import pathlib
import re
import struct

HERE = pathlib.Path(__file__).resolve().parent
TABLE = (HERE / "../../../lib/otp/words_table.cpp").read_text()
WORDS = re.findall(r'"([A-Z]+)"', TABLE)
assert len(WORDS) == len(set(WORDS)) == 2048


def md4(message):
    def rotated(x, n):
        x &= 0xFFFFFFFF
        return (x << n | x >> (32 - n)) & 0xFFFFFFFF

    rounds = (
        (lambda x, y, z: x & y | ~x & z, 0, (3, 7, 11, 19), list(range(16))),
        (lambda x, y, z: x & y | x & z | y & z, 0x5A827999, (3, 5, 9, 13),
         [4 * j + i for i in range(4) for j in range(4)]),
        (lambda x, y, z: x ^ y ^ z, 0x6ED9EBA1, (3, 9, 11, 15),
         [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15]),
    )
    padded = message + b"\x80" + bytes(-(len(message) + 9) % 64) + struct.pack("<Q", 8 * len(message))
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    for at in range(0, len(padded), 64):
        block = struct.unpack("<16I", padded[at:at + 64])
        a, b, c, d = state
        for function, constant, shifts, order in rounds:
            for i, k in enumerate(order):
                a, b, c, d = d, rotated(a + function(b, c, d) + block[k] + constant, shifts[i % 4]), b, c
        state = [(x + y) & 0xFFFFFFFF for x, y in zip(state, (a, b, c, d))]
    return struct.pack("<4I", *state)


assert md4(b"message digest").hex() == "d9130a8164549fe818874806e1c7014b"  # RFC 1320 A.5

DIGESTS = {
    "md4": md4,
    "md5": lambda m: hashlib.md5(m).digest(),
    "sha1": lambda m: hashlib.sha1(m).digest(),
    "sha256": lambda m: hashlib.sha256(m).digest(),
}


def step(algorithm, message):
    digest = DIGESTS[algorithm](message)
    if algorithm == "sha256":
        return digest[:16]
    if algorithm == "sha1":
        h = struct.unpack(">5I", digest)
        return struct.pack("<2I", h[0] ^ h[2] ^ h[4], h[1] ^ h[3])
    return bytes(x ^ y for x, y in zip(digest[:8], digest[8:]))


def indices(eight_bytes):
    bits = int.from_bytes(eight_bytes, "big")
    checksum = sum(bits >> i & 3 for i in range(0, 64, 2)) & 3
    all_bits = bits << 2 | checksum
    return [all_bits >> (55 - 11 * i) & 2047 for i in range(6)]


def words(value):
    return " ".join(WORDS[i] for at in range(0, len(value), 8) for i in indices(value[at:at + 8]))


def chain(master, counts):
    value = hmac.new(master, b"otk chain 1\x01", hashlib.sha256).digest()[:16]
    for count in range(max(counts) + 1):
        if count in counts:
            yield {"count": count, "hex": value.hex(), "words": words(value),
                   "base32": base64.b32encode(value).decode().rstrip("=")}
        value = step("sha256", value)


def alternate_dictionary(algorithm):
    consonants, vowels = "bcdfghjklmnpqrstvwxyz", "aeiou"
    found = {}
    for letters in itertools.product(consonants, vowels, consonants, vowels, consonants):
        word = "".join(letters).capitalize()
        found.setdefault(int.from_bytes(DIGESTS[algorithm](word.encode())[-2:], "big") & 2047, word)
        if len(found) == 2048:
            return found
    raise SystemExit("too few words")


def passphrase_chains():
    for passphrase, seed in (("correct horse battery staple", "dog2"),
                             ("  blanks, \u00fcmlauts and\ttabs ", "OTKseed012345678")):
        master = hashlib.scrypt(passphrase.encode(), salt=b"otk-v1:" + seed.lower().encode(), n=2**17, r=8, p=1,
                                maxmem=256 * 2**20, dklen=32)
        yield {"passphrase": passphrase, "seed": seed, "values": list(chain(master, (0, 1, 99, 1000)))}


def main():
    master = bytes(range(32))
    alternates = []
    for vector in json.loads((HERE / "rfc2289.json").read_text()):
        if vector["count"] != 99:
            continue
        dictionary = alternate_dictionary(vector["algorithm"])
        alternates.append({"algorithm": vector["algorithm"], "hex": vector["hex"],
                           "words": " ".join(dictionary[i] for i in indices(bytes.fromhex(vector["hex"])))})
    print(json.dumps({
        "passphrase": list(passphrase_chains()),
        "master": {"hex": master.hex(), "values": list(chain(master, (0, 1, 99)))},
        "alternate": alternates,
        "step_of_zeros": {a: step(a, bytes(16 if a == "sha256" else 8)).hex() for a in DIGESTS},
    }, indent=1))


main()
