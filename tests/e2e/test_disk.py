#!/usr/bin/python3
"""A disk that is full or read-only under the ledger: knocks are refused and said to be, nothing is spent and nothing runs;
and when there is room again the same knock works, without a restart (DESIGN 4)."""

import contextlib
import json
import os
import signal

from otk_e2e import tap, wait
from otk_e2e.disk import BreakingDisk, make_world
from otk_e2e.doors import let_in, runs, wait_for_door, wait_for_none, with_undo

suite = tap.Suite(make_world)
NOT_SPENT = "knocks are refused and not spent"
FULL = "the disk is full"


@contextlib.contextmanager
def full_disk(w, *disks, start=True):
    """There is no room, and with `start` from the next row on: what knockd laid out at its start of the ledger's write-ahead
    log is then used up by others' knocks. Gives where the log of the time begins."""
    if start:
        w.daemon.restart()
        others = w.right(length=4000)
    with contextlib.ExitStack() as undo:
        for disk in disks or (w.ledger_disk,):
            undo.callback(disk.make_room)
            disk.fill()
        begin = w.daemon.log_size()
        if start:
            use_up_log(w, others, begin)
        yield begin


def use_up_log(w, right, begin):
    """One by one: a disk may stop for so long that a chain would run away from the server by more than the window."""
    for _ in range(2000):
        value = right.chain.next()
        told = (NOT_SPENT, f"knock {right.chain.count} from")
        wait.until(lambda v=value, told=told: w.knock_udp(v) or any(each in w.daemon.log(begin) for each in told),
                   "the knock is spent, or it is said that it cannot be")
        if NOT_SPENT in w.daemon.log(begin):
            return
    raise AssertionError(f"the disk is full, and knocks are spent:\n{w.daemon.log(begin)[-2000:]}")


def daemon_status(w):
    with open(f"{w.installation.state}/monitor/status.json", encoding="ascii") as file:
        return json.load(file)


def not_spent(w, and_held_back=False):
    counters = daemon_status(w)["counters"]
    return counters["not_spent"] + (counters["held_back"] if and_held_back else 0)


def accepting(w):
    return json.loads(w.installation.knockmgr("status", "--json", expect=None))["accepting"]


def expect_not_spent(w, right, begin):
    """However often it comes: each time it is judged, counted, and nothing else. It is said once."""
    value, before = right.chain.next(), len(right.runs())
    for _ in range(3):
        counted = not_spent(w)
        w.knock_udp(value)
        wait.until(lambda counted=counted: not_spent(w) > counted, lambda: f"it is counted:\n{w.daemon.log(begin)}")
    assert len(right.runs()) == before, "a knock ran that could not be spent"
    assert not any(row["value"] == value.hex() for row in right.rows()), right.rows()
    assert w.daemon.log(begin).count(NOT_SPENT) == 1, f"it is not said once:\n{w.daemon.log(begin)}"
    return value


def expect_it_works(w, right, value):
    """The same knock, once."""
    before = len(right.runs())

    def again():  # as users are told to do
        w.knock_udp(value)
        return len(right.runs()) > before

    wait.until(again, lambda: f"the same knock works:\n{w.daemon.log()[-2000:]}")
    w.settle()
    assert len(right.runs()) == before + 1, right.runs()
    w.installation.knockmgr("log", "--verify")


@suite.case("a full disk: a knock is refused, said so once and not spent; the same one works when there is room again")
def full(w):
    right, other = w.right(), w.right()
    with full_disk(w) as begin:
        value, others = expect_not_spent(w, right, begin), expect_not_spent(w, other, begin)
        assert FULL in w.daemon.log(begin), w.daemon.log(begin)
    expect_it_works(w, right, value)
    expect_it_works(w, other, others)
    with full_disk(w) as begin:  # what is said once is said once for each time
        value = expect_not_spent(w, right, begin)
        wait.until(lambda: not accepting(w), "status says that knocks cannot be spent")
        assert daemon_status(w)["ledger_failing"] == 1, daemon_status(w)
    expect_it_works(w, right, value)
    wait.until(lambda: accepting(w), "status says that knocks are accepted again")
    assert daemon_status(w)["ledger_failing"] == 0, daemon_status(w)


