"""The chains of tests/load/chains.h, computed from what is written there."""

import hashlib

LENGTH = 100


def start_of(grant, seed=1):
    return hashlib.sha256(b"otk-load-chain" + seed.to_bytes(8, "big") + grant.to_bytes(8, "big")).digest()[:16]


def value(grant, count, seed=1):
    result = start_of(grant, seed)
    for _ in range(count):
        result = hashlib.sha256(result).digest()[:16]
    return result


def knock(grant, number=1):
    """The first knock of a grant, or a later one."""
    return value(grant, LENGTH - number)
