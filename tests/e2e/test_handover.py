#!/usr/bin/python3
"""One capture takes the place of another while knocks come: each is honoured once, and none of them is a replay."""

import json
import os
import re
import signal
import socket
import threading
import time

from otk_e2e import load, packets, tap, wait, world
from otk_e2e.daemon import is_running

# The widest window: on a loaded machine knocks of one chain come faster than they are spent.
CONFIGURATION = {**world.CONFIGURATION, "accept": {"algorithms": ["sha256"], "window": 64}}
PORT = 62201
CHAINS = 16
WISHES = 10
FLOOD_RATE = 20_000
FLOOD_PACKETS = 1_200_000  # for a minute


def make_world(undo):
    w = world.World(undo, CONFIGURATION, start=False)
    beside = os.path.dirname(w.installation.programs["knockd"])
    w.programs = {name: f"{beside}/{name}" for name in ("knockd-capture", "knockd-validate", "knockd-forward")}
    for name, program in w.programs.items():
        use(w, name, program)
    w.daemon.environment["OTK_LIBEXEC"] = w.installation.directory
    w.installation.knockmgr("command", "add", "door", "--open", "22/tcp", "--hold", "1h")
    w.daemon.start()
    return w


def use(w, name, program):
    """From now on knockd starts this program as the helper of that name."""
    link = f"{w.installation.directory}/{name}"
    os.symlink(program, f"{link}.new")
    os.replace(f"{link}.new", link)


suite = tap.Suite(make_world)


class Stream:
    """Knocks, some hundred a second, of many chains in turn: so what is not spent for seconds is still within the window. Their
    commands run no process."""

    def __init__(self, w):
        self._socket = w.client.socket(socket.AF_INET, socket.SOCK_DGRAM)
        w.undo.callback(self._socket.close)
        self._to = (w.server.ipv4, PORT)
        self._w = w
        self._all = [w.access("--close", "door", length=2000) for _ in range(CHAINS)]
        for access in self._all:
            access.spend()
        self._first = [access.chain.count for access in self._all]

    def until(self, condition, what):
        """Sends until the condition holds, and a little longer."""
        end = time.monotonic() + wait.DEADLINE
        further = 3
        while further:
            for access in self._all:
                self._socket.sendto(access.chain.next(), self._to)
                time.sleep(0.003)
            if condition():
                further -= 1
            if time.monotonic() > end:
                raise wait.NeverHappened(what)

    def expect_each_once(self, but_for_lost=False):
        """But for those that the kernel has lost and counted, where there may be such."""
        wait.until(lambda: not self.missing() or (but_for_lost and any(self.lost())), lambda: f"missing: {self.missing()}; lost by the kernel: {self.lost()}", deadline=15)
        for access, first in zip(self._all, self._first):
            rows = access.rows()
            accepted = [row["number"] for row in rows if row["kind"] == "accepted"]
            sent = [number for number in range(first, access.chain.count - 1, -1) if not but_for_lost or number in accepted]
            assert accepted == sent, (access.user, "not each once, in order", accepted)
            others = [row for row in rows if row["kind"] in ("replay", "late", "contested", "refused")]
            assert not others, others

    def missing(self):
        """User -> numbers that were sent and not accepted."""
        found = {}
        for access, first in zip(self._all, self._first):
            accepted = {row["number"] for row in access.rows("accepted")}
            left = [number for number in range(first, access.chain.count - 1, -1) if number not in accepted]
            if left:
                found[access.user] = left
        return found

    def lost(self):
        """What the kernel had no room for, as far as that is told: now, and before in the journal."""
        said = [line for line in self._w.daemon.log().splitlines() if "want of room" in line]
        return counters(self._w)["packets_lost"], said


def counters(w):
    return json.loads(w.installation.knockmgr("status", "--json", expect=None))["daemon"]["counters"]


def expect_another_capture(w, stream, wish, ready):
    capture, begin = w.daemon.helper("knockd-capture"), w.daemon.log_size()
    wish()
    stream.until(lambda: ready(begin) and w.daemon.children().get("knockd-capture", capture) != capture,
                 "there is another capture")
    return begin


@suite.case("SIGHUP, again and again, while knocks come: each is honoured once, and none is a replay")
def reload(w):
    stream = Stream(w)
    for _ in range(4):
        expect_another_capture(w, stream, lambda: w.daemon.process.send_signal(signal.SIGHUP),
                               lambda begin: "knockd: ready" in w.daemon.log(begin))
    stream.expect_each_once()
    assert counters(w)["child_crashes"] == 0 == counters(w)["deaf_ms"], counters(w)


