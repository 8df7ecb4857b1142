#!/usr/bin/python3
"""What otk.toml switches on, off and over. Each case starts a knockd with a configuration of its own."""

import functools
import grp
import json
import os
import signal
import socket
import stat
import subprocess

from otk_e2e import chain, dns, packets, tap, wait, world
from otk_e2e.installation import ZONE


def make_world(undo):
    return world.World(undo, start=False)


suite = tap.Suite(make_world)


def with_configuration(sections):
    """The case runs with a knockd that has this configuration, and it is stopped afterwards."""
    def decorate(function):
        @functools.wraps(function)
        def case(w, *arguments):
            w.installation.configure(sections)
            w.daemon.start()
            try:
                function(w, *arguments)
            finally:
                w.daemon.stop()

        return case

    return decorate


def dig(w, value):
    """A dns knock that need not be answered."""
    dns.send(w.client, w.server.ipv4, dns.question(f"{chain.base32(value)}.{ZONE}")).close()


def ping(w, value):
    packets.send_echo(w.client, w.server.ipv4, value)


def bound(w):
    """The addresses and ports that udp sockets of the server are bound to."""
    said = w.server.run("ss", "-H", "-u", "-l", "-n").splitlines()
    return {line.split()[3] for line in said}


@suite.case("the configuration that knockmgr init wrote: udp and icmp work, no port is bound at all")
def as_written(w):
    w.installation.write_configuration(w.default_configuration)
    w.daemon.start()
    right = w.right()
    right.expect_one_run(w.knock_udp)
    right.expect_one_run(lambda value: ping(w, value))
    assert not bound(w), bound(w)
    w.daemon.stop()


@suite.case("icmp.enabled = false and udp.enabled = false: those carriers are deaf, dns is not")
@with_configuration({"icmp": {"enabled": False}, "udp": {"enabled": False}, "dns": {"zones": [ZONE]}})
def carriers_off(w):
    right = w.right(warm=False)
    right.knock_until_it_runs(lambda value: dig(w, value))
    runs = len(right.runs())
    w.knock_udp(right.chain.next())
    ping(w, right.chain.current)
    value = right.chain.next()
    wait.until(lambda: dig(w, value) or len(right.runs()) > runs, "the dns knock behind them is executed")
    rows = right.rows("accepted")
    assert [row["carrier"] for row in rows] == ["dns", "dns"] and len(right.runs()) == runs + 1, rows


@suite.case("udp.ports: knocks arrive at all of them and at no other")
@with_configuration({"udp": {"ports": [7, 65535]}})
def ports(w):
    right = w.right(warm=False)
    right.knock_until_it_runs(lambda value: packets.send_udp(w.client, w.server.ipv4, value, 7))
    runs = len(right.runs())
    w.knock_udp(right.chain.next())
    packets.send_udp(w.client, w.server.ipv6, right.chain.next(), 65535)
    right.wait_for_runs(runs + 1)
    assert right.rows("accepted")[-1]["jumped"] == 1, right.rows()


@suite.case("dns.answer = false: port 53 is left to others, and a knock by name is seen all the same")
@with_configuration({"dns": {"zones": [ZONE], "answer": False}})
def no_answer(w):
    right = w.right()
    right.expect_one_run(lambda value: dig(w, value))
    assert not bound(w), bound(w)


@suite.case("dns.listen empty: every address but loopback; named: only that one")
@with_configuration({"dns": {"zones": [ZONE], "listen": ["192.0.2.1"]}})
def listen(w):
    w.right().expect_one_run(lambda value: dig(w, value))
    assert bound(w) == {"192.0.2.1:53"}, bound(w)
    w.daemon.stop()
    w.installation.configure({"dns": {"zones": [ZONE]}})
    w.daemon.start()
    wait.until(lambda: {"192.0.2.1:53", "[2001:db8::1]:53"} <= bound(w), lambda: f"both addresses are bound: {bound(w)}")
    assert not [address for address in bound(w) if address.startswith(("127.", "[::1]", "0.0.0.0", "[::]", "*"))], bound(w)


@suite.case("port 53 is taken: the error names the owner, and the other carriers work")
def taken(w):
    with w.server.socket(socket.AF_INET, socket.SOCK_DGRAM) as owner:
        owner.bind((w.server.ipv4, 53))
        begin = w.daemon.log_size()
        expect_owner_named(w, begin)


@with_configuration({"dns": {"zones": [ZONE]}})
def expect_owner_named(w, begin):
    w.right().expect_one_run(w.knock_udp)
    owner = f"pid {os.getpid()}"
    assert owner in w.daemon.log(begin), w.daemon.log(begin)
    # The other two, of which one is link-local, are answered at.
    said = w.installation.knockmgr("status")
    assert owner in said and "answered at 2 addresses, NOT everywhere" in said, said
    assert owner in json.loads(w.installation.knockmgr("status", "--json"))["daemon"]["dns"]
    check = w.server.run(w.installation.programs["knockd"], "--dir", w.installation.state, "--check")
    assert f"WARNING  dns: cannot bind UDP port 53 of {w.server.ipv4}" in check and owner in check, check
    assert "ok       UDP port 53 of 2 address(es)" in check, check  # which knockd itself holds


