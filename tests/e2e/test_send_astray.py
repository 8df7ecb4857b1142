#!/usr/bin/python3
"""knockgen send where client and server do not fit together: numbers that have come apart, a secret of another chain, a name
that leads nowhere. Nothing is lost, and what is said leads back."""

import re

from otk_e2e import tap, wait, world
from otk_e2e.installation import ZONE
from otk_e2e.sender import LENGTH, Noted

FIRST = LENGTH - 1
BARE = "server"  # leads to the client itself, as Debian's installer sets it up for a host's own name


def make_world(undo):
    w = world.World(undo, {"dns": {"zones": [ZONE]}})
    w.network.etc_hosts(w.client, f"127.0.1.1 {BARE}\n")
    return w


suite = tap.Suite(make_world)


def next_number_of(w, sender):
    shown = w.installation.knockmgr("grant", "show", sender.user, sender.command)
    return int(re.search(r"next number:\s+(\d+)", shown).group(1))


@suite.case("a client that ran ahead of the server: refused unless meant; unheard then; told so, and brought back")
def ran_ahead(w):
    sender = Noted(w, "{count}")
    said = sender.send("--number", FIRST - 20, code=1)
    assert f"passes over 20 knocks, {FIRST} to {FIRST - 19}" in said and "--skip" in said, said
    assert sender.next_number() == FIRST
    sender.send("--number", FIRST - 20, "--skip")
    said = sender.send("--via", "dns", "--resolver", "direct")
    assert "the server has not said what became of" in said, said
    assert f"knockgen profile set {sender.profile} --next N" in said, said
    w.settle()
    assert not sender.rows(), sender.rows()
    number = next_number_of(w, sender)
    assert number == FIRST, number
    said = sender.knockgen("profile", "set", sender.profile, "--next", number, code=1)
    assert f"knock {FIRST - 21} of profile {sender.profile} has left this machine" in said, said
    sender.knockgen("profile", "set", sender.profile, "--next", number, "--reuse")
    sender.expect_run(f"{FIRST}")
    sender.expect_run(f"{FIRST - 1}")


@suite.case("a client that fell behind, its state put back from a backup: goes on where the server stands")
def fell_behind(w):
    sender = Noted(w, "{count}")
    sender.expect_run(f"{FIRST}")
    with sender.state_kept():
        for number in range(FIRST - 1, FIRST - 4, -1):
            sender.expect_run(f"{number}")
    before = sender.runs()
    sender.send()
    w.settle()
    assert sender.runs() == before, sender.runs()
    sender.knockgen("profile", "set", sender.profile, "--next", next_number_of(w, sender))
    sender.send()
    wait.until(lambda: sender.runs() == [*before, f"{FIRST - 4}"], lambda: f"number {FIRST - 4} runs: {sender.runs()}")


@suite.case("a secret that is not the one of the grant is refused before the first packet leaves, and costs no number")
def wrong_secret(w):
    sender = Noted(w, "{count}")
    right = sender.key
    sender.key = f"{right}.other"
    sender.knockgen("key", "new", sender.key)
    said = sender.send(code=1)
    assert "this is not the key file that the right was granted for" in said and "Nothing was sent" in said, said
    w.settle()
    assert not sender.rows() and sender.next_number() == FIRST
    sender.key = right
    sender.expect_run(f"{FIRST}")


@suite.case("a name that leads to the client itself: it knocks at nobody, and says so")
def bare_name(w):
    sender = Noted(w, "{count}", server=BARE)
    said = sender.send()
    assert f"warning: {BARE} leads to this machine itself (127.0.1.1)" in said, said
    w.settle()
    assert not sender.rows(), sender.rows()


if __name__ == "__main__":
    suite.main()
