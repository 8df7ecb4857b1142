"""Users, commands and chains that several of these tests begin with."""

import hashlib

from harness import CALLER


def token(seed, algorithm="sha256", length=100, image=None):
    image = image or hashlib.sha256(seed.encode()).hexdigest()[:32 if algorithm == "sha256" else 16]
    return f"otk1:{algorithm}:{length}:{seed}:{image}"


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