@suite.case("capture.interfaces: one named interface; a knock over another is not seen")
@with_configuration({"capture": {"interfaces": ["eth0"]}})
def interfaces(w):
    right = w.right()
    right.expect_one_run(w.knock_udp)
    right.expect_one_run(lambda value: w.knock_udp(value, 6))
    right.expect_no_run(lambda value: packets.send_udp(w.server, "127.0.0.1", value))


@suite.case("accept.window = 1: nothing may be lost")
@with_configuration({"accept": {"window": 1}})
def window(w):
    right = w.right()
    right.chain.skip(1)
    right.expect_no_run(w.knock_udp)
    w.knock_udp(right.chain.at(right.chain.count + 1))
    right.wait_for_runs(2)


@suite.case("accept.algorithms without md5: no md5 chain can be enrolled, and the reason is said")
@with_configuration({})
def algorithms(w):
    w.right().expect_one_run(w.knock_udp)
    for what in ("user", "command"):
        options = ("--exec", "--as", "nobody", "--", "/bin/true") if what == "command" else ()
        w.installation.knockmgr(what, "add", "weak", *options)
    token = chain.Chain("md5").token()
    said = w.installation.knockmgr("grant", "add", "weak", "weak", "--token", token, expect=1)
    assert "md5" in said and "algorithms" in said, said


@suite.case("users.capture names an account that does not exist: knockd ends at once, and says which")
def no_account(w):
    w.installation.configure({"users": {"capture": "otk-nobody-such"}})
    begin = w.daemon.log_size()
    w.daemon.start(until="otk-nobody-such")
    assert w.daemon.process.wait(timeout=wait.DEADLINE) == 1, w.daemon.log(begin)


def state_files(w):
    return [f"{w.installation.state}/monitor/{name}" for name in ("status.json", "doors.json")]


def readers(w):
    """Mode and group of both, None for one that is not there."""
    found = []
    for path in state_files(w):
        status = os.stat(path) if os.path.exists(path) else None
        found.append(status and f"{stat.S_IMODE(status.st_mode):o} {grp.getgrgid(status.st_gid).gr_name}")
    return found


def may_read(w, group):
    """Whether an ordinary user of that group gets at both."""
    codes = [subprocess.run(["cat", path], user="nobody", group=group, extra_groups=[], capture_output=True, check=False).returncode
             for path in state_files(w)]
    return codes == [0, 0]


def let_read(w, name):
    w.installation.configure({"state": {"readable_by": name}})
    w.daemon.process.send_signal(signal.SIGHUP)


@suite.case("state.readable_by: that group may read status.json and doors.json, and nobody else; a reload changes it at once")
def state_readers(w):
    w.installation.configure({})
    w.daemon.start()
    wait.until(lambda: readers(w) == ["644 root", "644 root"], lambda: f"everybody may read: {readers(w)}")
    assert may_read(w, "nogroup")
    let_read(w, "daemon")
    wait.until(lambda: readers(w) == ["640 daemon", "640 daemon"], lambda: f"the group may read: {readers(w)}")
    assert may_read(w, "daemon") and not may_read(w, "nogroup")
    begin = w.daemon.log_size()
    let_read(w, "no-such-group")
    w.daemon.wait_for_log("the old one stays: there is no group no-such-group", begin)
    assert readers(w) == ["640 daemon", "640 daemon"], readers(w)
    let_read(w, "")
    wait.until(lambda: [mode[:3] for mode in readers(w)] == ["644", "644"], lambda: f"everybody may read again: {readers(w)}")
    # What a knockd left that was killed, and what the next one writes.
    w.daemon.kill()
    w.installation.configure({"state": {"readable_by": "root"}})
    w.daemon.start()
    assert readers(w) == ["640 root", "640 root"], readers(w)
    assert not may_read(w, "nogroup")
    w.right().expect_one_run(w.knock_udp)
    assert readers(w) == ["640 root", "640 root"], readers(w)
    w.daemon.stop()


@suite.case("state.readable_by names a group that does not exist: knockd ends at once, and says which")
def no_group(w):
    w.installation.configure({"state": {"readable_by": "no-such-group"}})
    begin = w.daemon.log_size()
    w.daemon.start(until="there is no group no-such-group")
    assert w.daemon.process.wait(timeout=wait.DEADLINE) == 1, w.daemon.log(begin)
    check = w.server.run(w.installation.programs["knockd"], "--dir", w.installation.state, "--check", codes=(1,))
    assert "MISSING  group no-such-group" in check, check


if __name__ == "__main__":
    suite.main()
