#!/usr/bin/python3
"""Knocks that were lost: jumped over within the window, late when they come after all, refused beyond it."""

from otk_e2e import tap, world

WINDOW = 10  # the default of the configuration
suite = tap.Suite(world.World)


def explain(w, value, expect=0):
    return w.installation.knockmgr("explain", value.hex(), expect=expect)


@suite.case("nine lost knocks are jumped over, and the ledger says so")
def within(w):
    right = w.right()
    right.chain.skip(WINDOW - 1)
    right.expect_one_run(w.knock_udp)
    row = right.rows("accepted")[-1]
    assert row["number"] == right.chain.count and row["jumped"] == WINDOW - 1, row


@suite.case("a lost knock that comes after all is late: reported, not executed")
def late(w):
    right = w.right()
    lost = right.chain.skip(3)
    right.expect_one_run(w.knock_udp)
    runs = len(right.runs())
    for value in lost:
        w.knock_udp(value)
    w.settle()
    assert len(right.runs()) == runs, "a knock that was jumped over ran"
    rows = right.rows("late")
    assert {row["number"] for row in rows} == {right.chain.count + 1 + place for place in range(3)}, rows


@suite.case("ten lost knocks are too many: nothing happens, and explain says what it is")
def beyond(w):
    right = w.right()
    right.chain.skip(WINDOW)
    right.expect_no_run(w.knock_udp)
    assert "beyond the window" in explain(w, right.chain.current, expect=None)
    assert len(right.rows()) == 1, "a value beyond the window leaves no row"


@suite.case("the knocks before it still count after one beyond the window was refused")
def after_beyond(w):
    right = w.right()
    lost = right.chain.skip(WINDOW)
    right.expect_no_run(w.knock_udp)
    w.knock_udp(lost[-1])
    right.wait_for_runs(2)


@suite.case("the nearest step wins and the last knock of a chain works")
def to_the_end(w):
    right = w.right(length=5)
    for _ in range(3):
        right.expect_one_run(w.knock_udp)
    assert right.chain.count == 1
    w.knock_udp(right.chain.at(0))
    w.settle()
    assert len(right.runs()) == 4, "the chain's start is not a knock"


@suite.case("explain: spent, and by whom; unknown")
def explained(w):
    right = w.right()
    right.expect_one_run(w.knock_udp)
    said = explain(w, right.chain.current)
    assert right.user in said and right.command in said and w.client.ipv4 in said, said
    assert "unknown" in explain(w, bytes(range(16)), expect=None).lower()


if __name__ == "__main__":
    suite.main()
