#!/usr/bin/python3
"""Knocks among floods that rise and fall, so that reading changes between the two rings of an interface again and again:
each packet is read once, and each knock is honoured once."""

import json
import os
import random
import signal
import socket
import time

from otk_e2e import tap, wait, world

# The widest window: on a loaded machine knocks of one chain come faster than they are spent.
CONFIGURATION = {**world.CONFIGURATION, "accept": {"algorithms": ["sha256"], "window": 64}}
suite = tap.Suite(lambda undo: world.World(undo, CONFIGURATION))
PORT = 62201
SEED = int(os.environ.get("OTK_SEED", "1"))
# Packets a second (None: as fast as it goes), how many of them, and each how many of them is a knock. Below 600 a second it
# is calm, above 3,200 flooded (knockd/capture/flood_mode.h).
RISE_AND_FALL = [(100, 20, 5), (2900, 6000, 300), (2000, 400, 50), (20000, 4000, 200), (None, 40000, 1000), (8000, 2000, 100), (2000, 600, 50),
                 (300, 150, 10)]
HELD_UP = 150000  # as fast as they come; 16 MiB hold some 100,000 of them then
# Within the milliseconds in which the change is made.
BRINK = [(None, 64, 16), (200, 60, 20), (None, 300, 50), (200, 60, 20)]


class Sender:
    """Knocks of one chain among garbage of their size."""

    def __init__(self, w, right):
        self._socket = w.client.socket(socket.AF_INET, socket.SOCK_DGRAM)
        w.undo.callback(self._socket.close)
        self._to = (w.server.ipv4, PORT)
        self._random = random.Random(SEED)
        self._right = right
        self.packets = 0
        self.knocks = []

    def send(self, rate, count, each):
        began = time.monotonic()
        garbage = self._random.randbytes(16 * count)
        for i in range(count):
            while rate and time.monotonic() < began + i / rate:
                time.sleep(0.0002)
            payload = garbage[16 * i:16 * i + 16]
            if i % each == each - 1:
                payload = self._right.chain.next()
                self.knocks.append(str(self._right.chain.count))
            self._socket.sendto(payload, self._to)
        self.packets += count


def counters(w):
    return json.loads(w.installation.knockmgr("status", "--json"))["daemon"]["counters"]


def standing(w):
    """The counters, when nothing is counted any more."""
    still = {}

    def quiet():  # the status file is written once a second
        before = dict(still)
        still.update(counters(w))
        time.sleep(1.1)
        return before == still

    wait.until(quiet, "nothing is counted any more")
    return still


def expect_each_once(w, stages):
    right = w.right(length=1000, tokens=("{count}",))
    w.settle()
    still = standing(w)
    sender = Sender(w, right)
    runs = len(right.runs())
    for stage in stages:
        sender.send(*stage)
    said = lambda: f"seed {SEED}: sent {sender.packets} with {len(sender.knocks)} knocks; before {still}, now {counters(w)}"
    w.settle()
    ran = right.runs()[runs:]
    assert sorted(ran, key=int, reverse=True) == sender.knocks, (said(), set(sender.knocks) - set(ran))

    def accounted():  # for every packet: garbage, our knocks, and those of settle()
        now = counters(w)
        grown = {key: now[key] - still[key] for key in now}
        return grown["noise"] + grown["hits"] + grown["held_back"] == grown["packets_seen"] > sender.packets and grown

    grown = wait.until(accounted, said)
    assert grown["noise"] == sender.packets - len(sender.knocks), said()
    assert not any(grown[key] for key in ("packets_lost", "unread", "late", "replays")), said()
    assert grown["switches"] >= 2, said()  # so it was calm in between


def listen_on(w, interface):
    begin = w.daemon.log_size()
    w.installation.configure({**CONFIGURATION, "capture": {"interfaces": [interface]}})
    w.daemon.process.send_signal(signal.SIGHUP)
    w.daemon.wait_for_log("knockd: ready", begin)


@suite.case("any: floods that rise and fall, every packet is read once and every knock among them honoured once")
def on_any(w):
    expect_each_once(w, BRINK + RISE_AND_FALL + BRINK)


@suite.case("a named interface, likewise")
def named(w):
    listen_on(w, "eth0")
    expect_each_once(w, BRINK + RISE_AND_FALL + BRINK)


@suite.case("capture is held up: what neither ring had room for is counted as lost, all else is read, once")
def held_up(w):
    listen_on(w, "any")
    still = standing(w)
    sender = Sender(w, None)
    capture = w.daemon.helper("knockd-capture")
    os.kill(capture, signal.SIGSTOP)
    w.daemon.process.send_signal(signal.SIGSTOP)  # or it ends capture, which seems to hang
    try:
        sender.send(None, HELD_UP, HELD_UP + 1)
    finally:
        os.kill(capture, signal.SIGCONT)
        w.daemon.process.send_signal(signal.SIGCONT)

    def grown():
        now = counters(w)
        seen, lost = (now[key] - still[key] for key in ("packets_seen", "packets_lost"))
        return seen + lost >= HELD_UP and lost and (seen, lost)

    seen, lost = wait.until(grown, lambda: f"all is accounted for: before {still}, now {counters(w)}")
    assert seen + lost == HELD_UP, (seen, lost, HELD_UP)


if __name__ == "__main__":
    suite.main()
