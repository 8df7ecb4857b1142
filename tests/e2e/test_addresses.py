#!/usr/bin/python3
"""Which address a command acts on: the packet's source, or the one that the knock names where the grant allows it."""

from otk_e2e import chain, tap, world
from otk_e2e.installation import ZONE

suite = tap.Suite(world.World)
NAMED4, NAMED6 = "203.0.113.9", "2001:db8:9::9"


def dig(w, label):
    w.client.run("dig", f"@{w.server.ipv4}", f"{label}.{ZONE}")


def expect_refused(right, refusal, knock):
    right.expect_no_run(knock)
    (row,) = right.rows("refused")
    assert refusal in row["refusal"], row


@suite.case("a knock that names no address means its source, over udp and icmp")
def source(w):
    right = w.right(tokens=("{address}",))
    for family in (4, 6):
        given = right.expect_one_run(lambda value, family=family: w.knock_udp(value, family))
        assert given == w.client.address(family), given
        words = ("ping", "-c1", "-W1", "-p")
        given = right.expect_one_run(lambda value, to=w.server.address(family): w.client.run(*words, value.hex(), to))
        assert given == w.client.address(family), given


@suite.case("VALUE ADDRESS over udp, with a grant that allows named addresses")
def named_udp(w):
    right = w.right("--address", "named", tokens=("{address}",))
    given = right.expect_one_run(lambda value: w.knock_udp(f"{chain.base32(value)} {NAMED4}\n".encode()))
    assert given == NAMED4, given
    given = right.expect_one_run(lambda value: w.knock_udp(f"{value.hex()} {NAMED6}".encode(), 6))
    assert given == NAMED6, given
    given = right.expect_one_run(w.knock_udp)
    assert given == w.client.ipv4, "named is allowed, not demanded"


@suite.case("BASE32-ADDRESS over dns, with a grant that allows named addresses")
def named_dns(w):
    right = w.right("--address", "named", tokens=("{address}",))
    given = right.expect_one_run(lambda value: dig(w, f"{chain.base32(value)}-{NAMED4.replace('.', '-')}"))
    assert given == NAMED4, given
    digits = "20010db8000900000000000000000009"
    given = right.expect_one_run(lambda value: dig(w, f"{chain.base32(value)}-{digits}"))
    assert given == NAMED6, given


@suite.case("a named address is refused where the grant does not allow it, and the knock is spent")
def not_allowed(w):
    right = w.right(tokens=("{address}",))
    expect_refused(right, "address not allowed", lambda value: w.knock_udp(f"{value.hex()} {NAMED4}".encode()))
    w.knock_udp(right.chain.current)
    w.settle()
    assert len(right.runs()) == 1, "a knock that was refused worked afterwards"


@suite.case("a named address outside the networks of the grant is refused, one inside is not")
def named_within(w):
    right = w.right("--address", "named", "--named-within", "203.0.113.0/24", tokens=("{address}",), warm=False)
    right.knock_until_it_runs(lambda value: w.knock_udp(f"{value.hex()} 203.0.113.1".encode()))
    given = right.expect_one_run(lambda value: w.knock_udp(f"{value.hex()} {NAMED4}".encode()))
    assert given == NAMED4, given
    expect_refused(right, "address not allowed", lambda value: w.knock_udp(f"{value.hex()} 198.51.100.9".encode()))


@suite.case("over dns a knock that names none is refused where the command uses an address")
def dns_without(w):
    right = w.right(tokens=("{address}",))
    expect_refused(right, "address missing", lambda value: dig(w, chain.base32(value)))


@suite.case("over dns --address source means the resolver's own address")
def dns_source(w):
    right = w.right("--address", "source", tokens=("{address}",))
    given = right.expect_one_run(lambda value: dig(w, chain.base32(value)))
    assert given == w.client.ipv4, given
    expect_refused(right, "address not allowed", lambda value: w.knock_udp(f"{value.hex()} {NAMED4}".encode()))


@suite.case("over dns a command without an address needs none")
def dns_no_use(w):
    w.right().expect_one_run(lambda value: dig(w, chain.base32(value)))


@suite.case("loopback, multicast and the unspecified address open nothing")
def unusable(w):
    right = w.right("--address", "named", tokens=("{address}",))
    for address in ("127.0.0.1", "224.0.0.1", "0.0.0.0", "255.255.255.255", "::1", "::", "ff02::1", "::ffff:127.0.0.1"):
        right.expect_no_run(lambda value, address=address: w.knock_udp(f"{value.hex()} {address}".encode()))


@suite.case("EDNS client subnet is never an address")
def client_subnet(w):
    right = w.right("--address", "named", tokens=("{address}",))
    ask = ("dig", f"@{w.server.ipv4}", f"+subnet={NAMED4}/32")
    right.expect_no_run(lambda value: w.client.run(*ask, f"{chain.base32(value)}.{ZONE}"))
    (row,) = right.rows("refused")
    assert "address missing" in row["refusal"], row


if __name__ == "__main__":
    suite.main()
