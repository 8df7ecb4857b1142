#!/usr/bin/python3
"""Floods of knocks that were used before (point by point: DESIGN 4 step 2, and the limits of DESIGN 9 and 10): what they cost is
bounded and counted, and nobody else has to wait for it."""

import os
import time

from otk_e2e import load, tap, wait

PACKETS = 100_000            # of each flood
RATE = 50_000                # a second, which any machine takes: nothing here is about speed
FORGED = 5000                # sources
MEMBERS = 500                # whose knocks are replayed
LENGTH = 20
MOST_RUNNING = 4
ALERTS_AN_HOUR = 40
LINES = 20                   # of the journal that may have to do with a flood: that it began and ended, and the like
MOST_OF_ONE_VALUE = 8        # reports a second of one known value (knockd/capture/hold_back.h)
MOST_DIFFERING = 7           # beside them within its first minute (differing.h)


class BusyWorld(load.World):
    def __init__(self, undo):
        super().__init__(undo)
        self.file = f"{self.installation.directory}/alerts"
        with open(self.file, "wb"):
            os.chmod(self.file, 0o666)  # the alerts' program runs as nobody
        alerts = {"command": ["/bin/sh", "-c", 'echo "$1" >> "$0"', self.file, "{alert}"], "per_hour": ALERTS_AN_HOUR}
        self.installation.configure({"limits": {"running_commands": MOST_RUNNING}, "alerts": alerts})
        self.members = load.populate(self, MEMBERS, LENGTH, load.closing_command(self))
        self.start()
        self.quiet = self.right(tokens=("{count}",), length=300)  # the user who must be served whatever others send

    def alerts(self):
        with open(self.file, encoding="ascii") as file:
            return file.read().split()

    def rows(self, kind=None):
        return [row for row in self.installation.log() if kind is None or row["kind"] == kind]


suite = tap.Suite(BusyWorld)


class Flood:
    """A flood of these values with knocks of the quiet user in between, and what came of it."""

    def __init__(self, w, values, knocks=20, **options):
        quiet = w.quiet
        counts = list(range(quiet.chain.count - 1, quiet.chain.count - 1 - knocks, -1))
        before_runs, before_rows, before_alerts = len(quiet.runs()), len(w.rows()), len(w.alerts())
        journal, begin = load.Journal(w), load.Counted(w)
        began = time.monotonic()
        options = {"rate": RATE, **options}
        load.flood(w, PACKETS, [quiet.chain.next() for _ in counts], flood_of=values, **options)
        self.counted = begin.when_arrived()
        self.knocks = knocks
        if self.counted["packets_lost"] == 0:
            journal.wait_until_honoured({(quiet.user, count) for count in counts})
            quiet.wait_for_runs(before_runs + knocks)
        # Rounded up, so that a slow machine only widens what may have been reported.
        self.seconds = int(time.monotonic() - began) + 2
        self.counted = begin.when_judged()
        runs = [int(run) for run in quiet.runs()[before_runs:]]
        assert set(runs) <= set(counts) and len(set(runs)) == len(runs), runs
        assert len(runs) >= knocks - self.counted["packets_lost"], (len(runs), self.counted)
        self.new_rows = [row for row in w.rows()[before_rows:] if row["kind"] != "accepted" or row["user"] != quiet.user]
        self.new_alerts = w.alerts()[before_alerts:]
        about_others = [line for line in journal.read() if f" {quiet.user}/" not in line]
        self.lines = [line for line in about_others if "ledger anchor" not in line]  # of which there is one a second

    def expect_all_counted(self):
        """What was seen is a knock of the quiet user, or was judged, or held back."""
        counted = self.counted
        assert counted["noise"] == 0 == counted["unread"], counted
        assert counted["hits"] + counted["held_back"] == counted["packets_seen"], counted
        judged = counted["accepted"] + counted["duplicates"] + counted["replays"] + counted["late"] + counted["stale"] + counted["not_signed"]
        assert judged == counted["hits"] and counted["not_spent"] == 0 == counted["refused"], counted


def spend_all(w):
    """Each member's next knock, once; gives the values."""
    journal = load.Journal(w)
    values = {}
    for member in w.members:
        value = member.chain.next()
        values[member.user, member.chain.count] = value
    load.flood(w, len(values), values.values(), rate=RATE)
    journal.wait_until_honoured(set(values))
    return list(values.values())


@suite.case(f"{PACKETS} duplicates of one knock from its own source: no row, no line, no alert, all counted; another user is served")
def duplicates(w):
    right = w.right()
    flood = Flood(w, [right.chain.current])
    flood.expect_all_counted()
    assert flood.counted["hits"] - flood.knocks <= flood.seconds, "more than one report a second of one value and source"
    assert flood.counted["duplicates"] == flood.counted["hits"] - flood.knocks and flood.counted["replays"] == 0, flood.counted
    assert flood.new_rows == [], flood.new_rows
    assert set(flood.new_alerts) <= {"flood-begun", "flood-ended"}, flood.new_alerts
    assert len(flood.lines) <= LINES, flood.lines[:30]
    assert len(right.runs()) == 1, right.runs()


