"""Signed knocks made from docs/PROTOCOL.md alone, by a signer of the tests' own: what knockd accepts is compared with what
the document says, not with what knockgen sends."""

import contextlib
import ipaddress
import json
import os
import signal
import sqlite3
import struct

from . import chain, dns, ed25519, packets, wait, world
from .installation import ZONE

VALUE, TYPE, FAMILY, ADDRESS, TIME, LENGTH, ARGUMENT = 0, 16, 17, 18, 34, 42, 44  # where the fields begin


def server_id(installation):
    with contextlib.closing(sqlite3.connect(f"file:{installation.state}/policy/policy.db?mode=ro", uri=True)) as policy:
        return bytes(policy.execute("SELECT server FROM meta").fetchone()[0])


def address_field(address):
    if not address:
        return bytes(17)
    packed = ipaddress.ip_address(address).packed
    return bytes([4 if len(packed) == 4 else 6]) + packed.ljust(16, b"\0")


class KeyedChain(chain.Chain):
    """A chain whose user has a key, too."""

    def __init__(self, length=100, **more):
        super().__init__("sha256", length, **more)
        self.signing_seed = os.urandom(32)
        self.public_key = ed25519.public_key(self.signing_seed)

    def token(self):
        return f"{super().token()}:{self.public_key.hex()}"


class Signer:
    """A user's client: of one right, for one server."""

    def __init__(self, right, installation, clock):
        self.right = right
        self.server = server_id(installation)
        self._clock = clock

    def knock(self, value, address="", argument=b"", when=None, command=None, server=None):
        """The message; `when` in seconds since 1970, now where None."""
        when = int(self._clock.now()) if when is None else when
        text = value + b"\x01" + address_field(address) + struct.pack("!QH", when, len(argument)) + argument
        return text + ed25519.sign(self.right.chain.signing_seed, self.signed_bytes(text, command, server))

    def signed_bytes(self, text, command=None, server=None):
        command = (command or self.right.command).encode()
        return b"otk-signed-1\0" + (server or self.server) + bytes([len(command)]) + command + text


def name_of(message, zone=ZONE, size=63):
    """The message as a DNS name."""
    text = chain.base32(message)
    return ".".join([text[i:i + size] for i in range(0, len(text), size)] + [zone])


def with_bit(message, byte, bit=0):
    """One bit of it turned."""
    return message[:byte] + bytes([message[byte] ^ 1 << bit]) + message[byte + 1:]


CONFIGURATION = {"dns": {"zones": [ZONE]}, "dynamic": {"enabled": True, "port": 62202}}
TOKENS = ("{address}", "{argument}")


class SigningWorld(world.World):
    def __init__(self, undo):
        super().__init__(undo, CONFIGURATION)

    def restart_validate(self):
        """It counts from 0 again."""
        old = self.daemon.helper("knockd-validate")
        os.kill(old, signal.SIGKILL)
        wait.until(lambda: self.daemon.helper("knockd-validate") != old, "knockd-validate is started again")
        wait.until(lambda: self.counters()["signature_checks"] == 0, "it counts from 0")

    def signer(self, *options, pattern="[a-z ]*", first=b"", tokens=TOKENS, of_command_too=(), **more):
        """A right whose user signs, already taken up by knockd."""
        right = self.right("--address", "named", *options, tokens=tokens, warm=False, its_chain=KeyedChain(),
                           of_command=("--as", "nobody", *(("--argument", pattern) if pattern else ()), *of_command_too), **more)
        signer = Signer(right, self.installation, self.clock)
        value = right.chain.next()
        warm = signer.knock(value, self.client.ipv4, first)

        def again():
            self.knock_udp(warm)
            return right.runs()

        wait.until(again, f"{right.user} may trigger {right.command}")
        return signer

    def counters(self):
        return json.loads(self.installation.knockmgr("status", "--json", expect=None))["daemon"]["counters"]

    def by_icmp(self, message):
        packets.send_echo(self.client, self.server.ipv4, message)

    def by_dns(self, message):
        answer = dns.ask(self.client, self.server.ipv4, dns.question(name_of(message)))
        assert answer.code == 0 and not answer.answer, answer.answer

    def ways(self):
        return {"udp": self.knock_udp, "icmp": self.by_icmp, "dns": self.by_dns}

    def refused(self, signer, knock, count=1, kind="not signed"):
        """Sends it, or what `knock` sends, and gives the new row of that kind; nothing has run."""
        right = signer.right
        runs, before = len(right.runs()), len(right.rows(kind))
        if callable(knock):
            knock()
        else:
            self.knock_udp(knock)
        rows = wait.until(lambda: right.rows(kind)[before:], f"a row of kind {kind} of {right.user}")
        self.settle()
        assert len(right.rows(kind)) == before + count, right.rows(kind)
        assert len(right.runs()) == runs, f"{right.command} ran, and should not have"
        return rows[-1]

    def accepted(self, signer, message, send=None):
        """It runs once; gives what the run was given."""
        runs = len(signer.right.runs())
        (send or self.knock_udp)(message)
        signer.right.wait_for_runs(runs + 1)
        self.settle()
        assert len(signer.right.runs()) == runs + 1, signer.right.runs()
        return signer.right.runs()[-1]
