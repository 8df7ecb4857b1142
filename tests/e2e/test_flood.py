#!/usr/bin/python3
"""Floods of garbage by every carrier: they cost hashes and nothing else, and the knocks among them are honoured. Counts, and
never times: each flood has a rate that any machine takes, and what the kernel drops all the same is counted."""

import random
import shutil
import signal
import socket
import subprocess
import time

from otk_e2e import load, packets, tap, wait
from otk_e2e.installation import ZONE
from otk_e2e.network import end_process, run

PACKETS = 200_000   # of each flood
WARM_UP = 20_000    # after those every buffer has been used once
RATE = 100_000      # packets a second
KNOCKS = 40         # among each flood
ANSWERS = 1000      # a second: [dns] rate
LINES = 20          # of the journal that may have to do with a flood: that it began and ended, and the like
ROOM = 4096         # KiB by which a process may differ from before: allocators and caches, not leaks of 200,000 packets
STRANGE = 60_000    # frames of hostile shapes
SEED = 2289
CARRIERS = {"udp": {}, "icmp": {}, "dns": {"zone": ZONE}}
WIDE = 65_000       # bytes, for frames as large as a device may have them


class FloodedWorld(load.World):
    def __init__(self, undo):
        configuration = {"dns": {"zones": [ZONE], "rate": ANSWERS}, "alerts": {"flood": RATE // 10}}
        super().__init__(undo, configuration)
        self.start()
        self.knocker = self.right(tokens=("{count}",), length=1000)
        for carrier, options in CARRIERS.items():
            load.flood(self, WARM_UP, carrier=carrier, rate=RATE, **options)
        self.settle()

    def rows(self):
        return len(self.installation.log())


suite = tap.Suite(FloodedWorld)


def expect_honoured(w, runs_before, first, lost):
    """The knocks from `first` on ran once each; as many may be missing as packets were lost."""
    wanted = list(range(first, first - KNOCKS, -1))
    wait.until(lambda: lost or len(w.knocker.runs()) >= runs_before + KNOCKS,
               lambda: f"{KNOCKS} runs; there were {len(w.knocker.runs()) - runs_before}")
    w.settle()
    runs = [int(line) for line in w.knocker.runs()[runs_before:]]
    assert len(set(runs)) == len(runs) and set(runs) <= set(wanted), f"{runs}, of {wanted}"
    assert len(runs) >= KNOCKS - lost, f"{len(runs)} of {KNOCKS} knocks ran, {lost} packets were lost"
    return len(runs)


def received(host):
    """Packets that came to the host by its interface."""
    return int(host.run("cat", "/sys/class/net/eth0/statistics/rx_packets"))


def flooded(w, carrier):
    """A flood by that carrier, and all that must hold of any."""
    options = CARRIERS[carrier]
    w.settle()
    before, rows, runs = load.resident(w), w.rows(), len(w.knocker.runs())
    journal, begin, heard = load.Journal(w), load.Counted(w), received(w.client)
    began = time.monotonic()
    first = w.knocker.chain.count - 1
    load.flood(w, PACKETS, [w.knocker.chain.next() for _ in range(KNOCKS)], carrier=carrier, rate=RATE, **options)
    counted = begin.when_arrived()
    seconds = int(time.monotonic() - began) + 2  # rounded up: a slow machine only widens what may be answered
    heard = received(w.client) - heard
    ran = expect_honoured(w, runs, first, counted["packets_lost"])
    assert counted["hits"] == ran and counted["held_back"] == 0 == counted["unread"], (ran, counted)
    assert counted["noise"] == counted["packets_seen"] - ran, counted

    new = w.installation.log()[rows:]
    others = [row for row in new if row["user"] != w.knocker.user and row["user"] != w.marker_user()]
    assert not others, others[:5]
    assert len([row for row in new if row["user"] == w.knocker.user]) == ran, new
    lines = [line for line in journal.read() if f" {w.knocker.user}/" not in line and not w.is_mine(line) and "ledger anchor" not in line]
    assert len(lines) <= LINES, lines[:30]
    for name, (pid, size) in load.resident(w).items():
        assert pid == before[name][0], f"{name} was started again:\n{w.daemon.log()[-2000:]}"
        assert size < before[name][1] + ROOM, f"{name} grew from {before[name][1]} to {size} KiB"
    return counted, seconds, heard


@suite.case(f"{PACKETS} packets of 16 random bytes to the knock port, {KNOCKS} knocks among them")
def udp(w):
    flooded(w, "udp")


@suite.case(f"{PACKETS} echo requests as of ping -p, {KNOCKS} knocks among them")
def icmp(w):
    flooded(w, "icmp")


@suite.case(f"{PACKETS} questions under the zone, {KNOCKS} knocks among them: never more answers than [dns] rate")
def dns(w):
    counted, seconds, heard = flooded(w, "dns")
    assert counted["dns_answered"] + counted["dns_not_answered"] == counted["packets_seen"], counted
    assert 0 < counted["dns_answered"] <= ANSWERS * seconds, (counted, seconds)
    assert counted["dns_answered"] <= heard <= ANSWERS * seconds, f"{heard} packets came back in {seconds} s: {counted}"


@suite.case(f"while {PACKETS} packets flood in, knockd-capture makes far fewer system calls than that")
def system_calls(w):
    if shutil.which("strace") is None:
        raise tap.Skip("strace is missing (Debian: strace)")
    report = f"{w.installation.directory}/strace"
    tracer = subprocess.Popen(["strace", "-f", "-c", "-U", "calls,name", "-o", report, "-p",
                               str(w.daemon.helper("knockd-capture"))], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    w.undo.callback(end_process, tracer)
    said = tracer.stderr.readline()
    if "attached" not in said:
        raise tap.Skip(f"strace cannot attach here: {said.strip()}")
    begin = load.Counted(w)
    load.flood(w, PACKETS, rate=RATE)
    counted = begin.when_arrived()
    tracer.send_signal(signal.SIGINT)
    tracer.wait(timeout=wait.DEADLINE)
    with open(report, encoding="ascii") as file:
        text = file.read()
    (total,) = [int(line.split()[0]) for line in text.splitlines() if line.split()[-1:] == ["total"]]
    assert counted["packets_seen"] > PACKETS // 2, counted
    assert total < counted["packets_seen"] // 20, f"{total} system calls for {counted['packets_seen']} packets:\n{text}"


def shapes(w):
    """Frames of every shape that is no knock, of those that pass the kernel's filter; with the size of a packet on the wire."""
    server, client = w.server, w.client
    value = bytes(range(16))

    def ipv4(protocol, payload, **change):
        return packets.IPV4, patched(packets.ipv4_packet(client.ipv4, server.ipv4, protocol, payload), **change)

    def ipv6(protocol, payload):
        return packets.IPV6, packets.ipv6_packet(client.ipv6, server.ipv6, protocol, payload)

    datagram = packets.udp_message(value, 62201)
    yield ipv4(packets.UDP, packets.udp_message(b"", 62201))                             # empty
    yield ipv4(packets.ICMP, packets.echo_message(4, b""))
    yield ipv6(packets.UDP, packets.udp_message(b"", 62201))
    yield ipv4(packets.UDP, packets.udp_message(b"", 53))                                # an empty question
    yield ipv4(packets.UDP, datagram[:4] + b"\xff\xff" + datagram[6:])                   # a length that lies
    yield ipv4(packets.UDP, datagram[:4] + b"\x00\x00" + datagram[6:])
    yield ipv4(packets.UDP, datagram, flags=0x2000)                                      # the first of several fragments
    yield ipv4(packets.ICMP, packets.echo_message(4, value), flags=0x2000)
    for kind in (43, 60):
        yield ipv6(kind, b"\x3b\xff" + bytes(6))                                         # an extension header that ends nowhere
    for kind in (0, 43, 60):
        yield ipv6(kind, bytes([kind, 0]) + bytes(6))
    yield ipv4(packets.UDP, packets.udp_message(bytes(1400), 62201))                     # longer than any knock
    yield ipv4(packets.ICMP, packets.echo_message(4, bytes(1400)))
    yield ipv4(packets.UDP, packets.udp_message(b"\xc0\x0c" * 100, 53))                  # DNS of pointers only
    yield ipv4(packets.UDP, packets.udp_message(b"\xff" * 12 + b"\x3f" * 80, 53))


def dropped_on_the_way(w):
    """Frames that a switch or the kernel's filter may drop before knockd sees them."""
    datagram = packets.udp_message(bytes(16), 62201)
    whole = packets.ipv4_packet(w.client.ipv4, w.server.ipv4, packets.UDP, datagram)
    yield packets.IPV4, patched(whole, total=65535)  # longer than the frame
    yield packets.IPV4, whole[:20]
    yield packets.IPV4, whole[:7]
    yield packets.IPV6, packets.ipv6_packet(w.client.ipv6, w.server.ipv6, 44, b"\x11\x00\x00\x01\x00\x00\x00\x07" + datagram)
    yield packets.IPV6, packets.ipv6_packet(w.client.ipv6, w.server.ipv6, 0, b"\x3b\xff" + bytes(6))


def patched(packet, flags=None, total=None):
    """The IPv4 packet with other flags, or another length in its header."""
    head = bytearray(packet[:20])
    if flags is not None:
        head[6:8] = flags.to_bytes(2, "big")
    if total is not None:
        head[2:4] = total.to_bytes(2, "big")
    head[10:12] = b"\0\0"
    head[10:12] = packets.checksum(bytes(head)).to_bytes(2, "big")
    return bytes(head) + packet[20:]


@suite.case(f"{STRANGE} malformed frames, fragments, empty and far too long ones, as fast as they can be sent: all are counted, a"
            " knock works")
def strange(w):
    w.settle()
    before, rows = load.resident(w), w.rows()
    journal, begin = load.Journal(w), load.Counted(w)
    wire, chance = packets.Wire(w.undo, w.client, w.server), random.Random(SEED)
    frames = list(shapes(w))
    for frame in frames:  # each at least once
        wire.send(*frame)
    for _ in range(STRANGE - len(frames)):
        wire.send(*chance.choice(frames))
    w.sent += STRANGE
    counted = begin.when_arrived()
    assert counted["packets_seen"] == counted["unread"] + counted["noise"], f"{counted} (seed {SEED})"
    assert counted["hits"] == 0 and counted["unread"] > 0 and counted["noise"] > 0, counted
    for frame in list(dropped_on_the_way(w)) * 1000:
        wire.send(*frame)
    w.knocker.expect_one_run(w.knock_udp)
    expect_unharmed(w, before, rows, journal)


def expect_unharmed(w, before, rows, journal):
    """The same processes, no larger; the ledger and the journal tell of nobody but the knocker and the marker."""
    assert {row["user"] for row in w.installation.log()[rows:]} <= {w.knocker.user, w.marker_user()}
    lines = [line for line in journal.read() if f" {w.knocker.user}/" not in line and not w.is_mine(line) and "ledger anchor" not in line]
    assert len(lines) <= LINES, lines[:30]
    for name, (pid, size) in load.resident(w).items():
        assert pid == before[name][0], f"{name} was started again (seed {SEED}):\n{w.daemon.log()[-2000:]}"
        assert size < before[name][1] + ROOM, f"{name} grew from {before[name][1]} to {size} KiB (seed {SEED})"


@suite.case("echo requests of 60,000 bytes, in fragments and in one frame of a device that lets them through: counted, and a knock works")
def wide(w):
    w.settle()
    before, rows = load.resident(w), w.rows()
    journal, begin = load.Journal(w), load.Counted(w)
    message = packets.echo_message(4, bytes(60_000))
    with w.client.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
        for _ in range(200):
            sender.sendto(message, (w.server.ipv4, 0))
    fragmented = begin.when(lambda now: now["unread"] + now["packets_lost"] >= 200, "the first fragments are counted as unread")
    assert fragmented["hits"] == 0 == fragmented["noise"], fragmented

    widen(w)
    begin = load.Counted(w)
    wire = packets.Wire(w.undo, w.client, w.server)
    frame = packets.ipv4_packet(w.client.ipv4, w.server.ipv4, packets.ICMP, message)
    for _ in range(500):
        wire.send(packets.IPV4, frame)
    w.sent += 500
    counted = begin.when_arrived()
    assert counted["hits"] == 0 and counted["unread"] + counted["noise"] == counted["packets_seen"] > 0, counted
    w.knocker.expect_one_run(w.knock_udp)
    expect_unharmed(w, before, rows, journal)


def widen(w):
    """Every device on the way takes frames of that size."""
    switch = w.server.netns.removesuffix("server") + "switch"
    for netns, device in ((switch, "client"), (switch, "server"), (switch, "switch"), (w.client.netns, "eth0"),
                          (w.server.netns, "eth0")):
        run(["ip", "-n", netns, "link", "set", device, "mtu", WIDE])


@suite.case("that a flood began and that it ended is said, once each for all that was one flood")
def told(w):
    wait.until(lambda: load.daemon_status(w)["flood"] is False, "the flood is over")
    journal = w.daemon.log().splitlines()
    begun = [line for line in journal if "flood-begun: " in line]
    ended = [line for line in journal if "flood-ended: " in line]
    assert begun and len(begun) == len(ended) == load.daemon_status(w)["counters"]["floods"], (begun, ended)


if __name__ == "__main__":
    suite.main()
