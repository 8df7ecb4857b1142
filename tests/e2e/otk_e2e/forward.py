"""Forwarding doors as their users, their targets and strangers see them."""

import contextlib
import hashlib
import select
import socket
import struct
import threading

from . import packets, wait
from .doors import wait_for_door
from .world import World

LOW, HIGH = 61000, 65534  # the default of [forward] ports
CLOSED = 7  # a port of the server at which nobody listens
_BLOCK = 1 << 18
ETHERNET, SYN_ACK, RESET = 14, 0x12, 0x04


def make_world(undo, mode="none"):
    return World(undo, {"firewall": {"mode": mode}})


def families(suite, title):
    """Adds a case for each family."""
    def add(function):
        for family in (4, 6):
            suite.case(f"{title}, IPv{family}")(lambda w, family=family: function(w, family))
    return add


def port_of(value):
    """The port that a knock determines (DESIGN 6, last paragraph)."""
    return LOW + int.from_bytes(hashlib.sha256(b"otk-door-1" + value).digest()[:4], "big") % (HIGH - LOW + 1)


def tcp_socket(host, address):
    made = host.socket(socket.AF_INET6 if packets.family_of(address) == 6 else socket.AF_INET, socket.SOCK_STREAM)
    made.settimeout(wait.DEADLINE)
    return made


class Service:
    """What a door leads to: it listens on the server, and takes what comes."""

    def __init__(self, w, port, address="127.0.0.1", only_ipv6=True):
        self.address, self.port = address, port
        self._w, self._only_ipv6 = w, only_ipv6
        self.start()
        w.undo.callback(self.stop)

    def start(self):
        self._socket = tcp_socket(self._w.server, self.address)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if packets.family_of(self.address) == 6:
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(self._only_ipv6))
        self._socket.bind((self.address, self.port))
        self._socket.listen(64)

    def stop(self):
        self._socket.close()

    @property
    def endpoint(self):
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    def take(self):
        """The next connection, and where the service sees it come from."""
        taken, peer = self._socket.accept()
        taken.settimeout(wait.DEADLINE)
        return taken, peer[0].removeprefix("::ffff:")

    def drop_waiting(self):
        """Connections that nobody means to use."""
        while not self.idle():
            self.take()[0].close()

    def idle(self):
        """Nothing has come that was not taken."""
        return not select.select([self._socket], [], [], 0)[0]


def connect(host, address, port):
    made = tcp_socket(host, address)
    made.connect((address, port))
    return made


@contextlib.contextmanager
def joined(host, address, port, service):
    """A connection through the door: the user's end, the service's end, and the source that the service sees."""
    with connect(host, address, port) as near:
        far, source = service.take()
        with far:
            yield near, far, source


def hear(there, word):
    """Just that has arrived."""
    got = b""
    while len(got) < len(word) and (more := there.recv(len(word) - len(got))):
        got += more
    assert got == word, f"{got[:100]} ({len(got)} bytes) instead of {word[:100]} ({len(word)} bytes)"


def say(near, far, word=b"word"):
    """Both ways."""
    for here, there in ((near, far), (far, near)):
        here.sendall(word)
        hear(there, word)


def knock(w, access, family=4, host=None):
    """The next knock of the user; gives the port of its door when that is open."""
    access.spend(lambda value: w.knock_udp(value, family, host))
    return int(wait_for_door(w, access)["port"].removesuffix("/tcp"))


def answer_to_syn(host, address, port):
    """What comes back to one who tries: "nothing", "reset" or "SYN-ACK", read from the wire. Packets keep their order:
    when a later SYN, to a port that is closed, has been answered, this one is not going to be."""
    with host.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003)) as wire:
        with tcp_socket(host, address) as attempt:
            attempt.setblocking(False)
            attempt.connect_ex((address, port))
            own_port = attempt.getsockname()[1]
            for _ in range(3):
                with contextlib.suppress(ConnectionRefusedError), tcp_socket(host, address) as barrier:
                    barrier.connect((address, CLOSED))
                    raise AssertionError(f"port {CLOSED} is open")
        flags = [seen for seen in segments(wire) if seen[:2] == (port, own_port)]
    if not flags:
        return "nothing"
    return "reset" if flags[0][2] & RESET else "SYN-ACK" if flags[0][2] & SYN_ACK == SYN_ACK else str(flags)


def segments(wire):
    """Source port, destination port and flags of the TCP segments that have arrived."""
    wire.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            frame, where = wire.recvfrom(65536)
            if where[2] == socket.PACKET_OUTGOING:
                continue
            protocol = struct.unpack_from("!H", frame, 12)[0]
            if protocol == packets.IPV4 and frame[ETHERNET + 9] == socket.IPPROTO_TCP:
                at = ETHERNET + 4 * (frame[ETHERNET] & 0x0F)
            elif protocol == packets.IPV6 and frame[ETHERNET + 6] == socket.IPPROTO_TCP:
                at = ETHERNET + 40
            else:
                continue
            yield *struct.unpack_from("!HH", frame, at), frame[at + 13]


class Mass:
    """A mass of bytes that goes one way, with its digest on both sides."""

    def __init__(self, size, seed):
        self._size, self._seed = size, seed
        self.sent, self.received = hashlib.sha256(), hashlib.sha256()
        self.arrived = 0

    def send(self, here):
        block = hashlib.shake_128(self._seed.encode()).digest(_BLOCK)
        for number in range(self._size // _BLOCK):
            piece = struct.pack("!Q", number) + block[8:]  # no two are alike: an order that changed would show
            here.sendall(piece)
            self.sent.update(piece)
        here.shutdown(socket.SHUT_WR)

    def receive(self, there):
        room = bytearray(_BLOCK)
        while size := there.recv_into(room):
            self.received.update(memoryview(room)[:size])
            self.arrived += size

    def check(self):
        assert self.arrived == self._size, f"{self.arrived} of {self._size} bytes arrived"
        assert self.sent.digest() == self.received.digest(), "what arrived is not what was sent"


def both_ways(near, far, size):
    """At the same time; to the last byte and the end on both sides."""
    there, back = Mass(size, "there"), Mass(size, "back")
    jobs = [(there.send, near), (there.receive, far), (back.send, far), (back.receive, near)]
    threads = [threading.Thread(target=job, args=(end,), daemon=True) for job, end in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    there.check()
    back.check()


def relays(w):
    """The process ids of all relays in the server's namespace, also of a knockd that is gone."""
    names = {}
    for pid in w.server.run("ip", "netns", "pids", w.server.netns).split():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(f"/proc/{pid}/comm", encoding="ascii") as file:
            names[int(pid)] = file.read().strip()
    return [pid for pid, name in names.items() if name == "knockd-forward"]
