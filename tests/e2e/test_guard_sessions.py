#!/usr/bin/python3
"""Sessions live on (DESIGN 9): those that are older than the guard, whatever happens to guard and knockd then, and those
that came through a door; also where the server has never said a word in them. The kernel's sets of them fill with nothing
that others send."""

import json
import os
import re
import signal
import socket

from otk_e2e import guard, segments, tap, wait
from otk_e2e.segments import ACK, SYN

PORT, MORE = 2200, 2201


class Pair:
    """A connection, with both its ends, over which nothing has gone yet."""

    def __init__(self, w, listener, address, port=PORT):
        guard.close_all_of(listener)  # those of probes
        self.near = guard.connection(w.client, address, port)
        listener.settimeout(wait.DEADLINE)
        self.far, _ = listener.accept()
        w.undo.callback(self.end)

    def alive(self):
        """The client speaks first."""
        return guard.alive(self.near, self.far)

    def end(self):
        self.near.close()
        self.far.close()


def mapped(w, address, port):
    """A listener for IPv6 that is bound to one address of IPv4."""
    listener = w.server.socket(socket.AF_INET6, socket.SOCK_STREAM)
    listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    listener.bind((f"::ffff:{address}", port))
    listener.listen(1024)
    w.undo.callback(listener.close)
    return listener


def make_world(undo):
    w = guard.make_world(undo)
    w.stranger = w.network.host("other")
    w.server.run("ip", "address", "add", "192.0.2.11/24", "dev", "eth0")
    w.listeners = {
        w.server.ipv4: w.listen(PORT, address=w.server.ipv4),
        w.server.ipv6: w.listen(PORT, address=w.server.ipv6),
        "192.0.2.11": mapped(w, "192.0.2.11", PORT),
    }
    w.of_all = w.listen(MORE)
    w.way = w.access("--open", f"{PORT}/tcp", "--hold", "1h")
    w.older = sessions(w)
    w.silent = sessions(w)
    w.of_all_older = Pair(w, w.of_all, w.server.ipv4, MORE)
    w.arm()
    return w


suite = tap.Suite(make_world)


def sessions(w):
    return {address: Pair(w, listener, address) for address, listener in w.listeners.items()}


def all_alive(pairs):
    for address, pair in pairs.items():
        assert pair.alive(), address


def noted(w):
    """Peers' ports in both sets, and whether the element has an end."""
    text = "".join(w.rules("list", "set", "inet", "otk", name) for name in ("sessions4", "sessions6"))
    return {int(port): bool(end) for port, end in re.findall(r" \. (\d+) \. [0-9a-f.:]+ \. \d+( timeout)?", text)}


def ports_of(pairs):
    return {pair.near.getsockname()[1] for pair in pairs.values()}


@suite.case("those that are older than the guard live, whatever listened, and `guard show` counts them")
def older(w):
    all_alive(w.older)
    count = len(w.older) + len(w.silent)
    assert json.loads(w.guard("show", "--json"))["sessions"] == count, w.guard("show")
    assert re.search(rf"sessions:\s+{count}\n", w.guard("show")), w.guard("show")


@suite.case("one that came through a door lives when it has closed, though the server never spoke")
def through_a_door(w):
    w.way.spend()
    made = {w.server.ipv4: Pair(w, w.listeners[w.server.ipv4], w.server.ipv4)}
    made["192.0.2.11"] = Pair(w, w.listeners["192.0.2.11"], "192.0.2.11")
    w.close_doors()
    assert not w.through(PORT)
    all_alive(made)
    for pair in made.values():
        pair.end()


@suite.case("all of them live on when the guard is armed anew, lost, or knockd dies and is started again")
def armed_anew(w):
    pairs = sessions_by_door(w)
    w.guard("off")
    w.arm()
    assert not w.through(PORT)
    for attack in ("flush ruleset", "delete table inet otk", "flush chain inet otk judge"):
        begin = w.daemon.log_size()
        w.script(attack + "\n")
        w.daemon.wait_for_log("the guard was lost and is back", begin)
    for pid in (w.daemon.process.pid, *w.daemon.children().values()):
        os.kill(pid, signal.SIGKILL)
    w.daemon.process.wait()
    assert pairs[w.server.ipv6].alive()
    w.guard("arm")
    w.daemon.start()
    w.settle()
    w.script("flush ruleset\n")
    w.wait_until_shut(PORT)
    for each in (pairs, w.older, w.silent):
        all_alive(each)


def sessions_by_door(w):
    """To all listeners, and the doors have closed again."""
    w.way.spend()
    w.way.spend(lambda value: w.knock_udp(value, 6))
    made = sessions(w)
    w.close_doors()
    return made


@suite.case("a port that is guarded later: its sessions live, too")
def guarded_later(w):
    w.access("--open", f"{MORE}/tcp", "--hold", "1h")
    w.wait_until_shut(MORE)
    assert w.of_all_older.alive()


@suite.case("who is not in always_allow any more keeps the sessions that he has")
def allowed_no_more(w):
    def allow(networks):
        w.installation.configure({"firewall": {"mode": "guard", "always_allow": networks}})
        w.daemon.process.send_signal(signal.SIGHUP)

    allow(["192.0.2.0/24"])
    w.wait_until_through(PORT)
    pair = Pair(w, w.listeners[w.server.ipv4], w.server.ipv4)
    allow([])
    w.wait_until_shut(PORT)
    assert pair.alive()
    all_alive(w.older)
    pair.end()


@suite.case("this host may itself make a connection from a guarded port")
def from_a_guarded_port(w):
    with w.client.socket(socket.AF_INET, socket.SOCK_STREAM) as there, w.server.socket(socket.AF_INET, socket.SOCK_STREAM) as here:
        there.bind((w.client.ipv4, 9000))
        there.listen()
        here.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        here.bind(("192.0.2.1", MORE + 1))
        w.access("--open", f"{MORE + 1}/tcp", "--hold", "1h")
        w.wait_until_shut(MORE + 1)
        here.settimeout(wait.DEADLINE)
        here.connect((w.client.ipv4, 9000))
        far, _ = there.accept()
        with far:
            assert guard.alive(far, here)


@suite.case("what others send is never noted, and what has ended is forgotten; what was noted by a segment is confirmed")
def forgotten(w):
    segments.hush(w.client)
    for port in range(segments.PORTS.start, segments.PORTS.start + 300):
        with segments.Stranger(w.client, w.client.ipv4, port, w.server.ipv4, PORT) as one:
            one.send(SYN)
            one.send(ACK, 1, 1)
    assert not w.through(PORT)
    assert not set(noted(w)) & set(segments.PORTS), noted(w)
    lives, ends = sessions_by_door(w), sessions_by_door(w)
    living, ended = ports_of(lives), ports_of(ends)
    assert living | ended <= set(noted(w)), noted(w)
    for pair in ends.values():
        pair.end()

    def settled():
        found = noted(w)
        return not ended & set(found) and not any(found[port] for port in living)

    wait.until(settled, lambda: f"of {ended} none, of {living} all without an end: {noted(w)}", 4 * wait.DEADLINE)
    all_alive(lives)


if __name__ == "__main__":
    suite.main()
