"""Dynamic mode as its documents describe it, computed here: a client that can also lie, and the server's end for reading
along (DESIGN 6, docs/PROTOCOL.md)."""

import contextlib
import itertools
import os
import random
import re
import socket
import struct
import time

from . import crypto, ed25519, packets, wait, world
from .daemon import Daemon
from .installation import Installation
from .signed import KeyedChain, address_field

PORT = 62201
WAITING, OPEN, REFUSED, FAILED, OVER = range(5)
REQUEST, QUESTION, ANSWER = 0x02, 0x03, 0x04
KEY_AT, BOX_AT, REQUEST_SIZE, MESSAGE_SIZE = 17, 49, 172, 89


class SignedChain(KeyedChain):
    """As a client has it: chain and signing key come from one master, which a key file holds (DESIGN 3)."""

    def __init__(self, length=100):
        self.master = os.urandom(32)
        super().__init__(length, start=crypto.hkdf_expand(self.master, b"otk chain 1", 16))
        self.signing_seed = crypto.hkdf_expand(self.master, b"otk sign 1", 32)
        self.public_key = ed25519.public_key(self.signing_seed)

    def write_key_file(self, path):
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
            file.write(f"# of a test\n{self.master.hex()}\n")


def read_address(field):
    if field[0] == 0:
        return None
    return socket.inet_ntop(socket.AF_INET6, field[1:17]) if field[0] == 6 else socket.inet_ntop(socket.AF_INET, field[1:5])


class Keys:
    """What both ends derive from the value and their share."""

    def __init__(self, share, value, server_public, client_public):
        def derive(label, size=32):
            return crypto.hkdf(share, value, b"otk-dynamic-1" + server_public + client_public + label, size)

        self.request, self.to_server, self.to_client = derive(b"p1"), derive(b"c2s"), derive(b"s2c")
        self.id = derive(b"id", 16)


def nonce(counter):
    return bytes(4) + struct.pack("!Q", counter)


def any_syns():
    """Three ports and initial sequence numbers."""
    return [(port, random.getrandbits(32)) for port in random.sample(range(1024, 61000), 3)]


class Request:
    """P1 and what follows from it. `server` has the fields of a profile: server, command, key (bytes, text, bytes)."""

    def __init__(self, server, its_chain, value, address=None, at=None, syns=None):
        self.value, self.syns = value, syns or any_syns()
        secret = os.urandom(32)
        public = crypto.x25519(secret)
        self.keys = Keys(crypto.x25519(secret, server.key), value, server.key, public)
        head = value + bytes([REQUEST]) + public
        inner = struct.pack("!Q", int(time.time()) if at is None else at) + address_field(address)
        inner += b"".join(struct.pack("!HI", *syn) for syn in self.syns)
        name = server.command.encode()
        signed = b"otk-dynamic-1\0" + server.id + bytes([len(name)]) + name + server.key + head + inner
        inner += ed25519.sign(its_chain.signing_seed, signed)
        self.packet = head + crypto.seal(self.keys.request, nonce(0), inner, head)
        assert len(self.packet) == REQUEST_SIZE
        self._counter = 0

    def ask(self, counter=None):
        """P2; with the next counter unless one is given."""
        self._counter = self._counter + 1 if counter is None else counter
        head = self.keys.id + bytes([QUESTION]) + struct.pack("!Q", self._counter)
        return head + crypto.seal(self.keys.to_server, nonce(self._counter), bytes(48), head)

    def read(self, packet):
        """P3, when it is one of this request."""
        return read_answer(self.keys, packet)


class Answer:
    def __init__(self, counter, plain):
        self.counter = counter
        self.status, self.port, self.seconds = struct.unpack_from("!BHI", plain)
        self.seen = read_address(plain[7:24])
        assert not any(plain[24:]), "P3 is padded with zeros"

    def __repr__(self):
        return f"status {self.status}, port {self.port}, {self.seconds} s, seen {self.seen}, counter {self.counter}"


def read_answer(keys, packet):
    if len(packet) != MESSAGE_SIZE or packet[:17] != keys.id + bytes([ANSWER]):
        return None
    counter, = struct.unpack_from("!Q", packet, 17)
    plain = crypto.unseal(keys.to_client, nonce(counter), packet[25:], packet[:25])
    return plain and Answer(counter, plain)


def send_syns(host, source, destination, syns):
    """As declared: with these ports and sequence numbers, from a raw socket; `source` is the host's address."""
    six = packets.family_of(destination) == 6
    family = socket.AF_INET6 if six else socket.AF_INET
    addresses = socket.inet_pton(family, source) + socket.inet_pton(family, destination)
    with host.socket(family, socket.SOCK_RAW, socket.IPPROTO_TCP) as sender:
        sender.bind((source, 0))
        for port, sequence in syns:
            segment = struct.pack("!HHIIBBHHH", random.randrange(32768, 61000), port, sequence, 0, 5 << 4, 2, 64240, 0, 0)
            total = packets.checksum(addresses + struct.pack("!II", len(segment), socket.IPPROTO_TCP) + segment)
            sender.sendto(segment[:16] + struct.pack("!H", total) + segment[18:], (destination, 0))


