#!/usr/bin/python3
"""What an administrator takes away ends at once: doors, what waits to be undone, and what is queued (DESIGN 10)."""

import os

from otk_e2e import tap, wait
from otk_e2e.doors import allows, doors, let_in, make_world, runs, wait_for_door, wait_for_none, with_undo

suite = tap.Suite(lambda undo: make_world(undo, {"limits": {"running_commands": 1}}))
WAYS = [(what, how) for what in ("user", "command", "grant") for how in ("disable", "remove")]


def take_away(w, access, what, how):
    names = {"user": [access.user], "command": [access.command], "grant": [access.user, access.command]}[what]
    w.installation.knockmgr(what, how, *names, *(["--yes"] if how == "remove" else []))


@suite.case("a user, a command or a grant that is disabled or removed loses an open door at once")
def door(w):
    for number, (what, how) in enumerate(WAYS):
        access = w.access("--open", f"{3000 + number}/tcp", "--hold", "1h")
        access.spend()
        wait_for_door(w, access)
        element = f"{w.client.ipv4} . tcp . {3000 + number}"
        assert element in let_in(w), let_in(w)
        take_away(w, access, what, how)
        wait_for_none(w, access)
        assert element not in let_in(w) and not allows(w, w.client.ipv4, str(3000 + number)), (what, how)
        end = wait.until(lambda: access.rows("closed"), "the ledger has its end")[-1]
        assert "revoked" in end["text"], end


@suite.case("what they had left to undo is undone at once, and once, also when the command itself is removed")
def undo(w):
    for what, how in WAYS:
        access = with_undo(w)
        access.spend()
        wait_for_door(w, access)
        take_away(w, access, what, how)
        wait.until(lambda: runs(access) == ["run", "undo"], lambda: f"{what} {how}: it is undone; there was {runs(access)}")
        row = wait.until(lambda: access.rows("undo"), "the ledger has it")[-1]
        assert "revoked" in row["text"], row
        wait_for_none(w, access)
    w.daemon.restart()
    assert not doors(w)


@suite.case("a forwarding door that is revoked lets nobody in any more")
def forward(w):
    access = w.access("--forward", "127.0.0.1:3300", "--hold", "1h")
    access.spend()
    port = wait_for_door(w, access)["port"].removesuffix("/tcp")
    take_away(w, access, "grant", "disable")
    wait_for_none(w, access)
    assert not allows(w, w.client.ipv4, port)
    probe = f"import socket; s = socket.create_connection(('{w.server.ipv4}', {port}), 5)"
    said = w.client.run("python3", "-c", probe, codes=(1,))
    assert "Refused" in said or "timed out" in said, said


@suite.case("a command that waits in the queue when it is revoked does not run")
def queued(w):
    gate = f"{w.installation.directory}/gate"
    for what, how in WAYS:
        # Both work before, and what is said of them is in force; then one blocks the only place.
        slow = w.right(script=f'echo run >> "$0"; cat {gate} 2>/dev/null')
        waiting = w.right()
        os.mkfifo(gate, 0o644)
        before = len(slow.runs())
        w.knock_udp(slow.chain.next())
        slow.wait_for_runs(before + 1)
        w.knock_udp(waiting.chain.next())
        number = waiting.chain.count
        knock = wait.until(lambda: [row for row in waiting.rows("accepted") if row["number"] == number], "it is queued")[0]
        assert knock["end"] is None, knock
        take_away(w, waiting, what, how)
        with open(gate, "wb"):  # the slow one reads the end of file and ends
            os.unlink(gate)
        end = wait.until(lambda: waiting.newest_end(), "the queued one has an end")
        assert end["outcome"] == "refused" and end["of"] == knock["row"], (what, how, end)
        assert len(waiting.runs()) == 1, (what, how, waiting.runs())


@suite.case("what is given back works again")
def given_back(w):
    access = w.access("--open", "3400/tcp", "--hold", "1h")
    access.spend()
    wait_for_door(w, access)
    take_away(w, access, "user", "disable")
    wait_for_none(w, access)
    w.installation.knockmgr("user", "enable", access.user)
    w.right()  # whatever was changed before is in force
    assert access.spend()["kind"] == "accepted"
    wait_for_door(w, access)
    assert allows(w, w.client.ipv4, "3400")


if __name__ == "__main__":
    suite.main()
