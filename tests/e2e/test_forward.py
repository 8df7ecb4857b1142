#!/usr/bin/python3
"""Forwarding doors made by a relay: one port, for one address, for a time, that the knock itself determines (DESIGN 6,
last paragraph)."""

import os
import pwd
import signal
import socket

from otk_e2e import tap, wait
from otk_e2e.daemon import is_running, status_of
from otk_e2e.doors import close, wait_for_none
from otk_e2e.forward import (CLOSED, Service, answer_to_syn, both_ways, connect, families, hear, joined, knock, make_world, port_of, relays,
                             say, tcp_socket)

suite = tap.Suite(make_world)
GIB = 1 << 30
TARGETS = {4: "127.0.0.1", 6: "::1"}


def access_to(w, service, *options, hold="1h"):
    return w.access("--forward", service.endpoint, "--hold", hold, options=options)


@families(suite, "the knock's own port leads to the target, for several connections within the hold")
def through(w, family):
    service = Service(w, 2200 + family, TARGETS[family])
    access = access_to(w, service)
    port = knock(w, access, family)
    assert port == port_of(access.chain.current), port
    with joined(w.client, w.server.address(family), port, service) as (near, far, source):
        assert source == TARGETS[family], source
        say(near, far)
        for _ in range(3):
            with joined(w.client, w.server.address(family), port, service) as (second, its_far, _):
                say(second, its_far)
        say(near, far)
    assert answer_to_syn(w.client, w.server.address(10 - family), port) == "reset", "the other family has no door"
    close(w, access)
    assert answer_to_syn(w.client, w.server.address(family), port) == "reset"


@families(suite, "strangers are unheard, before and after the user came, and use nothing up")
def strangers(w, family):
    service = Service(w, 2210 + family, TARGETS[family])
    access, stranger = access_to(w, service), w.network.host("other")
    address = w.server.address(family)
    port = knock(w, access, family)
    assert answer_to_syn(stranger, address, CLOSED) == "reset"
    for _ in range(20):
        assert answer_to_syn(stranger, address, port) == "nothing"
    with joined(w.client, address, port, service) as (near, far, _):
        assert answer_to_syn(stranger, address, port) == "nothing"
        say(near, far)
        assert stranger.address(family) not in w.server.run("ss", "-Htan"), "the server remembers the stranger"
    assert service.idle()
    close(w, access)


@families(suite, "a gibibyte each way at once arrives whole")
def gibibyte(w, family):
    service = Service(w, 2220 + family, TARGETS[family])
    access = access_to(w, service)
    port = knock(w, access, family)
    with joined(w.client, w.server.address(family), port, service) as (near, far, _):
        both_ways(near, far, GIB)
    close(w, access)


@families(suite, "a side that has said all still hears the other; a reset is a reset")
def half_closed(w, family):
    service = Service(w, 2230 + family, TARGETS[family])
    access, address = access_to(w, service), w.server.address(family)
    port = knock(w, access, family)
    with joined(w.client, address, port, service) as (near, far, _):
        near.sendall(b"question")
        near.shutdown(socket.SHUT_WR)
        hear(far, b"question")
        assert far.recv(1) == b"", "the end is passed on"
        answer = b"a long answer " * 100_000
        far.sendall(answer)
        far.shutdown(socket.SHUT_WR)
        hear(near, answer)
        assert near.recv(1) == b""
    with joined(w.client, address, port, service) as (near, far, _):
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        far.close()
        assert was_reset(near)
    close(w, access)


def was_reset(near):
    try:
        return near.recv(1) and False
    except ConnectionResetError:
        return True


@suite.case("a target that is down resets the user and is told in the journal; when it is back the door leads there")
def target_down(w):
    service = Service(w, 2240)
    access = access_to(w, service)
    port = knock(w, access)
    service.stop()
    with connect(w.client, w.server.ipv4, port) as near:
        assert was_reset(near)
    w.daemon.wait_for_log(f"cannot connect to {service.endpoint}: Connection refused")
    service.start()
    with joined(w.client, w.server.ipv4, port, service) as (near, far, _):
        say(near, far)
    close(w, access)


@suite.case("a port that somebody else has is passed over, and the ledger says which one it is")
def taken(w):
    service = Service(w, 2250)
    access = access_to(w, service)
    expected = port_of(access.chain.at(access.chain.count - 1))
    with tcp_socket(w.server, w.server.ipv4) as occupier:
        occupier.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # another test's connection may linger there
        occupier.bind(("0.0.0.0", expected))
        occupier.listen(1)
        port = knock(w, access)
        assert port == expected + 1, (port, expected)
        with joined(w.client, w.server.ipv4, port, service) as (near, far, _):
            say(near, far)
    close(w, access)


@suite.case("a connection lives on after the hold; the door does not, and the relay ends with the last connection")
def after_the_hold(w):
    service = Service(w, 2260)
    access = access_to(w, service, hold="2s")
    port = knock(w, access)
    with joined(w.client, w.server.ipv4, port, service) as (near, far, _):
        relay, = relays(w)
        wait.until(lambda: answer_to_syn(w.client, w.server.ipv4, port) == "reset", "the door closes")
        wait_for_none(w, access)
        say(near, far)
        assert is_running(relay)
    wait.until(lambda: service.drop_waiting() or not is_running(relay), "the relay ends")
    wait.until(lambda: access.rows("closed"), "the ledger has its end")


@suite.case("a connection lives on when knockd is killed; the door closes, and is open again at its port afterwards")
def killed(w):
    service = Service(w, 2270)
    access = access_to(w, service)
    port = knock(w, access)
    with joined(w.client, w.server.ipv4, port, service) as (near, far, _):
        w.daemon.kill()
        wait.until(lambda: answer_to_syn(w.client, w.server.ipv4, port) == "reset", "the door closes")
        say(near, far)
        w.daemon.start()
        wait.until(lambda: answer_to_syn(w.client, w.server.ipv4, port) == "SYN-ACK", "the door is open again")
        service.drop_waiting()  # what was tried just now
        with joined(w.client, w.server.ipv4, port, service) as (second, its_far, _):
            say(second, its_far)
        say(near, far)
    close(w, access)


@suite.case("a relay that is killed is told, and its door is gone from the list")
def relay_killed(w):
    service = Service(w, 2280)
    access = access_to(w, service)
    knock(w, access)
    begin = w.daemon.log_size()
    os.kill(w.daemon.helper("knockd-forward"), signal.SIGKILL)
    w.daemon.wait_for_log("knockd-forward ended with signal 9", begin)
    wait_for_none(w, access)


@suite.case("the relay is its own user, without capabilities, files or a way to other system calls")
def shape(w):
    service = Service(w, 2290)
    access = access_to(w, service)
    port = knock(w, access)
    with joined(w.client, w.server.ipv4, port, service):
        pid = w.daemon.helper("knockd-forward")
        status, account = status_of(pid), pwd.getpwnam("otk-forward")
        assert status["Uid"].split() == [str(account.pw_uid)] * 4, status["Uid"]
        assert status["Gid"].split() == [str(account.pw_gid)] * 4 and not set(status["Groups"].split()) - {str(account.pw_gid)}
        for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(status[capabilities], 16) == 0, (capabilities, status[capabilities])
        assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", status
        assert os.listdir(f"/proc/{pid}/root/") == []
        log = os.readlink(f"/proc/{w.daemon.process.pid}/fd/2")
        names = [os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")]
        others = [name for name in names if not name.startswith(("socket:", "pipe:", "anon_inode:", "/dev/null", log))]
        assert not others, others
    close(w, access)


if __name__ == "__main__":
    suite.main()
