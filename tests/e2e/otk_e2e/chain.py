"""Hash chains by RFC 2289 and by otk's design, computed here from the documents alone: what otk accepts is compared with
what the documents say, not with itself."""

import base64
import hashlib
import hmac
import itertools
import os

VALUE_SIZES = {"sha256": 16, "md5": 8, "sha1": 8}
_serial = itertools.count(1)


def _fold_md5(data):
    digest = hashlib.md5(data).digest()
    return bytes(a ^ b for a, b in zip(digest[:8], digest[8:]))


def _fold_sha1(data):
    """RFC 2289 Appendix A: five words folded to two, stored with the low byte first."""
    word = [int.from_bytes(hashlib.sha1(data).digest()[i:i + 4], "big") for i in range(0, 20, 4)]
    return (word[0] ^ word[2] ^ word[4]).to_bytes(4, "little") + (word[1] ^ word[3]).to_bytes(4, "little")


STEPS = {"sha256": lambda value: hashlib.sha256(value).digest()[:16], "md5": _fold_md5, "sha1": _fold_sha1}


def start_of(algorithm, passphrase, seed):
    """The value at count 0."""
    if algorithm != "sha256":
        return STEPS[algorithm](seed.lower().encode() + passphrase)
    master = hashlib.scrypt(passphrase, salt=b"otk-v1:" + seed.encode(), n=2**17, r=8, p=1, maxmem=2**28, dklen=32)
    return hmac.new(master, b"otk chain 1" + b"\x01", hashlib.sha256).digest()[:16]


class Chain:
    """A chain and the position of the one who uses it: next() is what stands on the next line of the sheet."""

    def __init__(self, algorithm="sha256", length=100, seed=None, start=None):
        self.algorithm = algorithm
        self.length = length
        self.seed = seed or f"e2e{os.getpid()}n{next(_serial)}"
        value = start or os.urandom(VALUE_SIZES[algorithm])
        self._values = [value]
        for _ in range(length):
            value = STEPS[algorithm](value)
            self._values.append(value)
        self.count = length  # the last one used

    def at(self, count):
        return self._values[count]

    def next(self):
        self.count -= 1
        return self.at(self.count)

    def skip(self, knocks):
        """Those knocks are lost: written on the sheet, never seen by the server."""
        return [self.next() for _ in range(knocks)]

    @property
    def current(self):
        return self.at(self.count)

    def token(self):
        return f"otk1:{self.algorithm}:{self.length}:{self.seed}:{self.at(self.length).hex()}"


def base32(value):
    return base64.b32encode(value).decode().rstrip("=")


def grouped(text, size=4, separator=" "):
    return separator.join(text[i:i + size] for i in range(0, len(text), size))
