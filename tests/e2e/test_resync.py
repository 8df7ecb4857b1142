#!/usr/bin/python3
"""grant resync: a user who used more numbers than the window passes over reads one out, and is let in again (DESIGN 12)."""

import json

from otk_e2e import tap, wait, world

suite = tap.Suite(world.World)


def resync(w, right, value, **options):
    return w.installation.knockmgr("grant", "resync", right.user, right.command, value, "--yes", **options)


def left(w, right):
    return json.loads(w.installation.knockmgr("grant", "show", right.user, right.command, "--json"))["knocks_left"]


def expect_in(part, whole):
    assert part in whole, f"{part!r} is not in {whole!r}"


@suite.case("a chain that was lost is found again: the number read out is gone, the next one works, and the ledger tells it")
def found_again(w):
    right = w.right()
    lost = right.chain.skip(40)
    right.expect_no_run(w.knock_udp)  # far beyond the window
    text = resync(w, right, right.chain.current.hex())
    number = right.chain.count
    for part in (f"moves {right.user}/{right.command} from 99 to {number}: {99 - number} knocks are given up",
                 f"stands at number {number} now: the next number that works is {number - 1}"):
        expect_in(part, text)
    row = right.rows("resynced")[-1]
    assert row["number"] == number and row["text"].endswith("request 1"), row
    assert left(w, right) == number - 1
    for value in (lost[0], lost[-1], right.chain.current):  # what was given up stays given up
        runs = len(right.runs())
        w.knock_udp(value)
        w.settle()
        assert len(right.runs()) == runs, "a knock that was given up was executed"
    right.expect_one_run(w.knock_udp)
    w.daemon.restart()
    right.expect_one_run(w.knock_udp)
    assert len(right.rows("resynced")) == 1, "a restart did it again"
    w.installation.knockmgr("log", "--verify")


@suite.case("what does not lie ahead is refused, and nothing is asked of knockd")
def refused(w):
    right, other = w.right(), w.right()
    used = right.chain.current.hex()
    for value, part in ((used, "stands at number 99 already"), (right.chain.at(100).hex(), "lies behind"),
                        (other.chain.at(50).hex(), f"of {other.user}/{other.command}"), ("11" * 16, "unknown")):
        expect_in(part, resync(w, right, value, expect=1))
    assert not right.rows("resynced")
    right.expect_one_run(w.knock_udp)


@suite.case("without knockd it happens when that starts, and once")
def later(w):
    right = w.right()
    w.daemon.stop()
    value = right.chain.skip(60)[-1]
    expect_in("it moves the chain when it starts", resync(w, right, value.hex()))
    assert not right.rows("resynced")
    w.daemon.start()
    wait.until(lambda: right.rows("resynced"), "the chain is moved")
    right.expect_one_run(w.knock_udp)
    w.daemon.kill()
    w.daemon.start()
    right.expect_one_run(w.knock_udp)
    assert len(right.rows("resynced")) == 1, right.rows("resynced")


@suite.case("one that has become impossible when knockd comes to it is refused with the reason")
def too_late(w):
    right = w.right()
    w.daemon.stop()
    values = right.chain.skip(30)
    resync(w, right, values[-1].hex())
    resync(w, right, values[10].hex())
    w.daemon.start()
    rows = wait.until(lambda: len(right.rows("resynced")) == 2 and right.rows("resynced"), "both requests have an answer")
    expect_in("refused: ", rows[1]["text"])
    assert left(w, right) == right.chain.count - 1
    right.expect_one_run(w.knock_udp)


@suite.case("a disabled grant is moved, too, and stays disabled")
def disabled(w):
    right = w.right()
    w.installation.knockmgr("grant", "disable", right.user, right.command)
    value = right.chain.skip(40)[-1]
    resync(w, right, value.hex())
    right.expect_no_run(w.knock_udp)
    w.installation.knockmgr("grant", "enable", right.user, right.command)
    w.right()  # whatever was changed before is in force
    right.expect_one_run(w.knock_udp)


if __name__ == "__main__":
    suite.main()
