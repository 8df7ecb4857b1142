#!/usr/bin/python3
"""Somebody copies a knock and is faster than the user, while he floods the server with knocks of long ago: that the knock is
contested (DESIGN 4 step 2) is seen all the same, in the ledger and by an alert."""

import os

from otk_e2e import load, tap, wait

MEMBERS = 60
LENGTH = 21
OLD = MEMBERS * (LENGTH - 1)  # knocks, each spent long ago
RATE = 20_000                 # of them a second
SECONDS = 90                  # of the flood, at most: it ends with the last copy
COPIES = 5
ALERTS_AN_HOUR = 20


class CopiedWorld(load.World):
    def __init__(self, undo):
        super().__init__(undo)
        self.file = f"{self.installation.directory}/alerts"
        with open(self.file, "wb"):
            os.chmod(self.file, 0o666)  # the alerts' program runs as nobody
        alerts = {"command": ["/bin/sh", "-c", 'echo "$1 $2" >> "$0"', self.file, "{alert}", "{user}"], "per_hour": ALERTS_AN_HOUR,
                  "on": ["replay", "contested"]}
        self.installation.configure({"alerts": alerts})
        members = load.populate(self, MEMBERS, LENGTH, load.closing_command(self))
        self.start()
        self.victim = self.right()
        self.other = self.network.host("other")
        self.old = [member.chain.next() for _ in range(LENGTH - 1) for member in members]
        load.flood(self, OLD, self.old, rate=2000)
        self.wait_for("spent", OLD)
        self.clock.advance(120)

    def wait_for(self, counter, value):
        wait.until(lambda: load.daemon_status(self)["counters"][counter] >= value,
                   lambda: f"{value} {counter}; knockd counted {load.daemon_status(self)}")

    def copy(self):
        """Another host sends the victim's next knock until it works, then the victim does, once. Gives its number."""
        value, runs = self.victim.chain.next(), len(self.victim.runs())

        def copied():
            self.knock_udp(value, host=self.other)
            return len(self.victim.runs()) > runs

        wait.until(copied, "the copy works")
        self.knock_udp(value)
        return self.victim.chain.count

    def alerts(self):
        with open(self.file, encoding="ascii") as file:
            return [line.split() for line in file]


suite = tap.Suite(CopiedWorld)


def contested(w):
    return [row["number"] for row in w.victim.rows("contested")]


@suite.case(f"{OLD} old knocks at {RATE} a second: {COPIES} of {COPIES} copies are contested")
def hidden_by_replays(w):
    blast = load.Blast(w, RATE * SECONDS, flood_of=w.old, rate=RATE)
    w.wait_for("held_back", RATE // 4)
    numbers = [w.copy() for _ in range(COPIES)]
    assert blast.going_on(), "the flood ended before its last copy"
    blast.stop()
    w.settle()
    lost = load.daemon_status(w)["counters"]["packets_lost"]
    hidden = set(numbers) - set(contested(w))
    assert len(hidden) <= lost, f"copies of {sorted(hidden)} were not seen, {lost} packets were lost"


@suite.case("and an alert tells of it, though replays have used up what there is for them")
def hushed_by_replays(w):
    told = wait.until(lambda: [user for kind, user in w.alerts() if kind == "contested"], lambda: f"an alert: {w.alerts()}")
    assert told == [w.victim.user], w.alerts()
    assert len([kind for kind, _ in w.alerts() if kind == "replay"]) == ALERTS_AN_HOUR * 3 // 4, w.alerts()
    assert contested(w), "none was contested"


if __name__ == "__main__":
    suite.main()
