#!/usr/bin/python3
"""Knocks in echo requests: iputils' ping in every size that carries a value, nping, and other systems' ping by their
bytes (DESIGN 4)."""

import functools
import os
import socket

from otk_e2e import chain, packets, tap, world

suite = tap.Suite(world.World)


def ping(w, value, family=4, *options):
    """Nobody answers in a way that matters: the knock is the request."""
    program = "ping" if family == 4 else "ping6"
    w.client.run(program, "-c", "1", "-W", "1", *options, "-p", value.hex(), w.server.address(family), codes=(0, 1))


@suite.case("ping -c1 -p with 32 digits, default size, over IPv4")
def sha256_default(w):
    w.right().expect_one_run(lambda value: ping(w, value))


@suite.case("ping6 -c1 -p with 32 digits, default size, over IPv6")
def sha256_default_ipv6(w):
    w.right().expect_one_run(lambda value: ping(w, value, 6))


@suite.case("ping -s 32: the pattern stands once behind the time stamp")
def sha256_size_32(w):
    right = w.right()
    right.expect_one_run(lambda value: ping(w, value, 4, "-s", "32"))
    right.expect_one_run(lambda value: ping(w, value, 6, "-s", "32"))


@suite.case("ping -p with 16 digits of a md5 chain: default size, -s 8 and -s 24")
def md5_sizes(w):
    right = w.right(algorithm="md5")
    for size in ("56", "8", "24"):
        right.expect_one_run(lambda value, size=size: ping(w, value, 4, "-s", size))
        right.expect_one_run(lambda value, size=size: ping(w, value, 6, "-s", size))


@suite.case("ping -p with 16 digits of a sha1 chain: default size and -s 8")
def sha1_sizes(w):
    right = w.right(algorithm="sha1")
    right.expect_one_run(lambda value: ping(w, value))
    right.expect_one_run(lambda value: ping(w, value, 4, "-s", "8"))


@suite.case("ping -s 12 -p with 24 digits: a 64-bit value and the IPv4 address that it names")
def value_and_address(w):
    right = w.right("--address", "named", algorithm="md5", tokens=("{address}",))
    named = socket.inet_aton("203.0.113.9")
    given = right.expect_one_run(lambda value: ping(w, value + named, 4, "-s", "12"))
    assert given == "203.0.113.9", given


@suite.case("nping --icmp with the value as data")
def nping(w):
    right = w.right()

    def send(value):
        w.client.run("nping", "--icmp", "-c", "1", "--data", value.hex(), w.server.ipv4, codes=None)

    right.expect_one_run(send)


@suite.case("Ping.Send of .NET and PowerShell: 16 raw bytes and nothing else")
def powershell(w):
    right = w.right()
    for family in (4, 6):
        right.expect_one_run(lambda value, to=w.server.address(family): packets.send_echo(w.client, to, value))


@suite.case("BSD's ping: 8 bytes of time, then the pattern")
def bsd(w):
    right = w.right()
    for family in (4, 6):
        to = w.server.address(family)
        right.expect_one_run(lambda value, to=to: packets.send_echo(w.client, to, os.urandom(8) + value * 3))


@suite.case("an echo request that holds the value as text, with and without a line end")
def text(w):
    right = w.right()
    send = functools.partial(packets.send_echo, w.client, w.server.ipv4)
    right.expect_one_run(lambda value: send(value.hex().encode()))
    right.expect_one_run(lambda value: send(chain.base32(value).lower().encode() + b"\n"))


@suite.case("neither an echo reply nor a value at another place is a knock")
def elsewhere(w):
    right = w.right()

    def reply(value):
        message = b"\0" + packets.echo_message(4, value)[1:4] + b"\0" * 4 + value
        with w.client.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sender:
            sender.sendto(message, (w.server.ipv4, 0))

    right.expect_no_run(reply)
    right.expect_no_run(lambda value: packets.send_echo(w.client, w.server.ipv4, b"\x01" * 5 + value))


if __name__ == "__main__":
    suite.main()
