#!/usr/bin/python3
"""Forwarding doors that are claimed: for the first sources that connect, for those who knock from elsewhere (DESIGN 6, last
paragraph)."""

import contextlib

from otk_e2e import packets, tap, wait
from otk_e2e.doors import close, doors
from otk_e2e.forward import Service, answer_to_syn, joined, knock, make_world, say

suite = tap.Suite(make_world)


def access_to(w, service, claims=1):
    return w.access("--forward", service.endpoint, "--hold", "1h", options=("--address", "claim", "--claims", claims))


def claims(w, access):
    return doors(w, access)[0]["claims"]


def wait_for_claims(w, access, expected):
    wait.until(lambda: claims(w, access) == expected, lambda: f"claimed by {expected}: {doors(w, access)}")


@suite.case("the first that connects has the door, wherever the knock came from; all others are unheard from then on")
def one(w):
    service, traveller, stranger = Service(w, 2300), w.network.host("other"), w.network.host("resolver")
    access = access_to(w, service)
    port = knock(w, access)  # from the client, who does not come in
    assert claims(w, access) == []
    with joined(traveller, w.server.ipv4, port, service) as (near, far, _):
        wait_for_claims(w, access, [traveller.ipv4])
        for host in (stranger, w.client):
            for family in (4, 6):
                assert answer_to_syn(host, w.server.address(family), port) == "nothing"
        assert answer_to_syn(traveller, w.server.ipv6, port) == "nothing", "another address is another source"
        with joined(traveller, w.server.ipv4, port, service) as (second, its_far, _):
            say(second, its_far)
        say(near, far)
    close(w, access)


@suite.case("as many as the grant says, of either family; the next is unheard, and those who have it still come in")
def several(w):
    service, second, third = Service(w, 2310), w.network.host("other"), w.network.host("resolver")
    access = access_to(w, service, claims=2)
    port = knock(w, access)
    with joined(w.client, w.server.ipv6, port, service) as (near, far, _):
        wait_for_claims(w, access, [w.client.ipv6])
        with joined(second, w.server.ipv4, port, service) as (other, its_far, _):
            wait_for_claims(w, access, [w.client.ipv6, second.ipv4])
            assert answer_to_syn(third, w.server.ipv4, port) == "nothing"
            assert answer_to_syn(w.client, w.server.ipv4, port) == "nothing"
            say(near, far)
            say(other, its_far)
        with joined(w.client, w.server.ipv6, port, service) as (again, its_far, _):
            say(again, its_far)
    close(w, access)


@suite.case("a restart does not give the door to anybody else, and leaves what is still to be claimed")
def restart(w):
    service, second, third = Service(w, 2320), w.network.host("other"), w.network.host("resolver")
    access = access_to(w, service, claims=2)
    port = knock(w, access)
    with joined(w.client, w.server.ipv4, port, service) as (near, far, _):
        wait_for_claims(w, access, [w.client.ipv4])
        w.daemon.kill()
        w.daemon.start()
        wait.until(lambda: answer_to_syn(w.client, w.server.ipv4, port) == "SYN-ACK", "the door is open again")
        say(near, far)
    service.drop_waiting()  # what was tried just now
    with joined(second, w.server.ipv4, port, service) as (near, far, _):
        wait_for_claims(w, access, [w.client.ipv4, second.ipv4])
        say(near, far)
    assert answer_to_syn(third, w.server.ipv4, port) == "nothing"
    w.daemon.restart()
    wait.until(lambda: answer_to_syn(w.client, w.server.ipv4, port) == "SYN-ACK", "the door is open once more")
    assert answer_to_syn(third, w.server.ipv4, port) == "nothing"
    close(w, access)


@suite.case("a SYN alone, from a source that does not exist, claims nothing")
def forged(w):
    service = Service(w, 2330)
    access = access_to(w, service)
    port = knock(w, access)
    nobody = "192.0.2.99"  # on no host: the kernel's answer arrives nowhere
    with contextlib.ExitStack() as undo:
        packets.Wire(undo, w.client, w.server).send(packets.IPV4, packets.syn(nobody, w.server.ipv4, port))
    wait.until(lambda: nobody in w.server.run("ss", "-Htan"), "the SYN is answered")
    assert claims(w, access) == []
    with joined(w.client, w.server.ipv4, port, service) as (near, far, _):
        say(near, far)
        wait_for_claims(w, access, [w.client.ipv4])
    close(w, access)


if __name__ == "__main__":
    suite.main()