@suite.case("everything on a full disk: the same, and what knockd tells of itself is right again afterwards")
def all_full(w):
    right = w.right()
    value, before = right.chain.next(), len(right.runs())
    with full_disk(w, w.disk, w.ledger_disk) as begin:
        w.knock_udp(value)
        w.daemon.wait_for_log(NOT_SPENT, begin)
        w.knock_udp(value)
        helpers = w.daemon.children()  # and what still runs of the others' commands
        assert w.daemon.alive() and {"knockd-validate", "knockd-capture"} <= helpers.keys(), helpers
    assert len(right.runs()) == before, "a knock ran that could not be spent"
    expect_it_works(w, right, value)
    # The second one was held back where it came before the first had been judged for long.
    wait.until(lambda: not_spent(w, and_held_back=True) >= 2, "it tells how many were not spent")


@suite.case("an open door ends in time on a full disk; its undo runs when there is room again, once")
def door_and_undo(w):
    door, undone = w.access("--open", "2222/tcp", "--hold", "1h"), with_undo(w)
    door.spend()
    undone.spend()
    wait_for_door(w, door)
    wait_for_door(w, undone)
    element = f"{w.client.ipv4} . tcp . 2222"
    with full_disk(w) as begin:
        assert element in let_in(w), let_in(w)
        w.clock.advance(3600)
        wait.until(lambda: element not in let_in(w), "the kernel has closed it")
        wait_for_none(w, door)
        w.daemon.wait_for_log(FULL, begin)
        assert not door.rows("closed") and runs(undone) == ["run"], (door.rows(), runs(undone))
    expect_undone_once(w, door, undone)


def expect_undone_once(w, door, undone):
    wait.until(lambda: runs(undone) == ["run", "undo"], lambda: f"it is undone; there was {runs(undone)}")
    wait.until(lambda: door.rows("closed"), "the end of the door is in the ledger")
    w.settle()
    w.daemon.restart()
    w.settle()
    assert runs(undone) == ["run", "undo"] and len(undone.rows("undo")) == 1, undone.rows()
    assert len(door.rows("closed")) == 1, door.rows()


@suite.case("killed on a full disk while a door and an undo wait: closed at the next start, undone when there is room, once")
def killed_while_full(w):
    right, door, undone = w.right(), w.access("--open", "2223/tcp", "--hold", "1h"), with_undo(w)
    door.spend()
    undone.spend()
    wait_for_door(w, door)
    wait_for_door(w, undone)
    element = f"{w.client.ipv4} . tcp . 2223"
    value, before = right.chain.next(), len(right.runs())
    with full_disk(w, start=False) as begin:
        w.daemon.kill()
        w.clock.advance(3600)
        # Either nothing more can be written, or the log of the database has room of its own for a little.
        w.daemon.start(until="knockd")
        wait.until(lambda: any(text in w.daemon.log(begin) for text in (FULL, "knockd: ready")), "it says how it stands")
        assert w.daemon.alive(), w.daemon.log(begin)
        if "knockd: ready" not in w.daemon.log(begin):
            w.knock_udp(value)
    w.daemon.wait_for_log("knockd: ready", begin)
    wait.until(lambda: element not in let_in(w), "the kernel has closed it")
    # What stood in the log's own room was spent after all; then it ran, once.
    spent = [row for row in right.rows() if row["value"] == value.hex()]
    assert len(right.runs()) - before <= len(spent) <= 1, (right.runs(), spent)
    if not spent:
        expect_it_works(w, right, value)
    expect_undone_once(w, door, undone)


