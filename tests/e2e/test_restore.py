#!/usr/bin/python3
"""The way out of a ledger that is old or lost: knockmgr restore, and what counts after it (DESIGN 8)."""

import contextlib
import itertools
import os
import shutil

from otk_e2e import chain, tap, world

suite = tap.Suite(world.World)
NONSENSE = b"this is no database" * 1000


def copy_with_owner(source, target):
    shutil.copy2(source, target)
    owner = os.stat(source)
    os.chown(target, owner.st_uid, owner.st_gid)


def clear(folder):
    for name in os.listdir(folder):
        os.remove(f"{folder}/{name}")


def expect_nothing(w, right, values):
    """No knock of these runs anything; each is sent twice, as a user would."""
    runs = len(right.runs())
    for value in [*values, *values]:
        w.knock_udp(value)
    w.settle()
    assert len(right.runs()) == runs, "a knock of a retired chain was accepted"


def renew(w, right):
    right.chain = chain.Chain()
    w.installation.knockmgr("grant", "renew", right.user, right.command, "--token", right.chain.token())
    right.knock_until_it_runs()


def renew_marker(w):
    """settle() needs a grant that works; that of before is retired like every other."""
    w._marker = None


@suite.case("an old ledger put back: refused; after restore it is kept, no old knock counts, a renewed grant does")
def old_copy(w):
    right, ledger, old = w.right(), f"{w.installation.state}/ledger", f"{w.installation.directory}/old"
    w.daemon.stop()
    shutil.copytree(ledger, old, copy_function=copy_with_owner)
    w.daemon.start()
    right.expect_one_run(w.knock_udp)
    spent, unspent = right.chain.current, [right.chain.next(), right.chain.next()]
    w.daemon.stop()
    clear(ledger)
    for name in os.listdir(old):
        copy_with_owner(f"{old}/{name}", f"{ledger}/{name}")
    w.daemon.start(until="knockmgr restore")
    said = w.installation.knockmgr("restore", "--yes", expect=1)
    assert "stop knockd first" in said, said
    w.daemon.stop()
    said = w.installation.knockmgr("restore", "--yes")
    assert "kept" in said, said
    renew_marker(w)
    w.daemon.start()
    expect_nothing(w, right, [spent, *unspent])
    assert is_retired(w, right)
    renew(w, right)
    right.expect_one_run(w.knock_udp)
    expect_nothing(w, right, [spent, *unspent])
    w.installation.knockmgr("log", "--verify")


@suite.case("a lost ledger: restore makes one of the same id, the daemon accepts it, and again no old knock counts")
def lost(w):
    right, ledger = w.right(), f"{w.installation.state}/ledger"
    right.expect_one_run(w.knock_udp)
    spent, unspent = right.chain.current, right.chain.next()
    w.daemon.stop()
    clear(ledger)
    w.installation.knockmgr("restore", "--yes")
    renew_marker(w)
    w.daemon.start()
    w.installation.knockmgr("status")
    expect_nothing(w, right, [spent, unspent])
    renew(w, right)
    right.expect_one_run(w.knock_udp)
    w.daemon.restart()
    right.expect_one_run(w.knock_udp)
    w.daemon.stop()
    assert "the ledger is whole" in w.installation.knockmgr("restore")
    w.daemon.start()


@suite.case("a restore killed at any of its writes leaves chains retired or nothing done, and the next one completes it")
def killed(w):
    right, ledger = w.right(), f"{w.installation.state}/ledger"
    right.expect_one_run(w.knock_udp)
    old = [right.chain.current, right.chain.next()]
    w.daemon.stop()
    spoil(ledger)
    mark = f"{w.installation.state}/monitor/mark"
    with open(mark, encoding="ascii") as file:
        marked = file.read()
    shim = {"LD_PRELOAD": w.installation.programs["test-die-at-write"]}
    for write in itertools.count(1):
        w.installation.knockmgr("restore", "--yes", expect=None, environment=dict(shim, OTK_TEST_DIE_AT=str(write)))
        if w.installation.exit_code == 0:
            break
        untouched = is_spoiled(ledger) and os.path.exists(mark)
        assert untouched or is_retired(w, right), f"write {write}: the ledger was touched before the chains were retired"
        w.installation.knockmgr("restore", "--yes")
        assert "the ledger is whole" in w.installation.knockmgr("restore"), f"write {write}"
        renew_unsent(w, right)
        spoil(ledger)
        with open(mark, "w", encoding="ascii") as file:
            file.write(marked)
    assert write > 10, f"only {write} writes: were they those of restore?"
    renew_marker(w)
    w.daemon.start()
    expect_nothing(w, right, old)
    renew(w, right)


def spoil(ledger):
    clear(ledger)
    with open(f"{ledger}/ledger.db", "wb") as file:
        file.write(NONSENSE)
    owner = os.stat(ledger)
    os.chown(f"{ledger}/ledger.db", owner.st_uid, owner.st_gid)


def is_spoiled(ledger):
    with contextlib.suppress(FileNotFoundError), open(f"{ledger}/ledger.db", "rb") as file:
        return file.read() == NONSENSE
    return False


def is_retired(w, right):
    return "must be renewed" in w.installation.knockmgr("grant", "show", right.user, right.command)


def renew_unsent(w, right):
    """A new chain, so that the next restore has one to retire."""
    w.installation.knockmgr("grant", "renew", right.user, right.command, "--token", chain.Chain().token())


if __name__ == "__main__":
    suite.main()
