#!/usr/bin/python3
"""Doors in an administrator's own ruleset: the one of docs/guide-firewall.md, as it stands there (DESIGN 9)."""

import pathlib
import re

from otk_e2e import guard, tap

PORT = 2200
GUIDE = pathlib.Path(__file__).parents[2] / "docs/guide-firewall.md"


def documented_ruleset():
    """The indented block of the guide that begins with the table, and lets the test's own barrier in."""
    text = GUIDE.read_text(encoding="utf-8")
    block = re.search(r"^    table inet filter \{\n(?:    .*\n)+", text, re.MULTILINE).group()
    return re.sub(r"^    ", "", block, flags=re.MULTILINE)


def make_world(undo):
    w = guard.Guarded(undo, {"firewall": {"mode": "sets"}})
    w.stranger = w.network.host("other")
    w.listener = w.listen(PORT)
    w.way = w.access("--open", f"{PORT}/tcp", "--hold", "1h")
    w.ruleset = documented_ruleset()
    w.barrier = f"insert rule inet filter input tcp dport {guard.BARRIER} accept\n"
    return w


suite = tap.Suite(make_world)


@suite.case("without its sets a door does not open; journal and ledger say which is missing, and what to do")
def missing(w):
    row = w.way.spend()
    assert row["end"]["outcome"] != "opened" and "there is no set otk4 in the table inet filter" in row["end"]["text"], row
    assert "knockmgr command show" in row["end"]["text"], row


@suite.case("with the ruleset of the guide a knock lets its sender in, and a connection lives on after the door has closed")
def documented(w):
    w.script(w.ruleset + w.barrier)
    assert not w.through(PORT)
    w.way.spend()
    assert w.through(PORT) and not w.through(PORT, w.stranger)
    w.listener.setblocking(False)
    guard.close_all_of(w.listener)
    w.listener.setblocking(True)
    here = guard.connection(w.client, w.server.ipv4, PORT)
    there, _ = w.listener.accept()
    w.installation.knockmgr("doors", "close", "--all", "--yes")
    assert not w.through(PORT) and guard.alive(here, there)
    here.close()
    there.close()


@suite.case("a ruleset that is loaded anew has the open doors again")
def loaded_anew(w):
    w.way.spend()
    assert w.through(PORT)
    w.script("flush ruleset\n" + w.ruleset + w.barrier)
    w.wait_until_through(PORT)
    assert not w.through(PORT, w.stranger)


@suite.case("what knockmgr command show prints for a command is enough for its doors, prefixes too")
def shown(w):
    wide = w.access("--open", f"{PORT}/tcp", "--hold", "1h", "--prefix4", "24")
    w.installation.knockmgr("doors", "close", "--all", "--yes")
    shown_lines = w.installation.knockmgr("command", "show", wide.command)
    lines = shown_lines[shown_lines.index("table inet filter {"):]
    w.script(lines)
    assert not w.through(PORT, w.stranger)
    wide.spend()
    w.wait_until_through(PORT, w.stranger)
    w.installation.knockmgr("doors", "close", "--all", "--yes")
    w.wait_until_shut(PORT, w.stranger)


if __name__ == "__main__":
    suite.main()