@suite.case("knockd-validate killed on a full disk: it goes on when there is room again, with the same knock")
def validate_killed_while_full(w):
    right, others = w.right(), w.right(length=4000)
    value, before = right.chain.next(), len(right.runs())
    with full_disk(w, start=False) as begin:
        os.kill(w.daemon.helper("knockd-validate"), signal.SIGKILL)
        w.daemon.wait_for_log(FULL, begin)
        use_up_log(w, others, begin)  # what the new one gives back, when it finds no room for more
        w.knock_udp(value)
        assert len(right.runs()) == before, "a knock ran that could not be spent"
    expect_it_works(w, right, value)


@suite.case("a command that runs while the disk gets full: its end is in the ledger when there is room again, once")
def end_of_command(w):
    script = 'echo $$ >> "$0"; while [ ! -e "$0.go" ]; do sleep 0.05; done; echo said'
    right = w.right(script=script, of_command=("--as", "nobody", "--limit", "1h"), warm=False)
    right.knock_until_it_runs()
    with full_disk(w, start=False) as begin:
        with open(right.file + ".go", "wb"):
            pass
        # What was written of the log before may have room for this one row; then there is nothing to wait for.
        wait.until(lambda: right.rows("accepted")[-1]["end"] or FULL in w.daemon.log(begin), "it is stored, or waits")
    assert right.newest_end()["outcome"] == "exited", right.rows()
    assert "said" in w.installation.knockmgr("log", "--output", right.newest_end()["of"])
    w.settle()
    assert len(right.runs()) == 1, right.runs()


@suite.case("a policy that cannot be changed on a full disk: knockmgr says so and the daemon goes on with the old one")
def policy(w):
    right = w.right()
    with full_disk(w, w.disk, start=False):
        for number in range(200):  # until what was written of the log before has no room for another change
            said = w.installation.knockmgr("user", "add", f"full{number}", expect=None)
            if w.installation.exit_code != 0:
                break
        assert w.installation.exit_code == 1 and FULL in said, said
        w.knock_udp(right.chain.next())
        right.wait_for_runs(2)
    w.installation.knockmgr("user", "add", f"full{number}")
    w.right().expect_one_run(w.knock_udp)


@suite.case("a file system that fails and turns read-only: said once, nothing spent; when it is mended the same knock works")
def breaking(w):
    door, undone, right = w.access("--open", "2224/tcp", "--hold", "1h"), with_undo(w), w.right()
    assert w.daemon.stop() == 0
    try:
        disk = BreakingDisk(w.undo, f"{w.installation.state}/ledger", f"{w.installation.directory}/image")
    finally:
        w.daemon.start()  # the next case wants it, too, where such a disk cannot be had
    door.spend()
    undone.spend()
    wait_for_door(w, undone)
    begin = w.daemon.log_size()
    disk.break_it()
    value = expect_not_spent(w, right, begin)
    w.clock.advance(3600)
    wait.until(lambda: f"{w.client.ipv4} . tcp . 2224" not in let_in(w), "the kernel has closed it")
    assert runs(undone) == ["run"], runs(undone)
    w.daemon.kill()
    disk.mend()
    w.daemon.start()
    expect_it_works(w, right, value)
    expect_undone_once(w, door, undone)


@suite.case("a start on a read-only file system: said, nothing spent; started when it can be written, the same knock works")
def read_only_start(w):
    right = w.right()
    assert w.daemon.stop() == 0
    value, before = right.chain.next(), len(right.runs())
    begin = w.daemon.log_size()
    w.ledger_disk.read_only()
    try:
        w.daemon.start(until="Read-only file system")
        w.knock_udp(value)
        assert "knockd: ready" not in w.daemon.log(begin) and w.daemon.alive(), w.daemon.log(begin)
        assert len(right.runs()) == before, "a knock ran that could not be spent"
    finally:
        w.ledger_disk.writable()
    assert "restore" not in w.daemon.log(begin), f"the ledger is whole, and needs no restore:\n{w.daemon.log(begin)}"
    # knockd has mounts of its own in its network namespace (ip-netns(8)), which the remount does not reach.
    w.daemon.restart()
    expect_it_works(w, right, value)


if __name__ == "__main__":
    suite.main()
