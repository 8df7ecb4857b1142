#!/usr/bin/python3
"""A ledger that is old, missing or another's: knockd says so and accepts nothing (DESIGN 8)."""

import os
import shutil

from otk_e2e import dns, tap, world
from otk_e2e.installation import ZONE

suite = tap.Suite(world.World)


class Ledger:
    """The ledger's directory, copied and put back while knockd does not run."""

    def __init__(self, w):
        self.path = f"{w.installation.state}/ledger"

    def copy(self, to):
        shutil.copytree(self.path, to, copy_function=copy_with_owner)

    def put_back(self, copy):
        self.clear()
        for name in os.listdir(copy):
            copy_with_owner(f"{copy}/{name}", f"{self.path}/{name}")

    def clear(self):
        for name in os.listdir(self.path):
            os.remove(f"{self.path}/{name}")


def copy_with_owner(source, target):
    shutil.copy2(source, target)
    owner = os.stat(source)
    os.chown(target, owner.st_uid, owner.st_gid)


def expect_closed(w, right, values):
    """knockd runs, says what to do, and takes no knock; status says it by its exit code."""
    begin = w.daemon.log_size()
    w.daemon.start(until="knockmgr restore")
    w.installation.knockmgr("status", expect=1)
    runs = len(right.runs())
    for value in values:
        w.knock_udp(value)
    dns.ask(w.client, w.server.ipv4, dns.question(f"barrier.{ZONE}"))
    assert w.daemon.alive() and w.daemon.stop() == 0, w.daemon.log(begin)
    assert len(right.runs()) == runs, "a knock was accepted with a ledger that cannot be trusted"


@suite.case("an old copy put back: knockd does not accept, names knockmgr restore, status exits with 1")
def old_copy(w):
    ledger, right = Ledger(w), w.right()
    old, new = f"{w.installation.directory}/old", f"{w.installation.directory}/new"
    w.daemon.stop()
    ledger.copy(old)
    w.daemon.start()
    right.expect_one_run(w.knock_udp)
    spent = right.chain.current
    w.daemon.stop()
    ledger.copy(new)
    ledger.put_back(old)
    expect_closed(w, right, [spent, right.chain.next()])
    ledger.put_back(new)
    w.daemon.start()
    runs = len(right.runs())
    w.knock_udp(spent)
    w.settle()
    assert len(right.runs()) == runs
    right.expect_one_run(w.knock_udp)


@suite.case("a missing ledger: the same, and none is made silently")
def missing(w):
    ledger, right = Ledger(w), w.right()
    kept = f"{w.installation.directory}/kept"
    w.daemon.stop()
    ledger.copy(kept)
    ledger.clear()
    expect_closed(w, right, [right.chain.current, right.chain.next()])
    assert "ledger.db" not in os.listdir(ledger.path), "an empty ledger was made in its place"
    ledger.put_back(kept)
    w.daemon.start()
    right.expect_one_run(w.knock_udp)


@suite.case("the ledger of another installation, and one that is no database: the same")
def others(w):
    ledger, right = Ledger(w), w.right()
    kept, elsewhere = f"{w.installation.directory}/kept2", f"{w.installation.directory}/elsewhere"
    w.daemon.stop()
    ledger.copy(kept)
    w.installation.call("knockmgr", "--dir", elsewhere, "init")
    ledger.put_back(f"{elsewhere}/ledger")
    expect_closed(w, right, [right.chain.next()])
    ledger.put_back(kept)
    for name in os.listdir(ledger.path):
        if name != "ledger.db":
            os.remove(f"{ledger.path}/{name}")
    with open(f"{ledger.path}/ledger.db", "r+b") as file:
        file.write(b"this is no database")
    expect_closed(w, right, [right.chain.next()])
    ledger.put_back(kept)
    w.daemon.start()
    right.expect_one_run(w.knock_udp)


@suite.case("status exits with 0 while everything is well, and the ledger's chain of rows verifies")
def well(w):
    w.right().expect_one_run(w.knock_udp)
    w.installation.knockmgr("status")
    w.installation.knockmgr("log", "--verify")


if __name__ == "__main__":
    suite.main()
