"""A world whose doors are elements of nftables sets that the test itself has made, and what knockmgr and the kernel say
about them."""

import json
import os
import re
import tempfile

from . import wait
from .world import World

RULESET = """
table inet filter {
    set otk4 { type ipv4_addr . inet_proto . inet_service; flags timeout; }
    set otk6 { type ipv6_addr . inet_proto . inet_service; flags timeout; }
}
"""


def make_world(undo, configuration=None):
    w = World(undo, {"firewall": {"mode": "sets"}, **(configuration or {})}, start=False)
    w.server.run("nft", "-f", "-", stdin=RULESET)
    w.daemon.start()
    return w


def let_in(w, name="otk4"):
    """What the kernel lets in: ADDRESS . PROTOCOL . PORT as nft(8) prints it."""
    listed = w.server.run("nft", "list", "set", "inet", "filter", name)
    return sorted(re.findall(r"[0-9a-f.:]+ \. \w+ \. \w+", listed.split("elements")[1])) if "elements" in listed else []


def doors(w, access=None):
    """As knockmgr lists them; of one user's, where that is named."""
    listed = json.loads(w.installation.knockmgr("doors", "--json"))
    return [door for door in listed if access is None or door["user"] == access.user]


def wait_for_door(w, access):
    """The one door of that user."""
    return wait.until(lambda: doors(w, access), f"a door of {access.user} is listed")[0]


def wait_for_none(w, access):
    wait.until(lambda: not doors(w, access), f"no door of {access.user} is listed")


def allows(w, address, port, user="nobody"):
    """What a script is told, as an ordinary user."""
    said = w.installation.knockmgr("doors", "--quiet", "--allows", address, port, user=user, expect=None)
    if said or w.installation.exit_code not in (0, 1):
        raise AssertionError(f"exit code {w.installation.exit_code}: {said}")
    return w.installation.exit_code == 0


def with_undo(w, hold="1h"):
    """A right whose command is undone; both add a line to its file: `run` or `undo`."""
    recorder = ["/bin/sh", "-c", 'echo "$1" >> "$0"']
    descriptor, path = tempfile.mkstemp(dir=w.installation.directory)
    os.fchmod(descriptor, 0o666)  # the command runs as nobody
    os.close(descriptor)
    access = w.access("--exec", "--as", "nobody", "--hold", hold, "--undo", json.dumps([*recorder, path, "undo"]), "--",
                      *recorder, path, "run")
    access.file = path
    return access


def runs(access):
    with open(access.file, encoding="ascii") as file:
        return file.read().split()


def close(w, access):
    """As an administrator: the user's doors end."""
    w.installation.knockmgr("doors", "close", access.user, "--yes")
    wait_for_none(w, access)
