#!/usr/bin/python3
"""Knocks that come while none can be spent: they wait, in their order, and count when spending goes on."""

import os
import signal

from otk_e2e import load, tap, wait

USERS = 2000
ROUNDS = 9  # one knock of everybody each: as many of a chain as the window takes before the first is spent, but for one
GARBAGE = 4
KNOCKS = USERS * ROUNDS
RATE = 50_000


class Backlogged(load.World):
    def __init__(self, undo):
        super().__init__(undo)
        self.members = load.populate(self, USERS, ROUNDS + 2, load.closing_command(self))
        self.start()

    def next_round(self):
        return [member.chain.next() for member in self.members]


suite = tap.Suite(Backlogged)


@suite.case(f"knockd-validate is held up while {KNOCKS} knocks come among garbage: none is lost, each is honoured once, in order")
def held_up(w):
    journal, begin = load.Journal(w), load.Counted(w)
    validate = w.daemon.helper("knockd-validate")
    os.kill(validate, signal.SIGSTOP)
    try:
        w.daemon.process.send_signal(signal.SIGSTOP)  # or it ends validate, which seems to hang, while they come
        for _ in range(ROUNDS):
            load.flood(w, USERS * (GARBAGE + 1), w.next_round(), rate=RATE)
        w.daemon.process.send_signal(signal.SIGCONT)
        begin.when_arrived()
        assert begin.now()["hits_waiting"] > 0, begin.now()
    finally:
        w.daemon.process.send_signal(signal.SIGCONT)
        os.kill(validate, signal.SIGCONT)
    counted = begin.when_judged()
    assert counted["packets_lost"] == 0 and counted["hits"] == KNOCKS == counted["accepted"], counted
    wait.until(lambda: journal.read() and len(journal.honoured) == KNOCKS, lambda: f"{len(journal.honoured)} are honoured")
    w.daemon.stop()
    accepted = [(user, count) for _, user, count, _ in load.Ledger(w).accepted if user.startswith("load")]
    assert len(set(accepted)) == len(accepted) == KNOCKS, len(accepted)
    counts = {}
    for user, count in accepted:
        counts.setdefault(user, []).append(count)
    assert all(each == list(range(ROUNDS + 1, 1, -1)) for each in counts.values()), counts


if __name__ == "__main__":
    suite.main()
