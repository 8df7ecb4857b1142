"""Many users, floods, and what knockd counted of them. Users and packets come from programs of tests/load: `populate` and
`blast`; their chains are computed here again, from what chains.h says about them."""

import contextlib
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import time

from . import chain, wait, world
from .daemon import status_of
from .network import run

ACCEPTED, ENDED, INTERRUPTED = 2, 4, 5  # docs/FORMAT.md: the kinds of rows
EXITED, CLOSED = 1, 9  # and outcomes
PROCESSES = ("knockd", "knockd-capture", "knockd-validate")
BLAST_LIMIT = 120  # seconds, of one flood: the most that blast itself allows


def tool(installation, name):
    """A program of tests/load."""
    path = f"{os.path.dirname(os.path.dirname(installation.programs['knockd']))}/tests/load/{name}"
    if not os.path.exists(path):
        raise AssertionError(f"{path} is missing: build it with ninja")
    return path


class Member:
    """A user with one chain, as far as a test has to know her."""

    def __init__(self, user, its_chain):
        self.user = user
        self.chain = its_chain


def _populated_chain(grant, length, number=1):
    start = hashlib.sha256(b"otk-load-chain" + number.to_bytes(8, "big") + grant.to_bytes(8, "big")).digest()[:16]
    return chain.Chain(length=length, start=start)


def populate(w, grants, length, command):
    """So many users with a grant of that command; knockd must not run. Gives them."""
    words = [tool(w.installation, "populate"), w.installation.state, "--grants", grants, "--length", length, "--command", command]
    subprocess.run([str(word) for word in words], check=True, timeout=wait.DEADLINE)
    return [Member(f"load{grant}", _populated_chain(grant, length)) for grant in range(grants)]


def closing_command(w):
    """A command that goes the whole way of a knock, to its end in the ledger, and runs no process."""
    w.installation.knockmgr("command", "add", "door", "--open", "22/tcp", "--hold", "1h")
    w.installation.knockmgr("command", "add", "load", "--close", "door")
    return "load"


