#!/usr/bin/python3
"""The guard beside what else is there: other tables, containers, connection tracking, udp, other hosts' traffic
(DESIGN 9, docs/guide-firewall.md)."""

import random
import shutil
import socket
import struct

from otk_e2e import guard, tap, wait
from otk_e2e.network import run

SSH, PUBLISHED, TALK = 2200, 8080, 5300
DROPS = """
table inet strict {
    chain input {
        type filter hook input priority 0; policy drop;
        iif lo accept
        ct state established,related accept
        icmp type echo-request accept
        tcp dport { 7777, %s } accept
    }
}
"""


def make_world(undo):
    w = guard.make_world(undo)
    w.stranger = w.network.host("resolver")
    w.server.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
    w.listen(SSH)
    w.ways = {port: w.access("--open", port, "--hold", "1h") for port in (f"{SSH}/tcp", f"{PUBLISHED}/tcp", f"{TALK}/udp")}
    w.arm()
    return w


suite = tap.Suite(make_world)


def knock(w, port):
    row = w.ways[port].spend()
    assert row["end"]["outcome"] == "opened", row


def close_all(w):
    w.installation.knockmgr("doors", "close", "--all", "--yes")


def flood(w, port, packets=20_000, seed=20_261_121):
    """SYN and ACK segments from that many made-up ports and addresses, all sent before it returns."""
    chance = random.Random(seed)
    destination = socket.inet_aton(w.server.ipv4)
    with w.client.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for number in range(packets):
            source = socket.inet_aton(f"192.0.2.{chance.randrange(100, 200)}")
            flags = 0x02 if number % 2 else 0x10
            tcp = struct.pack("!HHIIBBHHH", chance.randrange(1024, 65536), port, chance.getrandbits(32), 1, 5 << 4, flags, 1024, 0, 0)
            pseudo = source + destination + struct.pack("!BBH", 0, 6, len(tcp))
            total = sum(struct.unpack("!16H", pseudo + tcp))
            total = (total & 0xFFFF) + (total >> 16)
            total = (total & 0xFFFF) + (total >> 16)
            tcp = tcp[:16] + struct.pack("!H", ~total & 0xFFFF) + tcp[18:]
            raw.sendto(struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 64, 6, 0, source, destination) + tcp, (w.server.ipv4, 0))


@suite.case("the guard switches no connection tracking on, and a flood leaves no trace")
def no_tracking(w):
    flood(w, SSH)
    assert not w.through(SSH)
    knock(w, f"{SSH}/tcp")
    assert w.through(SSH)
    assert w.tracked() == 0, w.tracked()
    close_all(w)


@suite.case("connections to the guarded port from the host itself pass, and what the host sends to others")
def from_inside(w):
    assert w.through(SSH, w.server) and w.through(SSH, w.server, "127.0.0.1")
    w.listen(SSH, w.client)
    with guard.connection(w.server, w.client.ipv4, SSH):
        pass


@suite.case("beside a table whose policy is accept: the guard alone decides")
def beside_accept(w):
    w.script("table inet lax {\n chain input { type filter hook input priority 0; policy accept; }\n}\n")
    assert not w.through(SSH)
    knock(w, f"{SSH}/tcp")
    assert w.through(SSH)
    close_all(w)
    w.script("delete table inet lax\n")


@suite.case("beside a table whose policy is drop: it must let the port through, then the guard decides")
def beside_drop(w):
    w.script(DROPS % "9")
    knock(w, f"{SSH}/tcp")
    assert not w.through(SSH), "a drop is final, whatever another table accepts"
    w.script("delete table inet strict\n" + DROPS % SSH)
    assert w.through(SSH) and not w.through(SSH, w.stranger)
    made = guard.connection(w.client, w.server.ipv4, SSH)
    close_all(w)
    assert not w.through(SSH)
    made.sendall(b"word")
    made.close()
    w.script("delete table inet strict\n")


