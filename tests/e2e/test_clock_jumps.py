#!/usr/bin/python3
"""The clock on the wall is set back or forward while doors are open and undos wait: nothing lasts longer than its hold,
nothing happens twice, and a knock that was spent stays spent (DESIGN 4, 9)."""

from otk_e2e import tap, wait
from otk_e2e.doors import let_in, make_world, runs, wait_for_door, wait_for_none, with_undo

suite = tap.Suite(make_world)
DAY = 24 * 3600
HOLD = 3600
_ports = iter(range(2300, 2400))


class Lasting:
    """A door and an undo, both for an hour from now."""

    def __init__(self, w):
        self._w = w
        self.port = next(_ports)
        self.door = w.access("--open", f"{self.port}/tcp", "--hold", f"{HOLD}s")
        self.undone = with_undo(w, f"{HOLD}s")
        self.knock()

    def knock(self):
        for access in (self.door, self.undone):
            row = access.spend()
            assert row["kind"] == "accepted", row
            wait_for_door(self._w, access)

    def expect_open(self):
        """All that was due has been done: the monitor looks at its clock each second, and the knocks of a settled world
        came later than that."""
        seen = self._w.daemon.log_size()
        probe = self._w.access("--open", f"{next(_ports)}/tcp", "--hold", "1s")
        probe.spend()
        self._w.clock.advance(1)
        wait_for_none(self._w, probe)
        assert f"{self._w.client.ipv4} . tcp . {self.port}" in let_in(self._w), self._w.daemon.log(seen)
        assert runs(self.undone) == ["run"], runs(self.undone)

    def expect_over(self):
        wait_for_none(self._w, self.door)
        wait.until(lambda: f"{self._w.client.ipv4} . tcp . {self.port}" not in let_in(self._w), "the kernel has closed it")
        wait.until(lambda: runs(self.undone) == ["run", "undo"], lambda: f"it is undone; there was {runs(self.undone)}")
        wait_for_none(self._w, self.undone)

    def expect_nothing_more(self):
        """Not with the next look at the clock, nor with the next start."""
        self._w.settle()
        self._w.daemon.restart()
        self._w.settle()
        assert runs(self.undone) == ["run", "undo"], runs(self.undone)
        assert len(self.door.rows("closed")) == 1 and len(self.undone.rows("undo")) == 1, self.undone.rows()


@suite.case("set back and forward by a day while knockd runs: a door and an undo last their hold, neither more nor less")
def running(w):
    for by in (-DAY, DAY):
        lasting = Lasting(w)
        w.clock.set_by(by)
        w.clock.advance(HOLD - 60)
        lasting.expect_open()
        w.clock.advance(60)
        lasting.expect_over()
        w.clock.set_by(-by)
        lasting.expect_nothing_more()


@suite.case("a knock that prolongs while the clock is back: for a hold from then, and not until the clock is right again")
def prolonged(w):
    lasting = Lasting(w)
    w.clock.set_by(-DAY)
    w.clock.advance(HOLD // 2)
    lasting.knock()
    w.clock.advance(HOLD - 60)
    lasting.expect_open()
    w.clock.advance(60)
    lasting.expect_over()
    w.clock.set_by(DAY)
    lasting.expect_nothing_more()


@suite.case("set forward before a restart: what is past by the new clock is ended at once, and once")
def forward_and_restart(w):
    lasting = Lasting(w)
    w.daemon.kill()
    w.clock.set_by(DAY)
    w.daemon.start()
    lasting.expect_over()
    w.clock.set_by(-DAY)
    lasting.expect_nothing_more()


@suite.case("set forward for a while, and right again before a restart: the hold is no longer than it was")
def forward_and_right_again(w):
    w.clock.set_by(DAY)
    lasting = Lasting(w)
    w.clock.advance(HOLD // 2)
    w.daemon.kill()
    w.clock.set_by(-DAY)
    w.daemon.start()
    w.clock.advance(HOLD // 2)
    lasting.expect_over()
    lasting.expect_nothing_more()


@suite.case("set back before a restart: the hold is no longer than it was")
def back_and_restart(w):
    lasting = Lasting(w)
    w.clock.advance(HOLD // 2)
    w.daemon.kill()
    w.clock.set_by(-DAY)
    w.daemon.start()
    w.clock.advance(HOLD // 2)
    lasting.expect_over()
    w.clock.set_by(DAY)
    lasting.expect_nothing_more()


@suite.case("however often it is restarted with its clock back: after one hold more all is over")
def restarted_often(w):
    lasting = Lasting(w)
    w.clock.set_by(-DAY)
    for _ in range(4):
        w.clock.advance(HOLD // 2)
        w.daemon.kill()
        w.daemon.start()
    lasting.expect_over()
    w.clock.set_by(DAY)
    lasting.expect_nothing_more()


def expect_spent(w, right, value):
    before = len(right.runs())
    w.knock_udp(value)
    w.settle()
    assert len(right.runs()) == before, "a spent knock was executed again"
    assert len(right.rows("accepted")) == before, right.rows()


@suite.case("a knock stays spent while the clock is back, after a restart and when the clock is right again; new ones work")
def replays(w):
    right = w.right()
    right.expect_one_run(w.knock_udp)
    spent = right.chain.current
    for by in (-DAY, -400 * DAY, 2 * DAY, 399 * DAY):
        w.clock.set_by(by)
        expect_spent(w, right, spent)
        w.daemon.restart()
        expect_spent(w, right, spent)
        right.expect_one_run(w.knock_udp)


@suite.case("a replay is recorded as one while the clock is back, and not taken for the duplicate of a second ago")
def replay_is_said(w):
    right = w.right()
    right.expect_one_run(w.knock_udp)
    w.clock.set_by(-DAY)
    w.clock.advance(120)
    expect_spent(w, right, right.chain.current)
    assert [row["number"] for row in right.rows("replay")] == [right.chain.count], right.rows()
    w.clock.set_by(DAY)


@suite.case("a clock that was set back gives nobody more knocks an hour")
def rates(w):
    right = w.right("--per-hour", "2")
    right.expect_one_run(w.knock_udp)
    w.clock.set_by(-DAY)
    right.expect_no_run(w.knock_udp)
    w.daemon.restart()
    right.expect_no_run(w.knock_udp)
    assert [row["refusal"] for row in right.rows("refused")] == ["too many an hour"] * 2, right.rows()
    w.clock.set_by(DAY)
    w.clock.advance(3600)
    right.expect_one_run(w.knock_udp)


if __name__ == "__main__":
    suite.main()
