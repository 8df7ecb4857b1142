#!/usr/bin/python3
"""Reboot and power cut: doors, forwards, what is to be undone, running commands, spent knocks, the ledger, the guard."""

import json
import time

from otk_boot.server import GUARDED, Server
from otk_e2e import forward, tap, wait

SERVICE = 8080  # on the server's loopback; a forward leads there
SLEEP = ["/bin/sleep", "3600"]
UNDONE, RUNS = "/var/tmp/undone", "/var/tmp/runs"
HOLD = 6  # seconds until an undo is due: longer than a machine takes to go down


class World(Server):
    def __init__(self, undo):
        super().__init__(undo)
        self.right = self.access("--exec", "--as", "root", "--", "/bin/sh", "-c", f'echo "$0" >> {RUNS}', "{count}")
        self.guest = self.access("--open", f"{GUARDED}/tcp", "--hold", "10m")
        self.inner = self.access("--forward", f"127.0.0.1:{SERVICE}", "--hold", "10m")
        self.sleeper = self.access("--exec", "--as", "nobody", "--limit", "1h", "--", *SLEEP)
        self.brief = self.access("--exec", "--as", "root", "--hold", f"{HOLD}s", "--undo", json.dumps(["/usr/bin/touch", UNDONE]),
                                 "--", "/bin/true")
        self.listen(SERVICE, "127.0.0.1")
        self.guard_on()

    def runs(self):
        """The numbers of the knocks that ran, in their order."""
        return [int(line) for line in self.machine.run("sh", "-c", f"cat {RUNS} || true", codes=None).split() if line.isdigit()]

    def open_all(self):
        """A door, a forward, a command that runs and something that is to be undone. Gives the forward's port, and when
        the undo is due."""
        assert self.right.spend()["kind"] == "accepted"
        for access in (self.guest, self.inner):
            row = access.spend()
            assert row["end"]["outcome"] == "opened", row
        port = forward.port_of(self.inner.chain.current)
        assert self.through() and self.through(port)
        self.start_command(self.sleeper, SLEEP)
        assert self.brief.spend()["kind"] == "accepted"
        return port, time.monotonic() + HOLD

    def boot_when(self, due):
        wait.until(lambda: time.monotonic() > due, "the undo is overdue")
        self.power_on()
        wait.until(lambda: self.show("otk", "ActiveState") == "active", "otk runs")

    def expect_all_as_before(self, port):
        assert self.machine.state() == "running", self.systemctl("--failed")
        wait.until(lambda: self.through(port), "the forward is back on its port")
        assert self.through(), "the client's door is back"
        self.expect_guarded()
        left = {door["command"]: door["seconds_left"] for door in json.loads(self.knockmgr("doors", "--json"))}
        assert 0 < left[self.guest.command] <= 600 and 0 < left[self.inner.command] <= 600, left
        assert self.sleeper.newest_end()["outcome"] == "interrupted", self.sleeper.rows()
        assert SLEEP not in self.machine.processes().values()
        wait.until(lambda: self.machine.call("rm", UNDONE)[0] == 0, "what was due is undone")
        self.knockmgr("log", "--verify")
        self.expect_spent_stay_spent([self.right.chain.current])
        self.knockmgr("doors", "close", "--all", "--yes")

    def expect_spent_stay_spent(self, knocks):
        """Sent again, none of them runs; what is next does."""
        before = self.runs()
        for value in knocks:
            self.knock_udp(value)
        self.right.spend()
        assert self.runs() == [*before, self.right.chain.count], (before, self.runs())


suite = tap.Suite(World)


@suite.case("a reboot: door, forward, undo, spent knocks and the guard are kept, and the running command is interrupted")
def reboot(w):
    port, due = w.open_all()
    w.power_off()
    w.boot_when(due)
    w.expect_all_as_before(port)


@suite.case("a power cut: likewise, and the ledger is whole")
def power_cut(w):
    port, due = w.open_all()
    w.cut_power()
    w.boot_when(due)
    w.expect_all_as_before(port)


@suite.case("a power cut among knocks: what was accepted ran once or is interrupted, and never runs after the boot")
def cut_among_knocks(w):
    sent = []
    for _ in range(3):
        for _ in range(5):
            sent.append(w.right.chain.next())
            w.knock_udp(sent[-1])
        w.cut_power()
        w.boot_when(0)
        w.right.spend()
    w.knockmgr("log", "--verify")
    ran = w.runs()
    assert len(ran) == len(set(ran)), f"a knock ran twice: {ran}"
    accepted = {row["number"]: row["end"] and row["end"]["outcome"] for row in w.right.rows("accepted")}
    assert set(ran) <= set(accepted), (ran, accepted)
    silent = {number: end for number, end in accepted.items() if number not in ran}
    assert set(silent.values()) <= {"interrupted"}, f"accepted, not run, and nothing says why: {silent}"
    w.expect_spent_stay_spent(sent)


@suite.case("the guard is armed before the network, also where knockd does not come up; doors come back with knockd")
def guard_alone(w):
    w.guest.spend()
    w.systemctl("mask", "otk")
    w.cut_power()
    w.power_on()
    assert w.show("otk", "ActiveState") == "inactive"
    assert not w.through()
    w.expect_guarded()
    armed = int(w.show("otk-guard", "ActiveEnterTimestampMonotonic"))
    network = int(w.show("network-pre.target", "ActiveEnterTimestampMonotonic"))
    assert 0 < armed <= network, (armed, network)
    w.systemctl("unmask", "otk")
    w.systemctl("start", "otk")
    wait.until(w.through, "the client's door is back")


if __name__ == "__main__":
    suite.main()
