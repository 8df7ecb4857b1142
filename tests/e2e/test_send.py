#!/usr/bin/python3
"""knockgen send and a real knockd: every carrier, both families, with a key file; what the user is told; what opens."""

import contextlib
import json
import re

from otk_e2e import forward, resolver, tap, wait, world
from otk_e2e.installation import ZONE
from otk_e2e.network import run
from otk_e2e.sender import LENGTH, Noted, Sender, pings_allowed, with_capability

PORT = 8022
FIRST = LENGTH - 1
NAME = "server.test"  # has both families
RULESET = f"""
table inet filter {{
    set otk4 {{ type ipv4_addr . inet_proto . inet_service; flags timeout; }}
    set otk6 {{ type ipv6_addr . inet_proto . inet_service; flags timeout; }}
    chain input {{
        type filter hook input priority 0;
        ip saddr . ip protocol . tcp dport @otk4 accept
        ip6 saddr . ip6 nexthdr . tcp dport @otk6 accept
        tcp dport {PORT} drop
    }}
}}
"""
DNS = {"dns": {"zones": [ZONE]}}


def make_world(undo):
    w = world.World(undo, {"firewall": {"mode": "sets"}, **DNS}, start=False)
    w.server.run("nft", "-f", "-", stdin=RULESET)
    w.daemon.start()
    w.network.etc_hosts(w.client, f"{w.server.ipv4} {NAME}\n{w.server.ipv6} {NAME}\n")
    return w


suite = tap.Suite(make_world)


def both_families(title):
    def add(function):
        for family in (4, 6):
            suite.case(f"{title}, IPv{family}")(lambda w, family=family: function(w, family))
    return add


@both_families("udp: signed, three copies run the command once, for this machine's address")
def udp(w, family):
    sender = Noted(w, "{address}", "{carrier}", server=w.server.address(family))
    sender.expect_run(f"{w.client.address(family)} udp")
    sender.expect_run(f"{w.client.address(family)} udp", "--copies", "10")
    assert sender.next_number() == FIRST - 2


@suite.case("a name with both families: sent to both, run once, for the address of the family that was first; not contested")
def both(w):
    sender = Noted(w, "{address}", server=NAME)
    said = sender.send()
    assert w.server.ipv4 in said and w.server.ipv6 in said, said
    wait.until(sender.runs, "a run")
    w.settle()
    assert sender.runs() in ([w.client.ipv4], [w.client.ipv6]), sender.runs()
    assert not [row for row in sender.rows() if row["kind"] in ("contested", "replay", "refused")], sender.rows()


@both_families("icmp by an unprivileged ping socket")
def ping_socket(w, family):
    sender = Noted(w, "{address}", "{carrier}", server=w.server.address(family))
    sender.belongs_to("nobody")
    with pings_allowed(w.client, "0 2147483647"):
        sender.expect_run(f"{w.client.address(family)} icmp", "--via", "icmp", user="nobody")


@both_families("icmp by a raw socket: as root, and as anybody when setcap gave knockgen the capability")
def raw_socket(w, family):
    sender = Noted(w, "{address}", "{carrier}", server=w.server.address(family))
    with pings_allowed(w.client, "1 0"):
        sender.expect_run(f"{w.client.address(family)} icmp", "--via", "icmp")
        sender.belongs_to("nobody")
        sender.expect_run(f"{w.client.address(family)} icmp", "--via", "icmp", user="nobody", program=with_capability(w))


@suite.case("icmp with neither: the error names both remedies, nothing is sent and no number is taken")
def no_pings(w):
    sender = Noted(w)
    sender.belongs_to("nobody")
    with pings_allowed(w.client, "1 0"):
        said = sender.send("--via", "icmp", code=1, user="nobody")
    for remedy in ("ping_group_range", "cap_net_raw", "--via"):
        assert remedy in said, said
    w.settle()
    assert not sender.rows()