class Blast:
    """A flood on its way from the client to the server."""

    def __init__(self, w, packets, knocks=(), flood_of=(), host=None, **options):
        self._undo = contextlib.ExitStack()
        self._w = None if "pcap" in options else w
        options = {"to": w.server.ipv4, "count": packets, "seconds": BLAST_LIMIT, **options}
        for option, values in (("list", knocks), ("flood_of", flood_of)):
            if values:
                options[option] = f"{w.installation.directory}/blast.{option}"
                with open(options[option], "w", encoding="ascii") as file:
                    file.writelines(f"{value.hex()}\n" for value in values)
        words = [tool(w.installation, "blast")]
        for option, value in options.items():
            words += [f"--{option.replace('_', '-')}", value]
        self.process = (host or w.client).start(words, self._undo, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def going_on(self):
        return self.process.poll() is None

    def stop(self):
        """Ends it early; how many went out is not counted."""
        self._undo.close()

    def end(self):
        """Waits for it, and counts what went out."""
        with self._undo:
            said = self.process.communicate(timeout=BLAST_LIMIT + wait.DEADLINE)[0]
        if self.process.returncode != 0:
            raise AssertionError(f"blast: exit code {self.process.returncode}\n{said}")
        sent = json.loads(said)
        if self._w is not None:
            self._w.sent += sent["packets"] - sent["not_taken"]


def flood(w, packets, knocks=(), **options):
    Blast(w, packets, knocks, **options).end()


def write_pcap(w, path, packets, knocks):
    Blast(w, packets, knocks, pcap=path).end()


def daemon_status(w):
    """What knockd says about itself by `knockmgr status --json`."""
    return json.loads(w.installation.knockmgr("status", "--json", expect=None))["daemon"]


class World(world.World):
    """A world that knows how many packets it has sent to knockd since that was started: no more and no less may be counted.
    IPv6 is off at the client, or its multicast reports would be packets that nobody has sent."""

    def __init__(self, undo, configuration=None):
        super().__init__(undo, configuration, start=False)
        self.sent = 0
        switch = self.server.netns.removesuffix("server") + "switch"
        for netns in (self.client.netns, switch):
            run(["ip", "netns", "exec", netns, "sysctl", "-q", "-w", "net.ipv6.conf.all.disable_ipv6=1"])

    def start(self):
        self.sent = 0
        self.daemon.start()

    def knock_udp(self, payload, family=4, host=None):
        self.sent += 1
        super().knock_udp(payload, family, host)

    def marker_user(self):
        """Whose knocks settle() sends."""
        return self._marker.user if self._marker else ""

    def is_mine(self, line):
        """A line of the journal about that user's knocks."""
        return f" {self.marker_user()}/" in line


def packets_counted(w):
    """How many knockd has counted when no more come: all that was sent, and what nobody can know, such as into how many
    fragments a message fell. Two reports in turn say the same; there is one a second."""
    last = -1

    def steady():
        nonlocal last
        counters = daemon_status(w)["counters"]
        before, last = last, counters["packets_seen"] + counters["packets_lost"]
        if before == last >= w.sent:
            return True
        time.sleep(1.2)
        return False

    wait.until(steady, lambda: f"{w.sent} packets are counted, and no more come; {last} are")
    return last


class Counted:
    """The counters as they grew since this was made, at a moment when all that was sent has been counted. Capture's and
    validate's begin at 0 with their processes."""

    def __init__(self, w):
        self._w = w
        self._before = {}
        w.sent = packets_counted(w)
        self._before = self.when_judged()

    def now(self):
        says = daemon_status(self._w)
        return {key: value - self._before.get(key, 0) for key, value in {**says, **says["counters"]}.items()
                if type(value) is int}

    def when(self, condition, what):
        """The counters as soon as the condition holds for them; they are written about once a second."""
        last = {}

        def holds():
            last.update(self.now())
            return condition(last)

        wait.until(holds, lambda: f"{what}; knockd counted {last}")
        return last

    def when_arrived(self):
        """The counters when all packets that were sent have been read or, by the kernel, dropped; and not one more."""
        sent = self._w.sent - self._before.get("packets_seen", 0) - self._before.get("packets_lost", 0)
        counted = self.when(lambda now: now["packets_seen"] + now["packets_lost"] >= sent, f"{sent} packets arrive")
        assert counted["packets_seen"] + counted["packets_lost"] == sent, f"{sent} were sent: {counted}"
        return counted

    def when_judged(self):
        """The same when all that capture found has been judged, too, and all commands have ended."""
        def judged(now):
            others = now["duplicates"] + now["replays"] + now["late"] + now["stale"] + now["not_signed"]
            return now["hits"] == now["accepted"] + now["refused"] + others and now["commands_running"] == 0 == now["commands_waiting"]

        self.when_arrived()
        return self.when(judged, "every hit is honoured, refused, or counted as a duplicate, replay, late or stale")


class Journal:
    """The daemon's lines since this was made, read as they come."""

    _accepted = re.compile(r"(\S+)/\S+: knock (\d+) .*: accepted \(row")
    _cut_off = re.compile(r"(\S+)/\S+: command of row \d+: interrupted")

    def __init__(self, w):
        self._daemon = w.daemon
        self._at = w.daemon.log_size()
        self._rest = ""
        self.lines = []
        self.honoured = set()  # (user, count)
        self.cut_off = []      # users whose knock is spent and shows as interrupted

    def read(self):
        more = self._daemon.log(self._at)
        self._at += len(more.encode())
        *lines, self._rest = (self._rest + more).split("\n")
        self.lines += lines
        for found in filter(None, map(self._accepted.search, lines)):
            self.honoured.add((found.group(1), int(found.group(2))))
        self.cut_off += [found.group(1) for found in map(self._cut_off.search, lines) if found]
        return self.lines

    def wait_until_honoured(self, knocks):
        """Each (user, count) of them."""
        def all_there():
            self.read()
            return knocks <= self.honoured

        wait.until(all_there, lambda: f"all of {len(knocks)} knocks are honoured; {len(knocks - self.honoured)} are not:"
                                      f" {sorted(knocks - self.honoured)[:10]}")


class Ledger:
    """The whole ledger, read from a copy and without a line of otk's; knockd has ended."""

    def __init__(self, w):
        copy = f"{w.installation.directory}/copy-of-ledger"
        shutil.copytree(f"{w.installation.state}/ledger", copy, dirs_exist_ok=True)
        with contextlib.closing(sqlite3.connect(f"{copy}/ledger.db")) as database:
            columns = "number, kind, of, user, count, jumped, outcome, status"
            rows = database.execute(f"SELECT {columns} FROM event ORDER BY number").fetchall()
            self.open_commands = database.execute("SELECT count(*) FROM open_command").fetchone()[0]
        shutil.rmtree(copy)
        self.accepted = [(number, user, count, jumped) for number, kind, _, user, count, jumped, *_ in rows if kind == ACCEPTED]
        self.ends = {}  # row of the knock -> all its ends
        for _, kind, of, *_, outcome, status in rows:
            if kind in (ENDED, INTERRUPTED):
                self.ends.setdefault(of, []).append((kind, outcome, status))


def resident(w):
    """Process name -> (process id, KiB of memory that it has)."""
    pids = {"knockd": w.daemon.process.pid, **w.daemon.children()}
    return {name: (pids[name], int(status_of(pids[name])["VmRSS"].split()[0])) for name in PROCESSES}
