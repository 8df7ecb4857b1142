#!/usr/bin/python3
"""open commands in the guard, with a real sshd and the real ssh (DESIGN 9): refused, let in by a knock, refused again, and
sessions live on."""

import json
import os
import shutil
import signal

from otk_e2e import guard, packets, tap, wait
from otk_e2e.ssh import Sshd

SSH = 2200


def make_world(undo):
    w = guard.make_world(undo)
    w.sshd = Sshd(undo, w.server, SSH)
    w.stranger = w.network.host("other")
    w.before = w.sshd.session(w.client, w.server.ipv4)
    assert w.before.alive(), "ssh works without a guard"
    w.access("--open", f"{SSH}/tcp", "--hold", "1h")
    w.arm()
    return w


suite = tap.Suite(make_world)


def opened(w, *options, hold="1h", knock=None):
    access = w.access("--open", f"{SSH}/tcp", "--hold", hold, *options)
    row = access.spend(knock)
    assert row["kind"] == "accepted" and row["end"]["outcome"] == "opened", row
    return access


def close_all(w):
    w.installation.knockmgr("doors", "close", "--all", "--yes")


@suite.case("a session that is older than the guard lives; without a knock nobody else gets in")
def older(w):
    assert w.before.alive()
    assert not w.sshd.says(w.client, w.server.ipv4) and not w.sshd.says(w.client, w.server.ipv6)
    assert not w.through(SSH) and not w.through(SSH, w.stranger) and not w.through(SSH, address=w.server.ipv6)


@suite.case("a knock lets its sender in, and nobody else; when it closes the session lives, and nobody gets in")
def knocked(w):
    opened(w)
    assert w.sshd.says(w.client, w.server.ipv4), "ssh gets in after the knock"
    assert not w.through(SSH, w.stranger) and not w.through(SSH, address=w.server.ipv6)
    session = w.sshd.session(w.client, w.server.ipv4)
    assert session.alive()
    close_all(w)
    assert not w.sshd.says(w.client, w.server.ipv4)
    assert session.alive("after the door has closed")
    session.end()


@suite.case("by ping and by nc, as people knock")
def ordinary_tools(w):
    def ping(value):
        w.client.run("ping", "-c1", "-W1", "-p", value.hex(), w.server.ipv4, codes=None)

    def nc(value):
        w.client.run("nc", "-u", "-w1", w.server.ipv4, "62201", stdin=value.hex() + "\n", codes=None)

    for knock in (ping, nc):
        if shutil.which("nc") is None:
            raise tap.Skip("the program nc is missing")
        opened(w, knock=knock)
        assert w.sshd.says(w.client, w.server.ipv4)
        close_all(w)
        assert not w.through(SSH)


@suite.case("IPv6: a knock over IPv6 opens for IPv6")
def six(w):
    opened(w, knock=lambda value: packets.send_udp(w.client, w.server.ipv6, value))
    assert w.sshd.says(w.client, w.server.ipv6)
    assert not w.through(SSH)
    close_all(w)
    assert not w.through(SSH, address=w.server.ipv6)


@suite.case("with a prefix the neighbours are let in too, in both families, and those beyond are not")
def prefixes(w):
    w.server.run("ip", "address", "add", "198.51.100.1/24", "dev", "eth0")
    w.stranger.run("ip", "address", "add", "198.51.100.3/24", "dev", "eth0")
    opened(w, "--prefix4", "24", "--prefix6", "64")
    assert w.through(SSH) and w.through(SSH, w.stranger)
    assert not w.through(SSH, w.stranger, "198.51.100.1"), "its other address is in no door"
    assert not w.through(SSH, address=w.server.ipv6)
    close_all(w)
    opened(w, "--prefix6", "64", knock=lambda value: packets.send_udp(w.client, w.server.ipv6, value))
    assert w.through(SSH, w.stranger, w.server.ipv6) and not w.through(SSH, w.stranger)
    close_all(w)


@suite.case("the kernel closes the door when every process of otk is dead, and the session lives")
def all_dead(w):
    opened(w, hold="8s")
    session = w.sshd.session(w.client, w.server.ipv4)
    assert session.alive()
    pids = [w.daemon.process.pid, *w.daemon.children().values()]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    w.daemon.process.wait()
    w.wait_until_shut(SSH)
    assert session.alive()
    session.end()
    w.daemon.start()
    assert not w.through(SSH)


@suite.case("a second knock keeps the door open beyond the first one's time")
def prolonged(w):
    access = opened(w, hold="20s")
    w.clock.advance(15)
    row = access.spend()
    assert row["end"]["outcome"] == "prolonged", row
    w.clock.advance(15)
    w.settle()
    assert w.through(SSH)
    w.clock.advance(10)
    w.wait_until_shut(SSH)


@suite.case("right after a start status never says that the guard is off")
def just_started(w):
    w.daemon.stop()
    w.daemon.start(until="knockd: ready")
    seen = []

    def armed():
        seen.append(json.loads(w.installation.knockmgr("status", "--json"))["daemon"]["guard"])
        return seen[-1] == "armed"

    wait.until(armed, lambda: f"the guard is armed: {seen}")
    assert set(seen) <= {"not known yet", "armed"}, seen


@suite.case("a flushed ruleset is put back with its doors, and said")
def flushed(w):
    opened(w)
    for attack in ("flush ruleset", "delete table inet otk", "flush chain inet otk judge"):
        begin = w.daemon.log_size()
        w.script(attack + "\n")
        w.daemon.wait_for_log("the guard was lost and is back", begin)
        assert not w.through(SSH, w.stranger)
        assert w.through(SSH)
    close_all(w)


@suite.case("disabled, the command guards its port no more; enabled, it does again")
def disabled(w):
    access = w.access("--open", "2201/tcp", "--hold", "1h")
    w.listen(2201)
    w.wait_until_shut(2201)
    w.installation.knockmgr("command", "disable", access.command)
    w.wait_until_through(2201)
    w.installation.knockmgr("command", "enable", access.command)
    w.wait_until_shut(2201)


if __name__ == "__main__":
    suite.main()