@suite.case(f"the same from {FORGED} forged sources: contested once, one row and one alert; few reports a second")
def forged_duplicates(w):
    right = w.right()
    flood = Flood(w, [right.chain.current], sources=FORGED)
    flood.expect_all_counted()
    reports = flood.counted["hits"] - flood.knocks
    assert reports <= MOST_OF_ONE_VALUE * flood.seconds + MOST_DIFFERING, f"{reports} reports of one value in {flood.seconds} s"
    assert [row["kind"] for row in flood.new_rows] == ["contested"], flood.new_rows
    assert flood.new_alerts.count("contested") == 1, flood.new_alerts
    assert len(flood.lines) <= LINES, flood.lines[:30]
    assert len(right.runs()) == 1, right.runs()


@suite.case("a flood that repeats one valid knock from many sources before it was ever used: the command runs once")
def unspent(w):
    for sources in (1, FORGED):
        right = w.right()
        flood = Flood(w, [right.chain.next()], sources=sources)
        flood.expect_all_counted()
        right.wait_for_runs(2)
        kinds = [row["kind"] for row in flood.new_rows]
        assert kinds == (["accepted"] if sources == 1 else ["accepted", "contested"]), flood.new_rows
        assert len(right.runs()) == 2, right.runs()
        assert len(flood.lines) <= LINES, flood.lines[:30]


@suite.case(f"replays of {MEMBERS} spent knocks: one row for each, alerts up to their limit, all counted; a second flood makes none")
def replays(w):
    spent = spend_all(w)
    w.settle()
    w.clock.advance(61)
    flood = Flood(w, spent, sources=FORGED)
    flood.expect_all_counted()
    assert flood.counted["replays"] == flood.counted["hits"] - flood.knocks and flood.counted["duplicates"] == 0, flood.counted
    assert flood.counted["held_back"] > 0, flood.counted
    # A knock that was repeated until it ran may come again after the clock went on: it is none of these.
    kinds = [row["kind"] for row in flood.new_rows if bytes.fromhex(row["value"]) in spent]
    assert kinds == ["replay"] * MEMBERS, (len(kinds), set(kinds))
    assert 0 < len(flood.new_alerts) <= ALERTS_AN_HOUR, len(flood.new_alerts)
    assert len(flood.lines) <= MEMBERS + LINES, flood.lines[-30:]

    again = Flood(w, spent, sources=FORGED)
    again.expect_all_counted()
    assert again.new_rows == [], again.new_rows[:5]
    assert len(again.lines) <= LINES, again.lines[:30]
    assert w.daemon.alive() and len(w.alerts()) <= ALERTS_AN_HOUR, len(w.alerts())


@suite.case(f"never more than {MOST_RUNNING} commands run, whatever waits and whatever floods; all of them run in the end, once each")
def bounded(w):
    # Each says when it begins and when it ends, in one file for all: the order of the lines is that of the writes.
    book = f"{w.installation.directory}/book"
    with open(book, "wb"):
        os.chmod(book, 0o666)
    script = 'echo "+ $2" >> "$1"; sleep 0.03; echo "- $2" >> "$1"'
    rights = [w.right(script=script, tokens=(book, "{count}"), warm=False) for _ in range(8)]
    w.right()  # when this one is known, so are those before it
    journal = load.Journal(w)
    knocks = {}
    for _ in range(30):
        for right in rights:
            value = right.chain.next()
            knocks[right.user, right.chain.count] = value
    load.flood(w, 20_000, knocks.values(), flood_of=[w.quiet.chain.current], rate=RATE)
    journal.wait_until_honoured(set(knocks))
    wait.until(lambda: len(lines_of(book)) >= 2 * len(knocks), lambda: f"{len(knocks)} commands end: {len(lines_of(book))} lines")
    w.settle()
    running, most = 0, 0
    for line in lines_of(book):
        running += 1 if line.startswith("+") else -1
        most = max(most, running)
    assert len(lines_of(book)) == 2 * len(knocks), "some ran twice"
    assert most <= MOST_RUNNING, f"{most} commands ran at once"
    assert most == MOST_RUNNING, f"only {most} ran at once though {len(knocks)} waited"
    for right in rights:
        ends = [row["end"] for row in right.rows("accepted")]
        assert len(ends) == 30 and all(end and end["outcome"] == "exited" for end in ends), right.rows()


def lines_of(path):
    with open(path, encoding="ascii") as file:
        return file.read().splitlines()


if __name__ == "__main__":
    suite.main()
