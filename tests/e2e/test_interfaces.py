#!/usr/bin/python3
"""Interfaces that go down and up, come later, are deleted and made again: knocks work again without a restart, and on the
other interfaces they never stop."""

import contextlib
import signal

from otk_e2e import packets, tap, wait, world
from otk_e2e.doors import doors, wait_for_door, wait_for_none
from otk_e2e.network import run

SECOND = {"server": "198.51.100.1", "client": "198.51.100.2"}  # RFC 5737; on eth1 of each


def make_world(undo):
    w = world.World(undo)
    make_second(w)
    return w


suite = tap.Suite(make_world)


def make_second(w):
    """A cable between server and client, apart from the switch."""
    run(["ip", "link", "add", "eth1", "netns", w.server.netns, "type", "veth",
         "peer", "name", "eth1", "netns", w.client.netns])
    for host, role in ((w.server, "server"), (w.client, "client")):
        host.run("ip", "link", "set", "eth1", "up")
        host.run("ip", "address", "add", f"{SECOND[role]}/24", "dev", "eth1")


def listen_on(w, *interfaces):
    begin = w.daemon.log_size()
    # Without dns: its answers leave from every address, so capture is started again when one comes or goes, as those
    # of IPv6 do with an interface.
    w.installation.configure({**world.CONFIGURATION, "capture": {"interfaces": interfaces}, "dns": {"enabled": False}})
    w.daemon.process.send_signal(signal.SIGHUP)
    w.daemon.wait_for_log("knockd: ready", begin)


def by_second(w):
    return lambda value: packets.send_udp(w.client, SECOND["server"], value)


def expect_on_both(w, right):
    """Without a restart of knockd, by whatever number it was known before."""
    right.knock_until_it_runs()
    right.knock_until_it_runs(by_second(w))


def expect_untouched(w, right, process):
    assert w.daemon.alive() and w.daemon.process.pid == process, w.daemon.log()
    accepted = [row["number"] for row in right.rows("accepted")]
    assert len(accepted) == len(set(accepted)) == len(right.runs()), (accepted, right.runs())


@suite.case("any: knocks come by every interface, also by one that is made while knockd runs")
def later(w):
    listen_on(w, "any")
    right, process = w.right(), w.daemon.process.pid
    expect_on_both(w, right)
    w.server.run("ip", "link", "delete", "eth1")
    right.expect_one_run(w.knock_udp)
    make_second(w)
    expect_on_both(w, right)
    expect_untouched(w, right, process)


@suite.case("any: an interface goes down and up, and knocks work again; on the other one they never stopped")
def any_down(w):
    listen_on(w, "any")
    right, process = w.right(), w.daemon.process.pid
    capture = w.daemon.helper("knockd-capture")
    for name, other in (("eth0", by_second(w)), ("eth1", w.knock_udp)):
        w.server.run("ip", "link", "set", name, "down")
        right.knock_until_it_runs(other)
        w.server.run("ip", "link", "set", name, "up")
        expect_on_both(w, right)
    expect_untouched(w, right, process)
    assert w.daemon.helper("knockd-capture") == capture, "it had to be started again"


@suite.case("one name: what comes by another interface is not read")
def one_name(w):
    listen_on(w, "eth0")
    right = w.right()
    right.expect_one_run(w.knock_udp)
    right.expect_no_run(by_second(w))
    listen_on(w, "eth1")
    right.knock_until_it_runs(by_second(w))
    before, value = len(right.runs()), right.chain.next()
    w.knock_udp(value)
    right.chain.next()
    by_second(w)(right.chain.current)  # comes after it, and has jumped over it
    right.wait_for_runs(before + 1)
    assert right.rows("accepted")[-1]["jumped"] == 1 and len(right.runs()) == before + 1, right.rows()


@suite.case("one name: it goes down and up, and knocks work again")
def one_name_down(w):
    listen_on(w, "eth1")
    right, process = w.right(warm=False), w.daemon.process.pid
    right.knock_until_it_runs(by_second(w))
    w.server.run("ip", "link", "set", "eth1", "down")
    w.server.run("ip", "link", "set", "eth1", "up")
    right.knock_until_it_runs(by_second(w))
    expect_untouched(w, right, process)


@suite.case("one name: it is deleted: said; it is made again: knocks work again")
def one_name_deleted(w):
    listen_on(w, "eth1")
    right, process = w.right(warm=False), w.daemon.process.pid
    right.knock_until_it_runs(by_second(w))
    with deleted_second(w):
        pass
    right.knock_until_it_runs(by_second(w))
    expect_untouched(w, right, process)


@contextlib.contextmanager
def deleted_second(w):
    """That it is gone is in the journal before anything else."""
    begin = w.daemon.log_size()
    w.server.run("ip", "link", "delete", "eth1")
    try:
        wait.until(lambda: "eth1" in w.daemon.log(begin), lambda: f"the interface is named:\n{w.daemon.log(begin)}")
        yield
    finally:
        make_second(w)


@suite.case("two names: knocks come by both; one goes down, the other goes on; up again, both work")
def two_names_down(w):
    listen_on(w, "eth0", "eth1")
    right, process = w.right(), w.daemon.process.pid
    expect_on_both(w, right)
    w.server.run("ip", "link", "set", "eth1", "down")
    try:
        for _ in range(3):
            right.knock_until_it_runs()
    finally:
        w.server.run("ip", "link", "set", "eth1", "up")
    expect_on_both(w, right)
    expect_untouched(w, right, process)


@suite.case("two names: one is deleted: said, the other goes on; made again, both work")
def two_names_deleted(w):
    listen_on(w, "eth0", "eth1")
    right, process = w.right(), w.daemon.process.pid
    expect_on_both(w, right)
    with deleted_second(w):
        for _ in range(3):
            right.knock_until_it_runs()
    expect_on_both(w, right)
    expect_untouched(w, right, process)


@suite.case("a door that was opened by one interface is open, and ends, while the other one goes down")
def door(w):
    listen_on(w, "any")
    access = w.access("--forward", "127.0.0.1:2203", "--hold", "1h")
    access.spend(by_second(w))
    w.server.run("ip", "link", "set", "eth1", "down")
    assert wait_for_door(w, access)["address"] == SECOND["client"], doors(w)
    w.clock.advance(3600)
    wait_for_none(w, access)
    w.server.run("ip", "link", "set", "eth1", "up")


if __name__ == "__main__":
    suite.main()