def container(w):
    """A container with a published port, as its engine does it: DNAT in prerouting, MASQUERADE in postrouting."""
    if shutil.which("iptables") is None:
        raise tap.Skip("the program iptables is missing")
    inside = w.network.host("other")
    run(["ip", "link", "add", "docker0", "netns", w.server.netns, "type", "veth", "peer", "name", "eth1", "netns", inside.netns])
    for host, device, address in ((w.server, "docker0", "172.17.0.1/16"), (inside, "eth1", "172.17.0.2/16")):
        host.run("ip", "link", "set", device, "up")
        host.run("ip", "address", "add", address, "dev", device)
    inside.run("ip", "link", "set", "eth0", "down")
    inside.run("ip", "route", "add", "default", "via", "172.17.0.1")
    nat = ["iptables", "-t", "nat"]
    w.server.run(*nat, "-N", "DOCKER")
    w.server.run(*nat, "-A", "PREROUTING", "-m", "addrtype", "--dst-type", "LOCAL", "-j", "DOCKER")
    w.server.run(*nat, "-A", "POSTROUTING", "-s", "172.17.0.0/16", "!", "-o", "docker0", "-j", "MASQUERADE")
    w.server.run(*nat, "-A", "DOCKER", "!", "-i", "docker0", "-p", "tcp", "--dport", PUBLISHED, "-j", "DNAT",
                 "--to-destination", "172.17.0.2:80")
    return w.listen(80, inside)


@suite.case("a container's published port is guarded like any other, and its connections live on")
def published(w):
    listener = container(w)
    wait.until(lambda: "ct status snat,dnat" in w.rules(), "the guard knows of the translation")
    assert not w.through(PUBLISHED)
    knock(w, f"{PUBLISHED}/tcp")
    w.wait_until_through(PUBLISHED)
    assert not w.through(PUBLISHED, w.stranger)
    listener.setblocking(False)
    guard.close_all_of(listener)  # those of the probes
    listener.setblocking(True)
    here = guard.connection(w.client, w.server.ipv4, PUBLISHED)
    there, _ = listener.accept()
    assert guard.alive(here, there)
    close_all(w)
    assert not w.through(PUBLISHED)
    assert guard.alive(here, there), "the connection through the door lives on"
    here.close()
    there.close()


@suite.case("traffic that only passes through this host to another one is not its guard's business")
def forwarded(w):
    w.client.run("ip", "route", "add", "172.17.0.0/16", "via", w.server.ipv4)
    inside = w.network.host("other")
    w.listen(SSH, inside)
    with guard.connection(w.client, "172.17.0.2", SSH):
        assert not w.through(SSH)


@suite.case("where connections are tracked for others a flood to a guarded port fills their table with nothing")
def tracking_by_others(w):
    before = w.tracked()
    flood(w, SSH)
    flood(w, PUBLISHED)
    assert not w.through(SSH)
    assert w.tracked() < before + 1_000, (before, w.tracked())
    flood(w, 9)
    assert not w.through(SSH)
    assert w.tracked() > before + 5_000, "tracking is on: a flood to another port shows"


@suite.case("udp: a door lets in, and an exchange goes on while the host answers; others stay out")
def udp(w):
    with w.server.socket(socket.AF_INET, socket.SOCK_DGRAM) as service, w.client.socket(socket.AF_INET, socket.SOCK_DGRAM) as user, \
            w.client.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        service.bind(("0.0.0.0", TALK))
        service.setblocking(False)

        def heard(sender):
            sender.sendto(b"talk", (w.server.ipv4, TALK))
            assert not w.through(PUBLISHED)  # by then it has arrived, if it is let in
            try:
                return service.recvfrom(16)[1]
            except BlockingIOError:
                return None

        assert heard(user) is None
        knock(w, f"{TALK}/udp")
        source = heard(user)
        assert source == (w.client.ipv4, user.getsockname()[1]), source
        service.sendto(b"answer", source)
        close_all(w)
        assert heard(user) == source, "the exchange goes on"
        assert heard(other) is None, "another port of the same address is not part of it"
        with w.stranger.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.bind(("0.0.0.0", 9999))
            assert heard(peer) is None
            service.sendto(b"question", (w.stranger.ipv4, 9999))
            assert heard(peer) == (w.stranger.ipv4, 9999), "who was asked by the host may answer"


if __name__ == "__main__":
    suite.main()