@suite.case("SIGHUPs in quick succession: a change that has begun is finished, and the rest are done as one, with the newest configuration")
def many_wishes(w):
    stream = Stream(w)
    before, capture, begin = counters(w), w.daemon.helper("knockd-capture"), w.daemon.log_size()

    def wish():
        for _ in range(WISHES):
            w.daemon.process.send_signal(signal.SIGHUP)
            time.sleep(0.1)

    wishes = threading.Thread(target=wish)
    wishes.start()
    stream.until(lambda: not wishes.is_alive() and "knockd: ready" in w.daemon.log(begin)
                 and w.daemon.children().get("knockd-capture", capture) != capture, "there is another capture")
    wishes.join()
    stream.expect_each_once()
    assert w.daemon.log(begin).count("the configuration was read again") > 1, "the signals came as one"
    assert counters(w)["child_crashes"] == before["child_crashes"] and counters(w)["deaf_ms"] == before["deaf_ms"], counters(w)


@suite.case("SIGHUP in a flood, likewise")
def in_a_flood(w):
    stream = Stream(w)
    before = counters(w)
    flood = load.Blast(w, FLOOD_PACKETS, rate=FLOOD_RATE)
    try:
        for _ in range(2):
            expect_another_capture(w, stream, lambda: w.daemon.process.send_signal(signal.SIGHUP),
                                   lambda begin: "knockd: ready" in w.daemon.log(begin))
            assert flood.going_on(), "the flood ended too early"
    finally:
        flood.process.terminate()
        flood.process.wait()
    stream.expect_each_once(but_for_lost=True)
    assert counters(w)["child_crashes"] == before["child_crashes"] and counters(w)["deaf_ms"] == 0, counters(w)


@suite.case("an address of the server comes and goes, likewise; DNS is answered on it")
def address(w):
    stream = Stream(w)
    for word in ("add", "delete", "add"):
        expect_another_capture(w, stream, lambda word=word: w.server.run("ip", "address", word, "192.0.2.99/32", "dev", "eth0"),
                               lambda begin: "addresses of this host have changed" in w.daemon.log(begin))
    stream.expect_each_once()
    assert counters(w)["child_crashes"] == 0 == counters(w)["deaf_ms"], counters(w)
    w.client.run("ip", "route", "add", "192.0.2.99", "dev", "eth0")
    said = wait.until(lambda: (said := w.client.run("dig", "+tries=1", "+time=1", "@192.0.2.99", "x.knock.example.org", codes=None))
                      and "NOERROR" in said and said, "DNS is answered on the new address")
    assert "SOA" in said, said
    expect_another_capture(w, stream, lambda: w.server.run("ip", "address", "delete", "192.0.2.99/32", "dev", "eth0"),
                           lambda begin: "addresses of this host have changed" in w.daemon.log(begin))


@suite.case("the one that is to take the place cannot begin: told, the one before it goes on, and is replaced later")
def cannot_begin(w):
    right = w.right()
    capture, begin = w.daemon.helper("knockd-capture"), w.daemon.log_size()
    use(w, "knockd-capture", "/bin/false")
    try:
        w.daemon.process.send_signal(signal.SIGHUP)
        w.daemon.wait_for_log("knockd-capture ended before it could take the place of the one that reads: exit code 1", begin)
        wait.until(lambda: w.daemon.log(begin).count("before it could take the place") > 1, "it is tried again")
        right.knock_until_it_runs()
        assert is_running(capture), "the one before it is gone"
    finally:
        use(w, "knockd-capture", w.programs["knockd-capture"])
    w.daemon.wait_for_log("knockd: ready", begin)
    assert not is_running(capture), "the one before it is still there"
    right.knock_until_it_runs()


def wait_until_told(w, begin):
    """For how many milliseconds, at most, nobody has read."""
    w.daemon.wait_for_log("packets are read again; some of what came in the last", begin)
    return int(re.search(r"in the last (\d+) ms may not have been read, and a knock among it must be sent again", w.daemon.log(begin))[1])


@suite.case("a capture that is killed: how long nobody read is told and counted")
def killed(w):
    before, begin = counters(w)["deaf_ms"], w.daemon.log_size()
    os.kill(w.daemon.helper("knockd-capture"), signal.SIGKILL)
    told = wait_until_told(w, begin)
    wait.until(lambda: counters(w)["deaf_ms"] == before + told, lambda: f"it is counted, {told} after {before}: {counters(w)}")
    w.right().expect_one_run(lambda value: packets.send_udp(w.client, w.server.ipv4, value))


@suite.case("a capture that did nothing for a while before it was killed: that while counts, since its packets are lost with it")
def stopped_and_killed(w):
    before, begin, capture = counters(w)["deaf_ms"], w.daemon.log_size(), w.daemon.helper("knockd-capture")
    os.kill(capture, signal.SIGSTOP)
    stopped = time.monotonic()
    time.sleep(4)
    still = (time.monotonic() - stopped) * 1000
    os.kill(capture, signal.SIGKILL)
    told = wait_until_told(w, begin)
    assert told > still / 2, (told, still)  # half: what it said just before may have been heard late
    wait.until(lambda: counters(w)["deaf_ms"] == before + told, lambda: f"it is counted, {told} after {before}: {counters(w)}")


if __name__ == "__main__":
    suite.main()