@suite.case("dns through a resolver that minimises names strictly; the server's confirmation is shown")
def through_resolver(w):
    with contextlib.ExitStack() as undo:
        host = w.network.host("resolver")
        resolver.start_unbound(w, undo, host, resolver.minimisation("strictly") + resolver.stub_zone(w))
        sender = Noted(w, "{carrier}")
        said = sender.expect_run("dns", "--via", "dns", "--resolver", host.ipv4)
        assert "the server says: done 0" in said, said
        w.network.resolv_conf(w.client, host.ipv4)
        said = sender.expect_run("dns", "--via", "dns")
        assert "the server says: done 0" in said, said


@both_families("dns straight to the server")
def direct(w, family):
    sender = Noted(w, "{carrier}", server=w.server.address(family))
    said = sender.expect_run("dns", "--via", "dns", "--resolver", "direct")
    assert "the server says: done 0" in said, said


@suite.case("dns with an address that the knock names, where the right has --address named")
def dns_address(w):
    sender = Noted(w, "{address}", of_grant=["--address", "named"])
    sender.expect_run(w.client.ipv4, "--via", "dns", "--resolver", "direct")
    sender.expect_run("203.0.113.9", "--via", "dns", "--resolver", "direct", "--address", "203.0.113.9")


@suite.case("a private address towards a public server: nothing is sent and no number taken, unless an address is said")
def behind_a_router(w):
    sender = Noted(w, "{address}", of_grant=["--address", "named"])
    route = (f"{w.server.ipv4}/32", "dev", "eth0", "src", "10.1.2.3")
    run(["ip", "-n", w.client.netns, "address", "add", "10.1.2.3/32", "dev", "eth0"])
    run(["ip", "-n", w.client.netns, "route", "add", *route])
    try:
        said = sender.send(code=1)
        assert "10.1.2.3" in said and "Nothing was sent" in said and "--address ADDRESS" in said, said
        assert sender.next_number() == FIRST
        sender.expect_run("203.0.113.9", "--address", "203.0.113.9")
    finally:
        run(["ip", "-n", w.client.netns, "route", "delete", *route])
        run(["ip", "-n", w.client.netns, "address", "delete", "10.1.2.3/32", "dev", "eth0"])


@suite.case("an argument reaches the command; one that its pattern does not allow is refused, and shown over dns")
def argument(w):
    sender = Noted(w, "{argument}", of_command=["--argument", "on|off"])
    sender.expect_run("off", "--argument", "off")
    said = sender.send("--argument", "explode", "--via", "dns", "--resolver", "direct", code=1)
    assert "refused argument not allowed" in said and f"knock {FIRST - 1} is spent" in said, said
    assert sender.runs() == ["off"]


@suite.case("the same number again, by another way, when the first copies got lost")
def again(w):
    sender = Noted(w, "{count}")
    number = sender.next_number()
    with rules(w.network.switch, "bridge", "forward"):
        said = sender.send("--via", "udp")
    assert f"--number {number} --key {sender.key} --via udp\n" in said, said
    w.settle()
    assert not sender.rows()
    with pings_allowed(w.client, "0 2147483647"):
        sender.expect_run(f"{number}", "--number", number, "--via", "icmp")
    sender.expect_run(f"{number - 1}")


@contextlib.contextmanager
def rules(netns, family, hook):
    """Packets to the knock port are dropped there, and nobody tells their sender."""
    run(["ip", "netns", "exec", netns, "nft", f"add table {family} lose; add chain {family} lose each "
         f"{{ type filter hook {hook} priority 0; }}; add rule {family} lose each udp dport 62201 drop"])
    try:
        yield
    finally:
        run(["ip", "netns", "exec", netns, "nft", f"delete table {family} lose"])


@suite.case("a firewall of one's own lets nothing out: said at once, and the number is still good")
def kept_in(w):
    sender = Noted(w, "{count}")
    with rules(w.client.netns, "inet", "output"):
        said = sender.send(code=1)
    assert f"knock {FIRST} could not be sent and is still good" in said and "not permitted" in said, said
    sender.expect_run(f"{FIRST}", "--number", FIRST)


@suite.case("plain: the bare value where the grant has --plain; a chain without a key is never signed")
def plain(w):
    sender = Noted(w, "{address}", of_grant=["--plain"])
    sender.expect_run(w.client.ipv4, "--plain")
    sender.expect_run(w.client.ipv4)
    sender = Noted(w, "{address}", plain_token=True)
    sender.expect_run(w.client.ipv4)


