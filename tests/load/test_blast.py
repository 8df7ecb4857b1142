#!/usr/bin/python3
"""The generator of floods: where it refuses to send, its limits, and that it sends or writes just what it was asked for."""

import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
# pylint: disable=wrong-import-position
from otk_e2e import chain, network, tap, wait

PROGRAM = f"{os.environ.get('OTK_BUILD', '')}/tests/load/blast"
BOUNDS = ("--count", "1000", "--seconds", "30")
LENGTH = 20


class World:
    def __init__(self, undo):
        self._network = network.Network(undo)
        self.server = self._network.host("server")
        self.client = self._network.host("client")
        self.directory = undo.enter_context(tempfile.TemporaryDirectory(prefix="otk-e2e-"))

    def story(self):
        return ""

    def blast(self, *options, code=0):
        return self.client.run(PROGRAM, *options, codes=(code,))


suite = tap.Suite(World)


def refused(words, text):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60)
    if done.returncode != 1 or text not in done.stdout:
        raise AssertionError(f"{words}: {done.returncode}: {done.stdout}")


@suite.case("nothing is sent from a namespace that was not made for floods")
def namespaces(_):
    # To an address of no network (RFC 1112 section 4): should the program be broken, there is still nothing to reach.
    refused([PROGRAM, "--to", "240.0.0.1", *BOUNDS], "made for it")
    refused(["unshare", "-n", PROGRAM, "--to", "240.0.0.1", *BOUNDS], "made for it")


@suite.case("nothing is sent to other subnets, to oneself, to nobody, or out of what is no veth")
def targets(w):
    w.client.run("ip", "route", "add", "default", "via", w.server.ipv4)
    w.client.run("ip", "link", "add", "bridge0", "type", "bridge")
    w.client.run("ip", "address", "add", "198.51.100.1/24", "dev", "bridge0")
    w.client.run("ip", "link", "set", "bridge0", "up")
    for target, text in (("203.0.113.1", "in no subnet"), (w.client.ipv4, "own address"), ("192.0.2.99", "nobody"),
                         ("127.0.0.1", "in no subnet"), ("198.51.100.2", "no veth")):
        refused(w.client.words([PROGRAM, "--to", target, *BOUNDS]), text)


@suite.case("number and time must both be given, and have their limits")
def bounds(w):
    for options in (("--count", "5"), ("--seconds", "5"), ("--count", "5", "--seconds", "121"),
                    ("--count", "100000001", "--seconds", "5")):
        w.blast("--to", w.server.ipv4, *options, code=2)


def no_ports(w):
    """Datagrams that came to a port where nobody listens."""
    names, numbers = [line.split()[1:] for line in w.server.run("cat", "/proc/net/snmp").splitlines() if line.startswith("Udp:")]
    return int(numbers[names.index("NoPorts")])


@suite.case("so many packets as asked arrive, and no more")
def arrives(w):
    w.blast("--to", w.server.ipv4, "--count", 1, "--seconds", 30, "--port", 62202)  # the hardware address is known now
    before = no_ports(w)
    said = json.loads(w.blast("--to", w.server.ipv4, *BOUNDS, "--rate", 20_000))
    assert said["packets"] == 1000 and said["not_taken"] == 0, said
    wait.until(lambda: no_ports(w) - before >= 1000, "all packets arrive")
    assert no_ports(w) - before == 1000, no_ports(w) - before


@suite.case("time ends a flood whose number is not reached")
def time_ends(w):
    said = json.loads(w.blast("--to", w.server.ipv4, "--count", 1_000_000, "--seconds", 1, "--rate", 100))
    assert 0 < said["packets"] <= 100, said


def values(path):
    """The udp payloads of a pcap file, in order."""
    with open(path, "rb") as file:
        data = file.read()
    at, found = 24, []
    while at < len(data):
        size = struct.unpack_from("=I", data, at + 8)[0]
        found.append(data[at + 16 + 42:at + 16 + size])
        at += 16 + size
    return found


def written(w, *options):
    path = f"{w.directory}/flood.pcap"
    w.blast("--to", w.server.ipv4, "--pcap", path, "--seconds", 1, *options)
    return values(path)


def first_knock(grant):
    """As chains.h has it."""
    start = hashlib.sha256(b"otk-load-chain" + struct.pack("!QQ", 1, grant)).digest()[:16]
    return chain.Chain(length=LENGTH, start=start).next()


@suite.case("knocks are spread evenly, each once; the rest follows from seed and place")
def spread(w):
    flood = written(w, "--count", 1000, "--knocks", "5:10", "--length", LENGTH)
    places = [flood.index(first_knock(grant)) for grant in range(5, 15)]
    assert [place // 100 for place in places] == list(range(10)), places
    assert len(set(flood)) == 1000 and {len(value) for value in flood} == {16}
    plain = written(w, "--count", 1000)
    assert sum(one != other for one, other in zip(plain, flood)) == 10
    assert written(w, "--count", 400, "--place", 600) == plain[600:]
    assert not set(written(w, "--count", 1000, "--seed", 2)) & set(plain)


if __name__ == "__main__":
    suite.main()
