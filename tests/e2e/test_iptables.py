#!/usr/bin/python3
"""The lines for iptables of docs/guide-other-firewalls.md, taken from there and run, in front of a real sshd."""

import itertools
import os
import re
import shlex
import shutil

from otk_e2e import chain, ssh, tap, wait, world

DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/guide-other-firewalls.md")
SCRIPT = "/usr/local/sbin/otk-iptables"
serial = itertools.count(1)


def blocks(kind):
    """The document's code blocks that say they are of that kind."""
    with open(DOCUMENT, encoding="utf-8") as file:
        found = re.findall(rf"^```sh {kind}\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
    assert found, f"{DOCUMENT} has no block '```sh {kind}'"
    return found


def make_world(undo):
    if shutil.which("iptables", path="/usr/sbin:/sbin") is None:
        raise tap.Skip("iptables is missing (Debian: iptables)")
    w = world.World(undo, {"firewall": {"mode": "none"}})
    (ruleset,) = blocks("ruleset")
    for line in ruleset.splitlines():
        w.server.run(*line.split())
        w.server.run(*line.replace("iptables", "ip6tables", 1).split())
    w.ssh = ssh.Sshd(undo, w.server)
    # The script's place is the administrator's; here it lies beside the installation.
    w.script = f"{w.installation.directory}/otk-iptables"
    (text,) = blocks("script")
    with open(w.script, "w", encoding="ascii") as file:
        file.write(text)
    os.chmod(w.script, 0o755)
    return w


def user_of(w, name):
    """A user with the right to the command that the document defines under that name."""
    (line,) = [text for text in blocks("command") if f"command add {name} " in text]
    words = shlex.split(line.replace("\\\n", " ").replace(SCRIPT, w.script))
    assert words[0] == "knockmgr", words
    access = world.Access(w, f"-ssh-{next(serial)}", chain.Chain())
    access.command = name
    if name not in w.installation.knockmgr("command", "list").split():
        w.installation.knockmgr(*words[1:])
    w.installation.knockmgr("user", "add", access.user)
    w.installation.knockmgr("grant", "add", access.user, name, "--token", access.chain.token())
    return access


def doors(w, family=4):
    tables = "iptables" if family == 4 else "ip6tables"
    return [line for line in w.server.run(tables, "-S", "otk").splitlines() if line.startswith("-A")]


def knock(w, access, family=4):
    row = access.spend(lambda value: w.knock_udp(value, family))
    assert row["kind"] == "accepted" and row["end"]["status"] == 0, row


def goes_in_and_out(w, name, family):
    address = w.server.address(family)
    access = user_of(w, name)
    assert not w.ssh.says(w.client, address), "in without a knock"
    knock(w, access, family)
    assert w.ssh.says(w.client, address), w.server.run("iptables", "-S")
    assert not w.ssh.says(w.network.host("other"), address), "a stranger got in"
    session = w.ssh.session(w.client, address)
    assert session.alive()

    w.clock.advance(30)
    knock(w, access, family)
    assert len(doors(w, family)) == 1, doors(w, family)
    w.clock.advance(45)  # past the first deadline, before the second
    w.settle()
    assert len(doors(w, family)) == 1 and w.ssh.says(w.client, address), doors(w, family)

    w.clock.advance(30)
    wait.until(lambda: not doors(w, family), lambda: f"the door is closed: {doors(w, family)}")
    assert not w.ssh.says(w.client, address), "in after the hold"
    assert session.alive(), "the session ended with the door"
    session.end()
    undone = wait.until(lambda: [row for row in access.rows("undo") if row.get("end")], "the undo has its end")
    assert [row["end"]["status"] for row in undone] == [0], undone


suite = tap.Suite(make_world)


@suite.case("the IPv4 line: refused, in after the knock, one rule after a second one, refused again, the session lives")
def ipv4_line(w):
    goes_in_and_out(w, "ssh4", 4)


@suite.case("the script, for IPv4")
def script_ipv4(w):
    goes_in_and_out(w, "ssh", 4)


@suite.case("the script, for IPv6")
def script_ipv6(w):
    goes_in_and_out(w, "ssh", 6)


@suite.case("two users behind one address: open until the last hold ends")
def two_users(w):
    first, second = user_of(w, "ssh4"), user_of(w, "ssh")
    knock(w, first)
    w.clock.advance(30)
    knock(w, second)
    assert len(doors(w)) == 2, doors(w)
    w.clock.advance(40)
    wait.until(lambda: len(doors(w)) == 1, "the first user's rule is gone")
    assert w.ssh.says(w.client, w.server.ipv4), "the second user's door is shut"
    w.clock.advance(30)
    wait.until(lambda: not doors(w), "no rule is left")
    assert not w.ssh.says(w.client, w.server.ipv4)


if __name__ == "__main__":
    suite.main()
