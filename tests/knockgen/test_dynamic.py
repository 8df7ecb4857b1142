"""knockgen dynamic without a server: what is refused before a knock is taken, and what is said when nobody answers."""

import concurrent.futures
import contextlib
import json
import socket

import harness
import homes
from harness import expect, expect_in
from homes import LENGTH, Home

FIRST = LENGTH - 1
SERVER_KEY = bytes(range(1, 33)).hex()
DYNAMIC = {"dynamic": 62201, "key": SERVER_KEY, "address": "yes", "ports": "61000-65534"}


class User:
    def __init__(self, undo, **fields):
        self.home = Home(undo)
        self.key = self.home.key()
        self.home.add("p", self.key, **{**DYNAMIC, **fields})

    def refused(self, words, *options, code=1):
        """Also: no knock was taken."""
        error = self.home.refused(code, words, "dynamic", "p", "--key", self.key.path, *options)
        expect(next_of(self.home), FIRST)
        return error


def next_of(home):
    return json.loads(home.said("profile", "show", "p", "--json"))["next"]


def test_wrong_usage():
    """wrong usage ends with exit code 2, says what is wrong, and takes no knock"""
    with contextlib.ExitStack() as undo:
        user = User(undo)
        for words, *options in (
            ("--exec names no program", "--exec", ""),
            ("--exec names no program", "--exec", "  "),
            ("says nowhere {port}", "--exec", "ssh {host}"),
            ("not closed", "--exec", "ssh '{port}"),
            ("say one of them", "--exec", "ssh -p {port} {host}", "--json"),
            ('--isn "compare" should be ignore', "--isn", "compare"),
            *((f'--timeout "{time}" should be', "--timeout", time) for time in ("0s", "61s", "2m", "5", "x")),
            *((f'--address "{address}" should be', "--address", address)
              for address in ("here", "0.0.0.0", "127.0.0.1", "224.0.0.1", "1.2.3", "::1", "ff02::1")),
            *((f'--number "{number}" should be', "--number", number) for number in ("0", "x", "1000000")),
        ):
            expect_in("knockgen dynamic --help", user.refused(words, *options, code=2))
        user.home.refused(2, "say which profile", "dynamic")
        user.home.refused(2, "say which profile", "dynamic", "p", "q")


def test_not_for_dynamic():
    """a profile that lacks what dynamic mode needs, or has a key that is none, is refused with what to do"""
    without = {"dynamic": None, "key": None, "udp": 62201}
    for fields, words in ((without, "is not for dynamic mode"),
                          ({"ports": None, "opens": "22/tcp"}, "is not for dynamic mode"),
                          ({**without, "signed": "no", "plain": "yes"}, "knows no public key"),
                          ({"key": "00" * 32}, "the server's public key in profile p is none"),
                          ({"key": "ff" * 32}, "the server's public key in profile p is none")):
        with contextlib.ExitStack() as undo:
            User(undo, **fields).refused(words)


def test_rules():
    """an address that the right would refuse is refused here"""
    with contextlib.ExitStack() as undo:
        User(undo, address=None).refused("takes no named address", "--address", "203.0.113.9")


def test_unknown_host():
    """a host that cannot be found is told, and no knock is taken"""
    with contextlib.ExitStack() as undo:
        User(undo, host="no-such-host.invalid", isn="ignore").refused("no-such-host.invalid")


def test_loopback():
    """towards this machine itself no address can be named that a server would take"""
    with contextlib.ExitStack() as undo:
        error = User(undo, isn="ignore").refused("no knock was used")
        expect_in("127.0.0.1", error)


def test_nobody_answers():
    """a request that nobody answers is repeated byte for byte, takes one knock, and ends with what to try"""
    with contextlib.ExitStack() as undo:
        port = homes.Port(undo)
        user = User(undo, dynamic=port.number, address=None, isn="ignore")
        error = user.home.refused(1, "no answer from 127.0.0.1", "dynamic", "p", "--key", user.key.path, "--timeout", "2s")
        expect_in(f"knock {FIRST}", error)
        expect_in(f"the next knock: knockgen dynamic p --key {user.key.path} --timeout 2s;", error)
        expect_in("knockgen profile set p --next N", error)
        packets = port.packets()
        requests = {packet for packet in packets if len(packet) == 172}
        questions = [packet for packet in packets if len(packet) == 89]
        request, = requests
        expect((request[:17], len(questions) > 1), (user.key.values[FIRST] + b"\x02", True))
        expect([packet[16] for packet in questions], [3] * len(questions))
        counters = [int.from_bytes(packet[17:25], "big") for packet in questions]
        expect(counters, list(range(1, len(questions) + 1)))
        expect(len({packet[:16] for packet in questions}), 1)
        expect(len(packets) - len(questions) >= 3, True)
        expect(next_of(user.home), FIRST - 1)
        user.home.refused(1, "no answer", "dynamic", "p", "--key", user.key.path, "--timeout", "1s", "--number", "7", "--skip")
        expect({packet[:16] for packet in port.packets() if len(packet) == 172}, {user.key.values[7]})
        expect(next_of(user.home), 6)


def test_forged_answers():
    """garbage that looks like an answer is not heard"""
    with contextlib.ExitStack() as undo:
        server = undo.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        server.bind(("127.0.0.1", 0))
        server.settimeout(60)
        user = User(undo, dynamic=server.getsockname()[1], address=None, isn="ignore")
        pool = undo.enter_context(concurrent.futures.ThreadPoolExecutor(1))
        running = pool.submit(user.home.run, "dynamic", "p", "--key", user.key.path, "--timeout", "2s")
        while True:
            packet, client = server.recvfrom(512)
            if len(packet) == 89:
                break
        for forged in (packet[:16] + b"\x04" + packet[17:], packet[:16] + b"\x04" + bytes(8) + b"\1" * 64, packet):
            server.sendto(forged, client)
        result = running.result()
        expect((result.returncode, result.stdout), (1, b""))
        expect_in("no answer from", result.stderr.decode())


if __name__ == "__main__":
    harness.run_all(dict(globals()))
