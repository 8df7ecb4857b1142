#!/usr/bin/python3
"""What the units forbid, under a real systemd: the score that the units claim, what commands can and cannot do, and that
knocks, doors, relays and DNS work with it."""

import json
import socket

from otk_boot.server import GUARDED, Server
from otk_e2e import chain, dns, tap, wait

ZONE = "knock.example.org"
INNER = 2300  # listens on loopback only, so that a forwarding door is a relay


def make_world(undo):
    w = Server(undo, start=False)
    w.knockmgr("init")
    w.write("/etc/otk/otk.toml", f'[dns]\nzones = ["{ZONE}"]\n')
    w.systemctl("enable", "--now", "otk")
    w.listen(INNER, "127.0.0.1")
    return w


suite = tap.Suite(make_world)
number = iter(range(1, 100))


def run_by_knock(w, script, as_whom):
    """How a command, made of this script, ended, and what it printed."""
    path = f"/usr/local/bin/script{next(number)}"
    w.write(path, f"#!/bin/sh\n{script}\n", mode="755")
    access = w.access("--exec", "--as", as_whom, "--", path)
    end = access.spend()["end"]
    return end, w.knockmgr("log", "--output", access.newest_end()["of"], expect=None)


@suite.case("systemd-analyze security: at most 5.0 for otk.service and 2.0 for otk-guard.service")
def score(w):
    for unit, most in (("otk.service", "50"), ("otk-guard.service", "20")):
        said = w.machine.run("systemd-analyze", "security", "--no-pager", f"--threshold={most}", unit)
        assert "Overall exposure level" in said, said


@suite.case("systemd-analyze verify has nothing to say about the units")
def verify(w):
    said = w.machine.run("systemd-analyze", "verify", "--man=no", "otk.service", "otk-guard.service", "otk-guard-alert.service")
    assert said == "", said


@suite.case("a command as another account, and one as root that changes files in /etc, takes another user and asks systemd")
def allowed(w):
    end, _ = run_by_knock(w, "id -un; test $(id -un) = nobody", "nobody")
    assert (end["outcome"], end.get("status")) == ("exited", 0), end
    for script in ("echo x > /etc/otk-test && chown nobody /etc/otk-test && rm /etc/otk-test", "echo x > /tmp/seen-by-all",
                   "mkdir -p /var/tmp/d && chmod 700 /var/tmp/d", "setpriv --reuid=nobody --clear-groups id",
                   "nft add table inet other && nft delete table inet other", "systemctl is-active otk",
                   "systemd-run --quiet --wait --pipe --collect sh -c 'echo x > /usr/local/bin/by-systemd'"):
        end, shown = run_by_knock(w, script, "root")
        assert (end["outcome"], end.get("status")) == ("exited", 0), (script, end, shown)
    assert w.read("/tmp/seen-by-all") == "x\n" and w.read("/usr/local/bin/by-systemd") == "x\n"


@suite.case("a command of root cannot write to /usr, mount, set the host's name or the kernel's settings, make namespaces or become more")
def forbidden(w):
    for script in ("echo x > /usr/local/bin/written", "mount -t tmpfs none /mnt", "hostname other", "unshare --mount true",
                   "echo 1 > /proc/sys/net/ipv4/ip_forward", "chmod u+s /etc/hostname"):
        w.machine.run("sh", "-c", script)  # whoever is not confined can
        end, shown = run_by_knock(w, f"if {script}; then exit 0; else exit 42; fi", "root")
        assert (end["outcome"], end.get("status")) == ("exited", 42), (script, end, shown)


@suite.case("no command has the capabilities by which clock, kernel, devices and mounts are changed")
def capabilities(w):
    _, shown = run_by_knock(w, "sed -n 's/^CapBnd:[^0-9a-f]*//p' /proc/self/status", "root")
    bounds = int(shown, 16)
    for name, bit in {"SYS_MODULE": 16, "SYS_RAWIO": 17, "SYS_ADMIN": 21, "SYS_BOOT": 22, "SYS_TIME": 25, "MKNOD": 27, "SYSLOG": 34}.items():
        assert not bounds >> bit & 1, (name, hex(bounds))


@suite.case("a door of open, a relay to a service on loopback, and a knock by dns that is answered")
def doors(w):
    assert w.through()
    access = w.access("--open", f"{GUARDED}/tcp", "--hold", "1h")
    w.knockmgr("guard", "on", "--confirm", "5m")
    w.knockmgr("guard", "confirm")
    assert not w.through()
    assert access.spend()["end"]["outcome"] == "opened" and w.through()

    relayed = w.access("--forward", f"127.0.0.1:{INNER}", "--hold", "1h")
    end = relayed.spend()["end"]
    assert end["outcome"] == "opened", end
    [port] = [int(door["port"].split("/")[0]) for door in json.loads(w.knockmgr("doors", "--json")) if door["user"] == relayed.user]
    with w.client.socket(socket.AF_INET, socket.SOCK_STREAM) as near:
        near.settimeout(wait.DEADLINE)
        near.connect((w.server.ipv4, port))
        assert w.helper("knockd-forward")

    named = w.access("--exec", "--as", "nobody", "--", "/bin/true")
    row = named.spend(lambda value: dns.ask(w.client, w.server.ipv4, dns.question(f"{chain.base32(value)}.{ZONE}")))
    assert row["carrier"] == "dns" and row["end"]["outcome"] == "exited", row


if __name__ == "__main__":
    suite.main()
