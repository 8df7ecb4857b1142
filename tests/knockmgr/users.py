"""Users, commands and chains that several of these tests begin with."""

import hashlib

from harness import CALLER


def token(seed, algorithm="sha256", length=100, image=None):
    image = image or hashlib.sha256(seed.encode()).hexdigest()[:32 if algorithm == "sha256" else 16]
    return f"otk1:{algorithm}:{length}:{seed}:{image}"


# RFC 8032 section 7.1, tests 1 and 2: keys that somebody can sign with.
SIGNING_KEYS = ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")


def signing_token(seed, key=SIGNING_KEYS[0], **chain):
    return f"{token(seed, **chain)}:{key}"


def ready(otk):
    otk.must("user", "add", "anna")
    otk.must("command", "add", "hello", "--exec", "--as", CALLER, "--", "/bin/echo", "hello")
    return otk


ZONE = '[dns]\nzones = ["k.example.org"]\n'


def with_let_in(otk):
    """A user, and a command that uses an address."""
    otk.must("user", "add", "anna")
    otk.must("command", "add", "let-in", "--exec", "--as", CALLER, "--", "/bin/echo", "{address}")
    return otk


def step(value):
    """One step of a sha256 chain, computed by somebody else's SHA-256."""
    return hashlib.sha256(bytes.fromhex(value)).hexdigest()[:32]
