#!/usr/bin/python3
"""From the packet to the door and to the started command, one knock at a time to an idle daemon on one core, beside what the
machine itself needs for the parts: one durable commit, one change of an nftables set, one start of the same program; all on
the same core, in the same run, with the same pause before each. `latency.py [--knocks N] [--core N]`, as root, with OTK_BUILD
naming a build directory."""

import argparse
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "e2e"))
# pylint: disable=wrong-import-position
from otk_e2e import wait, world

GAP = 0.03  # seconds between knocks: longer than all that the one before leaves to be done
TABLE = "door_table"
CONFIGURATION = {"accept": {"algorithms": ["sha256"]},
                 "firewall": {"mode": "sets", "table": TABLE, "set4": "let4", "set6": "let6"}}
SETS = "".join(f"add set inet {TABLE} {name} {{ type {kind} . inet_proto . inet_service; flags timeout; }}\n"
               for name, kind in (("let4", "ipv4_addr"), ("let6", "ipv6_addr")))


@contextlib.contextmanager
def on_core(core):
    """What is started meanwhile runs there, and so does all that it starts."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def program(name):
    return f"{os.environ['OTK_BUILD']}/tests/bench/{name}"


def machine(core, folder, runs):
    with on_core(core):
        done = subprocess.run([program("machine_limits"), folder, program("stamp"), str(runs), str(round(GAP * 1000))], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def make_world(undo, core):
    w = world.World(undo, CONFIGURATION, start=False)
    w.server.run("nft", "-f", "-", stdin=f"add table inet {TABLE}\n{SETS}")
    with on_core(core):
        w.daemon.start()
    return w


class Sender:
    """One socket for all knocks: what it costs to make one is not the daemon's."""

    def __init__(self, w, undo):
        self.socket = w.client.socket(socket.AF_INET, socket.SOCK_DGRAM)
        undo.callback(self.socket.close)
        self.to = (w.server.ipv4, 62201)

    def send(self, payload):
        """The moment just before, in ns since 1970."""
        now = time.time_ns()
        self.socket.sendto(payload, self.to)
        return now


def microseconds(sent, happened):
    """What happened first after each sending."""
    for begin, end in zip(sent, [*sent[1:], 1 << 63]):
        of_it = [moment for moment in happened if begin <= moment < end]
        if of_it:
            yield (of_it[0] - begin) / 1000


def commands(w, sender, knocks):
    file = f"{w.installation.directory}/stamps"
    with open(file, "wb"):
        os.chmod(file, 0o666)
    chain = world.chain.Chain("sha256", knocks + 100)
    _grant(w, chain, "stamped", "--exec", "--as", "nobody", "--", program("stamp"), file)

    def stamps():
        with open(file, encoding="ascii") as lines:
            return [int(line) for line in lines.read().split()]

    _until_it_works(sender, chain, stamps)
    return _knock(sender, (chain.next() for _ in range(knocks)), stamps)


def doors(w, undo, sender, knocks):
    watch = w.server.start([program("element_watch")], undo, stdout=subprocess.PIPE)
    assert watch.stdout.readline() == b"ready\n"
    os.set_blocking(watch.stdout.fileno(), False)
    moments = []

    def elements():
        moments.extend(int(line) for line in (watch.stdout.read() or b"").split())
        return moments

    chain = world.chain.Chain("sha256", knocks + 100)
    _grant(w, chain, "door", "--open", "22/tcp", "--hold", "1h", options=("--address", "named"))
    _until_it_works(sender, chain, elements)
    # Each for another address, so that each is a door of its own.
    named = (f"{chain.next().hex()} 198.51.100.{number + 1}".encode() for number in range(knocks))
    return _knock(sender, named, elements)


def _grant(w, chain, name, *of_command, options=()):
    w.installation.knockmgr("user", "add", name)
    w.installation.knockmgr("command", "add", name, *of_command)
    w.installation.knockmgr("grant", "add", name, name, "--token", chain.token(), *options)


def _until_it_works(sender, chain, happened):
    """The daemon takes up a new grant within a second."""
    before = len(happened())

    def works():
        sender.send(chain.current if chain.count < chain.length else chain.next())
        return len(happened()) > before

    wait.until(works, "the first knock works")
    time.sleep(0.5)


def _knock(sender, payloads, happened):
    sent = []
    for payload in payloads:
        sent.append(sender.send(payload))
        time.sleep(GAP)
    time.sleep(0.5)
    return list(microseconds(sent, happened()))


def line(what, times, limit, sent):
    ordered = sorted(times)
    median = statistics.median(ordered)
    return f"{what:22} {len(ordered):5} of {sent} {median:9.0f} {ordered[len(ordered) * 95 // 100]:9.0f} {limit:9.0f} {median / limit:6.2f}"


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--knocks", type=int, default=200)
    options.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    options = options.parse_args()
    others = os.sched_getaffinity(0) - {options.core}
    if others:
        os.sched_setaffinity(0, others)
    with contextlib.ExitStack() as undo:
        w = make_world(undo, options.core)
        sender = Sender(w, undo)
        to_command = commands(w, sender, options.knocks)
        limits = machine(options.core, w.installation.directory, options.knocks)
        to_door = doors(w, undo, sender, options.knocks)
    print(f"the machine, us: one durable commit {limits['commit']}, one nftables change {limits['element']}, "
          f"one start of a program {limits['start']}")
    print(f"{'packet to, us':22} {'came':>12} {'median':>9} {'95 %':>9} {'limit':>9} {'ratio':>6}")
    print(line("nftables element", to_door, limits["commit"] + limits["element"], options.knocks))
    print(line("started command", to_command, limits["commit"] + limits["start"], options.knocks))


if __name__ == "__main__":
    main()
