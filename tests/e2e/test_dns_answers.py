#!/usr/bin/python3
"""What knockd's name server says, and to whom it says nothing (DESIGN 4)."""

import struct

from otk_e2e import chain, dns, tap, world
from otk_e2e.installation import ZONE

suite = tap.Suite(world.World)
BARRIER = dns.question(f"nothing.{ZONE}")


def soa_of(record):
    """Serial, refresh, retry, expire and minimum stand at the end of a SOA's data."""
    return struct.unpack("!IIIII", record[4][-20:])


def expect_no_data(answer):
    assert answer.response and answer.authoritative and answer.code == 0, vars(answer)
    assert not answer.answer, answer.answer
    (soa,) = answer.authority
    name, kind, class_, ttl, _ = soa
    assert (name.lower(), kind, class_, ttl) == (ZONE, dns.TYPES["SOA"], 1, 0), soa
    assert soa_of(soa)[4] == 0, "the negative TTL of RFC 2308 must be 0"


@suite.case("dig sees NOERROR, the aa flag, no answer and a SOA with TTL 0")
def dig(w):
    for family in (4, 6):
        said = w.client.run("dig", f"@{w.server.address(family)}", f"abc.{ZONE}")
        assert "status: NOERROR" in said and "ANSWER: 0, AUTHORITY: 1" in said, said
        flags = said.split(";; flags:", 1)[1].split(";", 1)[0].split()
        assert "aa" in flags and "qr" in flags and "ra" not in flags, flags
        soa = [line.split() for line in said.splitlines() if line.startswith(ZONE) and "\tSOA\t" in line]
        assert len(soa) == 1 and soa[0][1] == "0" and soa[0][-1] == "0", said


@suite.case("a knock gets the same answer as any other name: at first nothing tells them apart")
def knock_and_noise(w):
    right = w.right()
    knock = dns.ask(w.client, w.server.ipv4, dns.question(f"{chain.base32(right.chain.next())}.{ZONE}"))
    noise = dns.ask(w.client, w.server.ipv4, dns.question(f"{chain.base32(bytes(16))}.{ZONE}"))
    expect_no_data(knock)
    expect_no_data(noise)
    assert knock.size == noise.size
    right.wait_for_runs(2)


@suite.case("every type and a longer name: no data, never NXDOMAIN, the question echoed with its case")
def no_data(w):
    for kind in ("A", "AAAA", "TXT", "NS", "SOA"):
        for name in (f"AbC.{ZONE}", f"a.b.C.{ZONE.upper()}", f"_x.y.{ZONE}"):
            message = dns.question(name, kind)
            answer = dns.ask(w.client, w.server.ipv4, message)
            assert answer.id == struct.unpack("!H", message[:2])[0]
            assert answer.question == message[12:], (answer.question, message[12:])
            expect_no_data(answer)


@suite.case("the apex has SOA and NS, and the name of the server its address")
def apex(w):
    said = w.client.run("dig", "+noall", "+answer", f"@{w.server.ipv4}", ZONE, "SOA")
    assert len(said.splitlines()) == 1 and "\tSOA\t" in said, said
    said = w.client.run("dig", "+short", f"@{w.server.ipv4}", ZONE, "NS").split()
    assert said == [f"ns.{ZONE}."], said
    assert w.client.run("dig", "+short", f"@{w.server.ipv4}", f"ns.{ZONE}", "A").split() == [w.server.ipv4]
    assert w.client.run("dig", "+short", f"@{w.server.ipv6}", f"ns.{ZONE}", "AAAA").split() == [w.server.ipv6]


@suite.case("no answer is longer than twice its question")
def amplification(w):
    for name in (ZONE, f"x.{ZONE}", f"ns.{ZONE}", f"{'y' * 60}.{ZONE}"):
        for kind in dns.TYPES:
            message = dns.question(name, kind)
            answer = dns.ask(w.client, w.server.ipv4, message)
            assert answer.size <= 2 * len(message), (name, kind, answer.size, len(message))


@suite.case("silence for other zones, answers, and everything that is no question")
def silence(w):
    good = dns.wire_name(f"x.{ZONE}")
    messages = [
        dns.question("www.example.com"), dns.question("example.org"), dns.question("org"), dns.question("."),
        dns.question(f"x{ZONE}"), dns.question("knock.example.org.example.com"),
        dns.question(f"x.{ZONE}", response=True), dns.question(f"x.{ZONE}", opcode=4), dns.question(f"x.{ZONE}", opcode=5),
        dns.question(f"x.{ZONE}", questions=0), dns.question(f"x.{ZONE}", questions=2),
        dns.question(f"x.{ZONE}", questions=65535), dns.question("", wire=b"\xc0\x0c"),
        dns.question("", wire=b"\x01x\xc0\x0c"), dns.question("", wire=b"\x01x\xc0\x00"), dns.question("", wire=b"\x40" + b"x" * 64 + good),
        dns.question("", wire=b"\x80\x01" + good), dns.question("", wire=(b"\x3f" + b"y" * 63) * 4 + good),
        dns.question("", wire=b"\x3f" + b"z" * 10), dns.question("", wire=b"\x01x" + good[:-1]),
        dns.question(f"x.{ZONE}", tail=b"\0"), dns.question(f"x.{ZONE}", tail=b"more"), dns.question(f"x.{ZONE}")[:-1],
        dns.question(f"x.{ZONE}")[:12], dns.question(f"x.{ZONE}")[:11], b"\0", b"", b"\xff" * 512,
    ]
    for family in (4, 6):
        heard = dns.answered(w.client, w.server.address(family), messages, BARRIER)
        assert not heard, [message.hex() for message in heard]


@suite.case("labels with dots, zero bytes and every other byte are answered like other names, and knock nobody")
def odd_labels(w):
    right = w.right()
    zone = dns.wire_name(ZONE)
    value = right.chain.next()
    odd = [b"\x03a.b", b"\x01\0", b"\x02\xff\xfe", b"\x20" + value.hex().encode(), b"\x21" + value.hex().encode() + b"\0",
           b"\x21" + value.hex().encode() + b".", b"\x10" + value]
    for label in odd[:3] + odd[4:]:
        expect_no_data(dns.ask(w.client, w.server.ipv4, dns.question("", wire=label + zone)))
    w.settle()
    assert len(right.runs()) == 1, "an odd label was taken for a knock"
    dns.ask(w.client, w.server.ipv4, dns.question("", wire=odd[3] + zone))
    right.wait_for_runs(2)


@suite.case("class CHAOS under the zone is refused; it tells nothing about the program")
def other_class(w):
    answer = dns.ask(w.client, w.server.ipv4, dns.question(f"version.bind.{ZONE}", "TXT", class_=3))
    assert answer.code == 5 and not answer.answer, vars(answer)
    assert not dns.answered(w.client, w.server.ipv4, [dns.question("version.bind", "TXT", class_=3)], BARRIER)


if __name__ == "__main__":
    suite.main()
