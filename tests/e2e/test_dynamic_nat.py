#!/usr/bin/python3
"""Dynamic mode through a NAT: a client with a private address behind a router that masquerades, in a namespace of its own
(DESIGN 6)."""

import re

from otk_e2e import dynamic, tap, wait
from otk_e2e.client import Client, end_of
from otk_e2e.dynamic import access_to, outcomes
from otk_e2e.forward import Service, answer_to_syn, joined, say
from otk_e2e.network import Host, run

INNER, ROUTER = "10.9.0.2", "10.9.0.1"
ELSE = "192.0.2.5"  # a second address of the router

MASQUERADE = "table ip nat { chain post { type nat hook postrouting priority srcnat; oifname eth0 %s masquerade; }; }"


def make_world(undo):
    w = dynamic.make_world(undo)
    w.router = w.network.host("nat")
    w.inner = behind(w, w.router)
    masquerade(w)
    return w


def behind(w, router):
    """A host whose only way leads through the router."""
    inner = Host(f"{router.netns}-inner", 0)
    w.network.add_namespace(inner.netns)
    run(["ip", "link", "add", "eth0", "netns", inner.netns, "type", "veth", "peer", "name", "inside", "netns", router.netns])
    for host, interface, address in ((inner, "eth0", INNER), (router, "inside", ROUTER)):
        host.run("ip", "address", "add", f"{address}/24", "dev", interface)
        host.run("ip", "link", "set", interface, "up")
    inner.run("ip", "link", "set", "lo", "up")
    inner.run("ip", "route", "add", "default", "via", ROUTER)
    router.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1")
    router.run("ip", "address", "add", f"{ELSE}/24", "dev", "eth0")
    return inner


def masquerade(w, before=""):
    w.router.run("nft", "flush", "ruleset")
    w.router.run("nft", "-f", "-", stdin=MASQUERADE % before)


suite = tap.Suite(make_world)


@suite.case("with a right that takes the source: the door is for the NAT's address, and the client says what it saw")
def source(w):
    service = Service(w, 2700)
    access = access_to(w, service.endpoint, "--address", "source")
    user = Client(w, access, host=w.inner)
    door = user.door()
    assert (door["own_address"], door["seen_as"]) == (INNER, w.router.ipv4), door
    with joined(w.inner, w.server.ipv4, door["port"], service) as (near, far, _):
        say(near, far)
    assert answer_to_syn(w.network.host("other"), w.server.ipv4, door["port"]) == "nothing"
    assert access.rows("accepted")[0]["address"] == w.router.ipv4 and outcomes(access) == ["opened"]
    said = user.dynamic("--exec", "echo {port}")
    assert f"the server sees us as {w.router.ipv4}, not as {INNER}: a NAT is on the way" in said, said


@suite.case("with any other right it says, before a knock is taken, that the address would be refused and what to do")
def refused_beforehand(w):
    access = access_to(w, "127.0.0.1:22")
    user = Client(w, access, host=w.inner)
    said = user.dynamic(code=1)
    assert "no knock was used" in said and INNER in said and "--address source" in said, said
    assert user.next_number() == 99 and not access.rows("accepted")


@suite.case("a client that knows the NAT's address names it, and gets in with any right")
def named(w):
    service = Service(w, 2701)
    access = access_to(w, service.endpoint)
    door = Client(w, access, host=w.inner).door("--address", w.router.ipv4)
    with joined(w.inner, w.server.ipv4, door["port"], service) as (near, far, _):
        say(near, far)
    assert access.rows("accepted")[0]["named"] == w.router.ipv4


@suite.case("a client that insists on its private address is refused, and told of the NAT")
def insisting(w):
    access = access_to(w, "127.0.0.1:22")
    said = Client(w, access, host=w.inner).dynamic("--address", INNER, code=1)
    assert "refused knock 99 by its rules" in said and f"sees us as {w.router.ipv4}" in said, said
    assert outcomes(access) == ["address not allowed"]


@suite.case("ordinary connects through the NAT, without privilege")
def connects(w):
    access = access_to(w, "127.0.0.1:22", "--address", "source", "--isn", "ignore")
    door = Client(w, access, host=w.inner, user="nobody").door()
    assert door["seen_as"] == w.router.ipv4 and outcomes(access) == ["opened"]


@suite.case("a NAT that sends the SYNs from another address than the request: no door, and the end says so")
def two_addresses(w):
    access = access_to(w, "127.0.0.1:22", "--address", "source")
    masquerade(w, f"tcp flags syn / syn,ack snat to {ELSE}; oifname eth0")
    user = Client(w, access, host=w.inner)
    said = user.dynamic("--timeout", "2s", code=1)
    masquerade(w)
    assert "they come from another address than the request" in said, said
    wait.until(lambda: outcomes(access) == ["no SYNs"], lambda: f"it ends: {outcomes(access)}")
    assert user.door()["number"] == 98


@suite.case("two clients behind one NAT, with rights of their own, do not disturb each other")
def two_clients(w):
    users = [Client(w, access_to(w, "127.0.0.1:22", "--address", "source"), host=w.inner) for _ in range(2)]
    ends = [end_of(process) for process in [user.start("--json") for user in users]]
    assert [code for code, _ in ends] == [0, 0], ends
    ports = [re.search(r'"port":(\d+)', said)[1] for _, said in ends]
    assert ports[0] != ports[1], ports


if __name__ == "__main__":
    suite.main()
