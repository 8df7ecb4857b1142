#!/usr/bin/python3
"""The same knock again: a duplicate within 60 s, contested from elsewhere, a replay later (DESIGN 4 step 2)."""

import json

from otk_e2e import chain, dns, packets, tap, world
from otk_e2e.installation import ZONE

suite = tap.Suite(world.World)


def by_dns(w, value, host=None, named=""):
    dns.ask(host or w.client, w.server.ipv4, dns.question(f"{chain.base32(value)}{named}.{ZONE}"))


@suite.case("ping -c 3 sends the knock three times, and the command runs once")
def ping_three(w):
    right = w.right()
    words = ("ping", "-c", "3", "-i", "0.2", "-W", "1", "-p")
    right.expect_one_run(lambda value: w.client.run(*words, value.hex(), w.server.ipv4))
    assert not right.rows("replay") and not right.rows("contested"), right.rows()


@suite.case("the same knock by udp, icmp and dns, over IPv4 and IPv6, runs once and leaves one row")
def all_carriers(w):
    right = w.right()

    def send(value):
        for family in (4, 6):
            w.knock_udp(value, family)
            w.knock_udp(value.hex().encode(), family)
            packets.send_echo(w.client, w.server.address(family), value)
        by_dns(w, value)

    right.expect_one_run(send)
    accepted = [row for row in right.rows("accepted") if row["number"] == right.chain.count]
    assert len(accepted) == 1 and accepted[0]["carrier"] == "udp", accepted
    assert not right.rows("contested"), "another family or a resolver is no contest"


@suite.case("from a second host within the minute: one contested event with both sources, one run")
def contested(w):
    other = w.network.host("other")
    right = w.right()

    def send(value):
        w.knock_udp(value)
        for _ in range(5):
            w.knock_udp(value, host=other)
            packets.send_echo(other, w.server.ipv4, value)

    right.expect_one_run(send)
    (row,) = right.rows("contested")
    told = json.dumps(row)
    assert other.ipv4 in told, told
    (accepted,) = [row for row in right.rows("accepted") if row["number"] == right.chain.count]
    assert accepted["source"] == w.client.ipv4, accepted


@suite.case("with another named address: contested, also over dns, where another source is not")
def contested_address(w):
    right = w.right("--address", "named", tokens=("{address}",))
    other = w.network.host("other")

    def only_source(value):
        by_dns(w, value, named="-203-0-113-9")
        by_dns(w, value, other, "-203-0-113-9")

    assert right.expect_one_run(only_source) == "203.0.113.9"
    assert not right.rows("contested"), "a second resolver is ordinary"

    def other_address(value):
        by_dns(w, value, named="-203-0-113-9")
        by_dns(w, value, named="-203-0-113-66")

    assert right.expect_one_run(other_address) == "203.0.113.9"
    assert len(right.rows("contested")) == 1, right.rows()


@suite.case("later than a minute it is a replay: one row for the day, the others counted, no run")
def replay(w):
    right = w.right()
    right.expect_one_run(w.knock_udp)
    spent = right.chain.current
    runs = len(right.runs())
    w.clock.advance(61)
    for _ in range(20):
        w.knock_udp(spent)
        packets.send_echo(w.client, w.server.ipv4, spent)
        w.settle()
        w.clock.advance(5)  # capture reports a value that is repeated only once a second
    assert len(right.runs()) == runs, "a replayed knock was executed"
    assert len(right.rows("replay")) == 1, right.rows("replay")
    w.clock.advance(24 * 3600)
    w.knock_udp(spent)
    w.settle()
    assert len(right.rows("replay")) == 2, "the first of the next day has a row again"
    assert len(right.runs()) == runs


@suite.case("a series that goes on without a pause stays a series of duplicates")
def series(w):
    right = w.right()
    right.expect_one_run(w.knock_udp)
    for _ in range(5):
        w.clock.advance(40)
        w.knock_udp(right.chain.current)
        w.settle()
    assert not right.rows("replay"), right.rows("replay")
    assert len(right.runs()) == 2, right.runs()


@suite.case("a restart forgets neither duplicates nor replays")
def restart(w):
    right = w.right()
    right.expect_one_run(w.knock_udp)
    w.daemon.restart()
    w.knock_udp(right.chain.current)
    w.settle()
    assert len(right.runs()) == 2 and not right.rows("replay"), right.rows()
    w.clock.advance(3600)
    w.daemon.restart()
    w.knock_udp(right.chain.current)
    w.settle()
    assert len(right.runs()) == 2, "executed again after a restart"
    assert len(right.rows("replay")) == 1, right.rows()


if __name__ == "__main__":
    suite.main()
