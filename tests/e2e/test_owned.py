#!/usr/bin/python3
"""A knockd-validate that is owned: what it may tell of the time before it, it may tell at its start alone."""

import os

from otk_e2e import tap, world

BROKEN = "knockd-validate sent a message that breaks its contract"


def make_world(undo):
    w = world.World(undo, start=False)
    build = os.path.dirname(os.path.dirname(w.installation.programs["knockd"]))
    programs = {"knockd-capture": f"{build}/knockd/knockd-capture", "knockd-validate": f"{build}/tests/e2e/test-owned-validate"}
    for name, program in programs.items():
        if not os.path.exists(program):
            raise AssertionError(f"{program} is missing: build it with ninja")
        os.symlink(program, f"{w.installation.directory}/{name}")
    w.daemon.environment["OTK_LIBEXEC"] = w.installation.directory
    return w


suite = tap.Suite(make_world)


def begin(w, tells):
    """knockd, started with a validate that tells this; where its log begins."""
    if w.daemon.alive():
        w.daemon.process.kill()
        w.daemon.process.wait()
    w.daemon.environment["OTK_TEST_TELLS"] = tells
    at = w.daemon.log_size()
    w.daemon.start()
    return at


@suite.case("a hold and a question of an earlier life, told at the start: they are taken")
def in_time(w):
    for tells, taken in (("hold", "knockd: ready"), ("question", "row 1: interrupted")):
        at = begin(w, tells)
        w.daemon.wait_for_log(taken, at)
        assert BROKEN not in w.daemon.log(at), w.daemon.log(at)


@suite.case("told later they break the contract, and what told them is ended")
def late(w):
    for tells in ("late hold", "late question"):
        at = begin(w, tells)
        w.daemon.wait_for_log(BROKEN, at)
        w.daemon.wait_for_log("knockd-validate ended unexpectedly: signal 9", at)


if __name__ == "__main__":
    suite.main()