@suite.case("without a clock: refused and spent, unless the right has --no-clock")
def no_clock(w):
    sender = Noted(w)
    said = sender.send("--no-clock", "--via", "dns", "--resolver", "direct", code=1)
    assert "refused time missing" in said, said
    sender = Noted(w, "{count}", of_grant=["--no-clock"])
    sender.expect_run(f"{FIRST}", "--no-clock")


def expect_shut(w, address, port):
    with forward.tcp_socket(w.client, address) as made:
        made.settimeout(0.3)
        with contextlib.suppress(OSError):
            made.connect((address, port))
            raise AssertionError(f"port {port} is open already")


@both_families("--wait with an open command: shut before, open after, and the service answers")
def wait_open(w, family):
    address = w.server.address(family)
    forward.Service(w, PORT, address)
    sender = Sender(w, ["--open", f"{PORT}/tcp", "--hold", "60s"], server=address)
    expect_shut(w, address, PORT)
    said = sender.send("--wait")
    assert f"open: port {PORT} at {address} answers" in said, said
    with forward.connect(w.client, address, PORT):
        pass
    said = sender.send("--wait")
    assert f"open already before the knock: port {PORT} at {address} answered; this does not show" in said, said
    w.installation.knockmgr("doors", "close", sender.user, "--yes")


@suite.case("--wait with a door whose port the knock determines")
def wait_forward(w):
    service = forward.Service(w, 8023)
    sender = Sender(w, ["--forward", service.endpoint, "--hold", "60s"])
    for _ in range(2):
        said = json.loads(re.search(r"^\{.*^\}", sender.send("--wait", "--json"), re.DOTALL | re.MULTILINE).group())
        assert said["open"] and forward.LOW <= said["port"] <= forward.HIGH, said
        wait.until(lambda: not service.idle(), "knockgen's own connection has come through the relay")
        service.drop_waiting()
        with forward.joined(w.client, w.server.ipv4, said["port"], service) as (near, far, _):
            forward.say(near, far)


@suite.case("without --wait the port of a forwarding door is said, too")
def forward_port_said(w):
    service = forward.Service(w, 8026)
    sender = Sender(w, ["--forward", service.endpoint, "--hold", "60s"])
    port = int(re.search(r"^the way in is port (\d+), or one of the next eight", sender.send(), re.MULTILINE).group(1))

    def opened():
        return f" {port}/tcp -> " in w.installation.knockmgr("doors")

    wait.until(opened, lambda: f"port {port} is open: {w.installation.knockmgr('doors')}")


@suite.case("--wait by dns: the port is the one that the server says")
def wait_by_dns(w):
    service = forward.Service(w, 8024)
    sender = Sender(w, ["--forward", service.endpoint, "--hold", "60s"], of_grant=["--address", "named"])
    said = sender.send("--wait", "--via", "dns", "--resolver", "direct")
    port = re.search(r"the server says: open (\d+) ", said).group(1)
    assert f"open: port {port} at {w.server.ipv4} answers" in said, said


@suite.case("--wait by dns when the port that the knock determines is taken: the server says which one it opened")
def wait_taken(w):
    service = forward.Service(w, 8025)
    sender = Sender(w, ["--forward", service.endpoint, "--hold", "60s"], of_grant=["--address", "named"])
    value = sender.knockgen("list", "--key", sender.key, "--from", FIRST, "--count", 1).split()[1]
    taken = forward.port_of(bytes.fromhex(value))
    forward.Service(w, taken, w.server.ipv4)
    said = sender.send("--wait", "--via", "dns", "--resolver", "direct")
    port = int(re.search(r"open: port (\d+) at", said).group(1))
    assert port != taken and f"the server says: open {port} " in said, (taken, said)


@suite.case("--wait in vain: exit code 1, and what to try next")
def wait_in_vain(w):
    sender = Noted(w)
    said = sender.send(f"--wait={PORT + 1}", code=1)
    assert f"port {PORT + 1} did not answer" in said and f"--number {FIRST}" in said, said


if __name__ == "__main__":
    suite.main()
