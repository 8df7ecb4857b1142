#!/usr/bin/python3
"""Knocks by name: dig, host, nslookup and getent asking knockd itself (DESIGN 4)."""

from otk_e2e import chain, dns, tap, world
from otk_e2e.installation import ZONE

suite = tap.Suite(world.World)


def name(value):
    return f"{chain.base32(value).lower()}.{ZONE}"


def dig(w, question, *options, family=4):
    return w.client.run("dig", f"@{w.server.address(family)}", *options, question)


@suite.case("dig @server VALUE.ZONE over IPv4 and IPv6")
def dig_base32(w):
    right = w.right()
    for family in (4, 6):
        right.expect_one_run(lambda value, family=family: dig(w, name(value), family=family))


@suite.case("dig asking for TXT, AAAA, MX and ANY, with and without EDNS and cookie")
def dig_types(w):
    right = w.right()
    for options in (("-t", "TXT"), ("-t", "AAAA"), ("-t", "MX", "+noedns"), ("-t", "ANY", "+notcp", "+nocookie")):
        right.expect_one_run(lambda value, options=options: dig(w, name(value), *options))


@suite.case("host, which asks three times, knocks once")
def host(w):
    w.right().expect_one_run(lambda value: w.client.run("host", name(value), w.server.ipv4))


@suite.case("nslookup with a final dot")
def nslookup(w):
    right = w.right()
    for family in (4, 6):
        to = w.server.address(family)
        right.expect_one_run(lambda value, to=to: w.client.run("nslookup", name(value) + ".", to, codes=(0, 1)))


@suite.case("getent hosts, with the server as the system's name server")
def getent(w):
    asker = w.network.host("other")
    w.network.resolv_conf(asker, w.server.ipv4)
    w.right().expect_one_run(lambda value: asker.run("getent", "hosts", name(value), codes=(2,)))


@suite.case("the value in hex, and in any mixture of upper and lower case")
def forms(w):
    right = w.right()
    right.expect_one_run(lambda value: dig(w, f"{value.hex()}.{ZONE}"))
    right.expect_one_run(lambda value: dig(w, f"{value.hex().upper()}.{ZONE.upper()}"))
    right.expect_one_run(lambda value: dig(w, mixed(name(value))))


def mixed(text):
    """As resolvers do that guard against forged answers (dns0x20)."""
    return "".join(letter.upper() if place % 3 else letter for place, letter in enumerate(text))


@suite.case("base32 with 0 for O, 1 for I and 8 for B, as people misread it")
def misread(w):
    right = w.right()
    table = str.maketrans("OIB", "018")
    right.expect_one_run(lambda value: dig(w, f"{chain.base32(value).translate(table)}.{ZONE}"))


@suite.case("a 64-bit value in 13 characters")
def md5(w):
    w.right(algorithm="md5").expect_one_run(lambda value: dig(w, name(value)))


@suite.case("a value in two labels, under a further label or beside the zone is no knock")
def other_names(w):
    right = w.right()
    server = w.server.ipv4
    barrier = dns.question(f"nothing.{ZONE}")

    def ask(question):
        dns.answered(w.client, server, [dns.question(question)], barrier)

    right.expect_no_run(lambda value: ask(f"{value.hex()[:16]}.{value.hex()[16:]}.{ZONE}"))
    right.expect_no_run(lambda value: ask(f"{chain.base32(value)}.www.{ZONE}"))
    right.expect_no_run(lambda value: ask(f"{chain.base32(value)}.knock.example.com"))
    right.expect_no_run(lambda value: ask(f"{chain.base32(value)[:-1]}.{ZONE}"))
    right.expect_one_run(lambda value: ask(name(value)))


if __name__ == "__main__":
    suite.main()
