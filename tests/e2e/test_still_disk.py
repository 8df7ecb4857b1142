#!/usr/bin/python3
"""A disk under the ledger that answers nobody for a while: knockd-validate waits for it and is left alone."""

import json

from otk_e2e import tap, wait, world
from otk_e2e.disk import BreakingDisk, keep_mounts_to_ourselves


def make_world(undo):
    keep_mounts_to_ourselves()
    w = world.World(undo, start=False)
    w.disk = BreakingDisk(undo, f"{w.installation.state}/ledger", f"{w.installation.directory}/image")
    w.daemon.start()
    return w


suite = tap.Suite(make_world)


def status(w):
    return json.loads(w.installation.knockmgr("status", "--json", expect=None))


@suite.case("the disk stands still: validate is not killed, the silence and its reason are told; the knock of that time counts")
def still(w):
    right = w.right()
    right.expect_one_run(w.knock_udp)
    runs, crashes = len(right.runs()), status(w)["daemon"]["counters"]["child_crashes"]
    validate, begin = w.daemon.helper("knockd-validate"), w.daemon.log_size()
    with w.disk.still():
        w.knock_udp(right.chain.next())
        w.daemon.wait_for_log("knockd-validate has said nothing for", begin)
        assert "waits for a disk" in w.daemon.log(begin), w.daemon.log(begin)
        found = wait.until(lambda: not (now := status(w))["accepting"] and now, lambda: f"not accepting: {status(w)}")
        assert "waits for a disk" in found["daemon"]["acceptance"], found
        assert len(right.runs()) == runs, "it ran before it was spent"
    right.wait_for_runs(runs + 1)
    w.daemon.wait_for_log("knockd-validate is heard again", begin)
    wait.until(lambda: status(w)["accepting"], lambda: f"accepting again: {status(w)}")
    assert w.daemon.helper("knockd-validate") == validate, w.daemon.log(begin)
    assert status(w)["daemon"]["counters"]["child_crashes"] == crashes, w.daemon.log(begin)


if __name__ == "__main__":
    suite.main()
