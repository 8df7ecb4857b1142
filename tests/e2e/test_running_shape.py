#!/usr/bin/python3
"""What the running processes may do, as the kernel tells it (DESIGN 7)."""

import os
import pwd

from otk_e2e import tap, wait, world
from otk_e2e.daemon import status_of

suite = tap.Suite(world.World)
HELPERS = {"knockd-capture": "otk-capture", "knockd-validate": "otk"}


def sockets_of(pid, tables):
    """The inodes of the process's sockets that stand in those tables of /proc/PID/net."""
    inodes = set()
    for table in tables:
        with open(f"/proc/{pid}/net/{table}", encoding="ascii") as file:
            inodes.update(word for line in list(file)[1:] for word in line.split())
    return {inode for inode in socket_inodes(pid) if inode in inodes}


def descriptors(pid):
    names = {}
    for number in os.listdir(f"/proc/{pid}/fd"):
        names[int(number)] = os.readlink(f"/proc/{pid}/fd/{number}")
    return names


def socket_inodes(pid):
    return {name[8:-1] for name in descriptors(pid).values() if name.startswith("socket:[")}


@suite.case("each helper is its own user with no group but its own")
def users(w):
    for name, account in HELPERS.items():
        status = status_of(w.daemon.helper(name))
        entry = pwd.getpwnam(account)
        assert status["Uid"].split() == [str(entry.pw_uid)] * 4, (name, status["Uid"])
        assert status["Gid"].split() == [str(entry.pw_gid)] * 4, (name, status["Gid"])
        assert set(status["Groups"].split()) <= {str(entry.pw_gid)}, (name, status["Groups"])


@suite.case("no helper has a capability, or a way to one; system calls are filtered")
def powers(w):
    for name in HELPERS:
        status = status_of(w.daemon.helper(name))
        for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(status[capabilities], 16) == 0, (name, capabilities, status[capabilities])
        assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", (name, status["NoNewPrivs"], status["Seccomp"])


@suite.case("knockd-capture's root directory is empty, and it has no file open")
def capture_files(w):
    pid = w.daemon.helper("knockd-capture")
    assert os.listdir(f"/proc/{pid}/root/") == [], os.listdir(f"/proc/{pid}/root/")
    log = os.readlink(f"/proc/{w.daemon.process.pid}/fd/2")
    allowed = ("socket:", "pipe:", "anon_inode:", "/dev/null", log)
    others = [name for name in descriptors(pid).values() if not name.startswith(allowed)]
    assert not others, others


@suite.case("knockd-validate has no socket of a network, and no file but its databases")
def validate_files(w):
    pid = w.daemon.helper("knockd-validate")
    assert not sockets_of(pid, ("packet", "udp", "udp6", "tcp", "tcp6", "raw", "raw6", "icmp", "icmp6", "netlink"))
    files = [name for name in descriptors(pid).values() if name.startswith("/") and "/dev/" not in name]
    log = os.readlink(f"/proc/{w.daemon.process.pid}/fd/2")
    own = ("ledger.db", "policy.db")
    strangers = [name for name in files if name != log and not name.rsplit("/", 1)[-1].startswith(own)]
    assert not strangers, strangers


@suite.case("who waits for a command, and who makes such, has no file and no database in its memory")
def spares(w):
    pids = wait.until(lambda: pids if len(pids := w.daemon.spares()) == 2 else None, "there is a spare")
    log = os.readlink(f"/proc/{w.daemon.process.pid}/fd/2")
    for name, pid in pids.items():
        allowed = ("socket:", "pipe:", "/dev/null", *((log,) if name == "knockd-maker" else ()))
        others = [one for one in descriptors(pid).values() if not one.startswith(allowed)]
        assert not others, (name, others)
        assert not sockets_of(pid, ("packet", "udp", "udp6", "tcp", "tcp6", "raw", "raw6", "icmp", "icmp6", "netlink"))
        with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
            assert "policy.db" not in file.read(), name


@suite.case("the monitor has no socket of a network")
def monitor_sockets(w):
    assert not sockets_of(w.daemon.process.pid, ("packet", "udp", "udp6", "tcp", "tcp6", "raw", "raw6", "icmp", "icmp6"))


@suite.case("no process has a library loaded that it should not have")
def libraries(w):
    forbidden = {"knockd": ("libcrypto", "libssl", "libpcap"), "knockd-capture": ("libsqlite3", "libssl"),
                 "knockd-validate": ("libpcap", "libssl")}
    pids = {"knockd": w.daemon.process.pid, **{name: w.daemon.helper(name) for name in HELPERS}}
    for name, pid in pids.items():
        with open(f"/proc/{pid}/maps", encoding="utf-8") as file:
            loaded = {line.split()[-1].rsplit("/", 1)[-1] for line in file if ".so" in line}
        assert loaded, f"nothing is known about {name}"
        for library in forbidden[name]:
            assert not [one for one in loaded if one.startswith(library)], (name, loaded)


@suite.case("no knock port is bound: who looks finds every port closed but that of the name server")
def bound_ports(w):
    bound = set()
    for table in ("udp", "udp6"):
        said = w.server.run("cat", f"/proc/net/{table}").splitlines()[1:]
        bound.update(int(line.split()[1].rsplit(":", 1)[1], 16) for line in said)
    assert bound == {53}, bound


if __name__ == "__main__":
    suite.main()
