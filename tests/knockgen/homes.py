"""A user's home with key files and profiles, and a server's port on the loopback interface that tells what comes."""

import contextlib
import hashlib
import hmac
import json
import os
import re
import select
import shutil
import socket
import struct
import sys
import tempfile

import harness

sys.path.insert(1, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))
from otk_e2e import ed25519  # noqa: E402

SERVER_ID = bytes(range(16))
LENGTH = 30


class Key:
    """What DESIGN section 3 makes of the master in a key file."""

    def __init__(self, path):
        self.path = path
        with open(path, encoding="ascii") as file:
            self.master = bytes.fromhex([line for line in file if not line.startswith("#")][0])
        self.values = [self._expand(b"otk chain 1")[:16]]
        for _ in range(LENGTH):
            self.values.append(hashlib.sha256(self.values[-1]).digest()[:16])
        self.seed = self._expand(b"otk sign 1")

    def _expand(self, label):
        return hmac.new(self.master, label + b"\x01", hashlib.sha256).digest()

    def number_of(self, value):
        return self.values.index(value)


class Home:
    def __init__(self, undo):
        self.directory = tempfile.mkdtemp(prefix="otk-knockgen-")
        undo.callback(shutil.rmtree, self.directory)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
        self.environment["HOME"] = self.directory
        self.profiles = f"{self.directory}/.config/otk"
        self.states = f"{self.directory}/.local/state/otk"

    def run(self, *arguments, **settings):
        settings.setdefault("typed", "")
        return harness.knockgen(*map(str, arguments), env=self.environment, **settings)

    def said(self, *arguments, **settings):
        """Standard output of a run that must succeed."""
        result = self.run(*arguments, **settings)
        assert result.returncode == 0, (arguments, result.returncode, result.stderr.decode())
        return result.stdout.decode()

    def refused(self, code, words, *arguments, **settings):
        result = self.run(*arguments, **settings)
        harness.expect((arguments, result.returncode), (arguments, code))
        harness.expect_in(words, result.stderr.decode())
        return result.stderr.decode()

    def key(self, name="key"):
        path = f"{self.directory}/{name}"
        self.said("key", "new", path)
        return Key(path)

    def check_word(self, secret, **fields):
        """The first of the token's, for line() with these fields: of a key, or of a passphrase."""
        of = {"algorithm": "sha256", "seed": "s1", "length": LENGTH, "signed": "yes", **fields}
        words = ["token", "--algorithm", of["algorithm"], "--seed", of["seed"], "--length", of["length"], "--weak",
                 *(["--plain"] if of["signed"] == "no" else [])]
        words += ["--key", secret.path] if isinstance(secret, Key) else ["-p", "-"]
        said = self.run(*words, typed="" if isinstance(secret, Key) else secret).stderr.decode()
        return re.search(r"^Check words: (\w+)", said, re.MULTILINE).group(1)

    def add(self, name, secret, *options, **fields):
        """A profile whose line has the check word of that secret."""
        return self.said("profile", "add", name, line(check=self.check_word(secret, **fields), **fields), *options)

    def next_of(self, name):
        return json.loads(self.said("profile", "show", name, "--json"))["next"]


def line(**fields):
    """A profile; a field that is None is left out."""
    usual = {"host": "127.0.0.1", "algorithm": "sha256", "seed": "s1", "length": LENGTH, "command": "lights",
             "server": SERVER_ID.hex(), "signed": "yes", "plain": "no", "check": "GLEN"}
    words = [f"{key}={value}" for key, value in {**usual, **fields}.items() if value is not None]
    return " ".join(["otk1-profile", *words])


class Port:
    """A udp port of the loopback interface."""

    def __init__(self, undo, family=socket.AF_INET):
        self._socket = undo.enter_context(socket.socket(family, socket.SOCK_DGRAM))
        self._socket.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        self.number = self._socket.getsockname()[1]

    def wait(self):
        """Until one has come; it is still there then."""
        select.select([self._socket], [], [], 60)

    def packets(self):
        """Those that came. What was sent over the loopback interface is there when its sender has ended."""
        packets = []
        with contextlib.suppress(BlockingIOError):
            while True:
                packets.append(self._socket.recv(65536, socket.MSG_DONTWAIT))
        return packets


def signed_knock(key, number, time, argument=b"", command=b"lights", server=SERVER_ID, address=b"\0" * 17):
    """To the byte as DESIGN section 5 says. Ed25519 signs in one way only, so the whole message can be compared."""
    message = key.values[number] + b"\x01" + address + struct.pack("!QH", time, len(argument)) + argument
    about = b"otk-signed-1\0" + server + bytes([len(command)]) + command
    return message + ed25519.sign(key.seed, about + message)


def time_in(packet):
    return struct.unpack("!Q", packet[34:42])[0]
