#!/usr/bin/python3
"""A bounded flood of what strangers may send: nothing crashes, grows or answers, and a knock still works."""

import random
import socket
import struct

from otk_e2e import chain, dns, packets, tap, world
from otk_e2e.daemon import status_of
from otk_e2e.installation import ZONE

suite = tap.Suite(world.World)
PACKETS = 20_000
WARM_UP = 2_000  # after those every buffer has been used once
SEED = 2289
ROOM = 4096  # KiB by which a process may differ from before: allocators and page caches, not leaks of 20,000 packets


def ipv4(w, protocol, payload):
    return packets.IPV4, packets.ipv4_packet(w.client.ipv4, w.server.ipv4, protocol, payload)


def ipv6(w, protocol, payload):
    return packets.IPV6, packets.ipv6_packet(w.client.ipv6, w.server.ipv6, protocol, payload)


def templates(w):
    """Frames of every kind that knockd reads, holding values that are nobody's."""
    value = bytes(range(16))
    texts = [value, value.hex().encode(), chain.base32(value).encode() + b" 203.0.113.9", b"ABE ACE ACT AD ADA ADD " * 2]
    question = dns.question(f"{chain.base32(value)}.{ZONE}", response=True)
    for make, icmp in ((ipv4, packets.ICMP), (ipv6, packets.ICMPV6)):
        for text in texts:
            yield make(w, packets.UDP, packets.udp_message(text, 62201))
            yield make(w, icmp, packets.echo_message(4 if make is ipv4 else 6, text))
        yield make(w, packets.UDP, packets.udp_message(question, 53))
    extension = struct.pack("!BB6x", packets.UDP, 0)
    for kind in (0, 43, 60):  # extension headers, in front of a datagram
        yield ipv6(w, kind, extension + packets.udp_message(value, 62201))
    yield ipv6(w, 44, struct.pack("!BBHI", packets.UDP, 0, 1, 7) + packets.udp_message(value, 62201))
    yield 0x8100, struct.pack("!HH", 5, packets.IPV4) + ipv4(w, packets.UDP, packets.udp_message(value, 62201))[1]
    yield 0x88A8, struct.pack("!HH", 5, 0x8100) * 3


def spoil(chance, frame):
    """The frame cut, lengthened, or with some bytes changed."""
    kind, packet = frame
    way = chance.randrange(4)
    if way == 0:
        return kind, packet[:chance.randrange(len(packet) + 1)]
    if way == 1:
        return kind, packet + chance.randbytes(chance.randrange(1, 400))
    changed = bytearray(packet)
    for _ in range(chance.randrange(1, 6)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return kind, bytes(changed)


def flood(w, wire, chance, count):
    frames = list(templates(w))
    for _ in range(count):
        wire.send(*spoil(chance, chance.choice(frames)))


def sizes(w):
    pids = {"knockd": w.daemon.process.pid, **w.daemon.children()}
    return {name: (pid, int(status_of(pid)["VmRSS"].split()[0])) for name, pid in pids.items()}


class Ear:
    """Hears every datagram that the server sends to the client from one of its addresses: there must be none but the name
    server's."""

    def __init__(self, host, address):
        self._family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = host.socket(self._family, socket.SOCK_RAW, socket.IPPROTO_UDP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._address = address

    def heard(self):
        """Source ports of what came from there."""
        ports = []
        with self._socket:
            while True:
                try:
                    packet, source = self._socket.recvfrom(65535, socket.MSG_DONTWAIT)
                except BlockingIOError:
                    return ports
                # Only IPv4 hands out its own header with the packet.
                udp = packet[(packet[0] & 15) * 4:] if self._family == socket.AF_INET else packet
                if source[0] == self._address:
                    ports.append(struct.unpack("!H", udp[:2])[0])


@suite.case("20,000 cut, lengthened and damaged frames: the same processes, no larger, and a knock works")
def damaged(w):
    right = w.right()
    wire = packets.Wire(w.undo, w.client, w.server)
    chance = random.Random(SEED)
    flood(w, wire, chance, WARM_UP)
    right.knock_until_it_runs()
    w.settle()
    before = sizes(w)
    ears = [Ear(w.client, w.server.ipv4), Ear(w.client, w.server.ipv6)]
    flood(w, wire, chance, PACKETS)
    right.knock_until_it_runs()
    w.settle()
    after = sizes(w)
    for name, (pid, size) in before.items():
        assert after[name][0] == pid, f"{name} was restarted (seed {SEED}):\n{w.daemon.log()[-2000:]}"
        assert after[name][1] < size + ROOM, f"{name} grew from {size} to {after[name][1]} KiB (seed {SEED})"
    ports = [port for ear in ears for port in ear.heard()]
    assert set(ports) <= {53}, f"answers from ports {set(ports)} (seed {SEED})"


@suite.case("20,000 payloads that are almost a knock: nothing runs, nothing grows, nothing is in the ledger")
def almost(w):
    right = w.right()
    w.settle()
    chance = random.Random(SEED)
    before, rows = sizes(w), len(right.rows())
    value = right.chain.at(right.chain.count - 1)
    with w.client.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(PACKETS):
            sender.sendto(almost_value(chance, value), (w.server.ipv4, 62201))
    w.settle()
    assert len(right.runs()) == 1 and len(right.rows()) == rows, right.rows()
    after = sizes(w)
    for name, (pid, size) in before.items():
        assert after[name][0] == pid and after[name][1] < size + ROOM, (name, before, after)
    right.expect_one_run(w.knock_udp)


def almost_value(chance, value):
    """The next knock with one bit changed, in one of its forms."""
    place = chance.randrange(len(value) * 8)
    wrong = (int.from_bytes(value, "big") ^ 1 << place).to_bytes(len(value), "big")
    return chance.choice([wrong, wrong.hex().encode(), chain.base32(wrong).encode(), wrong.hex().encode() + b" 203.0.113.9"])


@suite.case("a fragmented knock is refused, and the reassembled one counts for nothing")
def fragments(w):
    right = w.right()

    def send(value):
        datagram = packets.udp_message(value + b"", 62201)
        wire = packets.Wire(w.undo, w.client, w.server)
        first = packets.ipv4_packet(w.client.ipv4, w.server.ipv4, packets.UDP, datagram[:16])
        second = packets.ipv4_packet(w.client.ipv4, w.server.ipv4, packets.UDP, datagram[16:])
        wire.send(packets.IPV4, with_fragment_field(first, 0x2000))
        wire.send(packets.IPV4, with_fragment_field(second, 2))

    right.expect_no_run(send)


def with_fragment_field(packet, field):
    head = packet[:6] + struct.pack("!H", field) + packet[8:10] + b"\0\0" + packet[12:20]
    return head[:10] + struct.pack("!H", packets.checksum(head)) + head[12:] + packet[20:]


@suite.case("a flood of one spent knock makes no row each and does not hide a new one")
def spent_flood(w):
    right = w.right()
    right.expect_one_run(w.knock_udp)
    spent, rows = right.chain.current, len(right.rows())
    with w.client.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(PACKETS):
            sender.sendto(spent, (w.server.ipv4, 62201))
    right.expect_one_run(w.knock_udp)
    new = [row for row in right.rows() if row["kind"] != "accepted"]
    assert len(right.runs()) == 3 and not new, new
    assert rows > 0


if __name__ == "__main__":
    suite.main()