class Server:
    """What a profile line says of the server that a request is for."""

    def __init__(self, line):
        fields = dict(word.split("=", 1) for word in line.split()[1:])
        self.id, self.key, self.command = bytes.fromhex(fields["server"]), bytes.fromhex(fields["key"]), fields["command"]
        self.fields = fields


def make_world(undo, configuration=None):
    return world.World(undo, {"firewall": {"mode": "none"}, "dynamic": {"enabled": True}, **(configuration or {})})


def profile_of(w, access, host=None):
    """The line; its check words, which knockmgr tells beside it, are left out."""
    said = w.installation.knockmgr("grant", "profile", access.user, access.command, "--host", host or w.server.ipv4)
    return re.search(r"^otk1-profile .*$", said, re.MULTILINE).group()


def access_to(w, target, *options, hold="1h"):
    """A new user who may have a port of the server forwarded to the target, and whose requests are signed."""
    access = w.access("--forward", target, "--hold", hold, options=options, its_chain=SignedChain())
    access.server = Server(profile_of(w, access))
    return access


def request(access, **parts):
    """P1 with the user's next knock."""
    return Request(access.server, access.chain, access.chain.next(), **parts)


def known(w, access):
    """The access, when knockd has taken it up, so that one packet is enough: what was added later is known by then."""
    later = access_to(w, "127.0.0.1:9")
    talk(w, later).begin()
    return access


def outcomes(access):
    """What the ledger says of the user's requests, oldest first: the outcome of each accepted one, or why it was refused."""
    rows = [row for row in access.rows() if row["kind"] in ("accepted", "refused")]
    return [row["refusal"] if row["kind"] == "refused" else row["end"] and row["end"]["outcome"] for row in rows]


def expect_outcomes(access, expected):
    """The end of a command is in the ledger a moment after its effect."""
    wait.until(lambda: outcomes(access) == expected, lambda: f"{expected}, and not {outcomes(access)}")


class SecondServer(world.World):
    """Another server in the same network, with a policy, a ledger and keys of its own."""

    def __init__(self, w):
        self.undo, self.network, self.client = w.undo, w.network, w.client
        self._serial = itertools.count(1000)  # no name is one of the first server's
        self.server = w.network.host("other")
        self.installation = Installation(w.undo)
        self.installation.configure({"firewall": {"mode": "none"}, "dynamic": {"enabled": True}})
        self.daemon = Daemon(w.undo, self.server, self.installation.programs["knockd"], self.installation.state)
        self.daemon.start()

    def take_over(self, access, target):
        """The same user, command and chain as at the first one."""
        its = world.Access(self, 0, access.chain)
        its.user, its.command = access.user, access.command
        self.installation.knockmgr("user", "add", its.user)
        self.installation.knockmgr("command", "add", its.command, "--forward", target, "--hold", "1h")
        self.installation.knockmgr("grant", "add", its.user, its.command, "--token", its.chain.token())
        its.server = Server(profile_of(self, its))
        return its


class Conversation:
    """A request on its way from a host to the server, with the socket at which its answers arrive."""

    def __init__(self, w, request, family=4, host=None, source=None):
        self._w, self.request, self.family = w, request, family
        self.host = host or w.client
        self.server = w.server.address(family)
        self.source = source or self.host.address(family)
        self.socket = self.host.socket(socket.AF_INET6 if family == 6 else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.source, 0))
        w.undo.callback(self.socket.close)

    def send(self, packet):
        self.socket.sendto(packet, (self.server, PORT))

    def syns(self, which=slice(None), sequence_by=0):
        """Some of the three, all by default; with the sequence numbers moved by that."""
        moved = [(port, (sequence + sequence_by) & 0xFFFFFFFF) for port, sequence in self.request.syns[which]]
        send_syns(self.host, self.source, self.server, moved)

    def answers(self):
        """What has arrived, in its order."""
        self.socket.setblocking(False)
        heard = []
        with contextlib.suppress(BlockingIOError):
            while True:
                heard.append(self.request.read(self.socket.recv(2048)))
        return heard

    def ask(self):
        """P2 again and again until there is an answer; gives the newest."""
        def asked():
            self.send(self.request.ask())
            time.sleep(0.02)  # so that a slow machine is not asked more than it answers
            return [answer for answer in self.answers() if answer is not None]

        return wait.until(asked, "P2 is answered")[-1]

    def begin(self):
        """P1 until the server has it; gives the answer to the first P2."""
        def begun():
            self.send(self.request.packet)
            self.send(self.request.ask())
            time.sleep(0.02)
            return [answer for answer in self.answers() if answer is not None]

        return wait.until(begun, "P1 is accepted")[-1]

    def ask_until(self, *statuses):
        def settled():
            answer = self.ask()
            return answer if answer.status in statuses else None

        return wait.until(settled, f"one of the statuses {statuses}")

    def go_through(self):
        """To the open door; gives its P3."""
        self.begin()
        self.syns()
        return self.ask_until(OPEN)


def talk(w, access, **parts):
    """With the user's next knock, naming the client's address."""
    return Conversation(w, request(access, **{"address": w.client.ipv4, **parts}))
