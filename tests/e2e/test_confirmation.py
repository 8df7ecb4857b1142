#!/usr/bin/python3
"""Who repeats the name of a knock within a minute and asks for TXT learns what became of it; nobody else learns that there
is an answer (DESIGN 4)."""

import contextlib
import re

from otk_e2e import chain, dns, resolver, tap, wait, world
from otk_e2e.installation import ZONE

suite = tap.Suite(world.World)


def label(value):
    return chain.base32(value).lower()


def text_of(w, name, kind="TXT", server=None, host=None):
    """What dig prints of the answer section: one line for each record, without the quotes of a text."""
    said = (host or w.client).run("dig", "+short", f"@{server or w.server.ipv4}", f"{name}.{ZONE}", kind)
    return [line.strip('"') for line in said.splitlines()]


def told(w, name, wanted, **how):
    """Asks until the answer is there: the command takes its time."""
    wait.until(lambda: text_of(w, name, **how) == [wanted], lambda: f"{wanted}; it is {text_of(w, name, **how)}")


def expect_nothing(w, name, kind="TXT", server=None):
    """As every name without data has it: NOERROR, and a SOA that nobody may keep."""
    answer = dns.ask(w.client, server or w.server.ipv4, dns.question(f"{name}.{ZONE}", kind))
    assert answer.code == 0 and not answer.answer and not answer.truncated, vars(answer)
    assert [record[1] for record in answer.authority] == [dns.TYPES["SOA"]] and answer.authority[0][3] == 0, vars(answer)
    return answer


@suite.case("a command that ended: done, with its exit code")
def done(w):
    for code in (0, 3, 255):
        right = w.right(script=f'echo run >> "$0"; exit {code}')
        value = right.chain.next()
        assert text_of(w, label(value), "A") == []
        told(w, label(value), f"done {code}")


@suite.case("a knock that is itself a question for TXT: no answer first, then what became of it")
def asked_by_txt(w):
    right = w.right()
    value = right.chain.next()
    expect_nothing(w, label(value))
    told(w, label(value), "done 0")
    w.settle()
    assert len(right.runs()) == 2, "to ask for the answer is no second knock"


@suite.case("a knock by any other carrier is asked for in the same way, over IPv4 and IPv6")
def other_carriers(w):
    right = w.right()
    value = right.chain.next()
    w.knock_udp(value)
    told(w, label(value), "done 0")
    told(w, label(value), "done 0", server=w.server.ipv6)
    told(w, label(value), "done 0", host=w.network.host("other"))


@suite.case("every form of the value that is a knock is an answer's name too")
def forms(w):
    for algorithm in ("sha256", "md5"):
        right = w.right(algorithm=algorithm)
        right.knock_until_it_runs()
        value = right.chain.current
        for name in (label(value), label(value).upper(), value.hex(), f"{label(value)}-203-0-113-9",
                     f"{label(value)}-20010db8000000000000000000000007"):
            told(w, name, "done 0")


@suite.case("a refusal names the rule")
def refused(w):
    right = w.right()
    w.installation.knockmgr("grant", "disable", right.user, right.command)
    w.right()  # in force by now
    value = right.chain.next()
    assert text_of(w, label(value), "A") == []
    told(w, label(value), "refused grant disabled")


@suite.case("the answer is one record for TXT and ANY, which nobody may keep, no longer than twice the question")
def record(w):
    right = w.right()
    value = right.chain.next()
    w.knock_udp(value)
    name = f"{label(value).upper()}.{ZONE}"
    told(w, label(value), "done 0")
    for kind in ("TXT", "ANY"):
        message = dns.question(name, kind)
        answer = dns.ask(w.client, w.server.ipv4, message)
        assert answer.answer == [(name, dns.TYPES["TXT"], 1, 0, b"\x06done 0")], answer.answer
        assert answer.authoritative and not answer.truncated and not answer.authority, vars(answer)
        assert answer.size <= 2 * len(message)
    other_class = dns.ask(w.client, w.server.ipv4, dns.question(name, "TXT", class_=3))
    assert other_class.code == 5 and not other_class.answer, vars(other_class)


@suite.case("every other type and every other name has no data, exactly as before")
def nobody_else(w):
    right = w.right()
    value = right.chain.next()
    before = {kind: expect_nothing(w, label(bytes(16)), kind) for kind in ("A", "AAAA", "TXT", "NS", "SOA")}
    w.knock_udp(value)
    told(w, label(value), "done 0")
    near = bytes([value[0] ^ 1]) + value[1:]
    names = {label(near), label(value)[::-1], label(bytes(16))}
    for name in names:
        answer = expect_nothing(w, name)
        assert answer.size - len(name) == before["TXT"].size - len(label(bytes(16))), "as long as for any name"
    for kind in ("A", "AAAA", "NS", "SOA"):
        assert expect_nothing(w, label(value), kind).size == before[kind].size, kind
    for name in (f"x.{label(value)}", f"{label(value)}.x"):
        expect_nothing(w, name)


@suite.case("a minute later it is forgotten")
def forgotten(w):
    right = w.right()
    value = right.chain.next()
    w.knock_udp(value)
    told(w, label(value), "done 0")
    w.clock.advance(61)
    expect_nothing(w, label(value))


@suite.case("a door: its port and the seconds that are left when the question is asked")
def door(w):
    access = w.access("--forward", "127.0.0.1:22", "--hold", "50s")
    access.spend()  # by udp: as long as the knock is not spent a question is a knock, too, and this one names no address
    value = access.chain.current
    (answer,) = wait.until(lambda: text_of(w, label(value)), "it is told")
    first = re.fullmatch(r"open (\d+) (\d+)s", answer)
    assert first and 61000 <= int(first[1]) <= 65534 and 0 < int(first[2]) <= 50, first
    w.clock.advance(20)
    (second,) = text_of(w, label(value))
    later = re.fullmatch(rf"open {first[1]} (\d+)s", second)
    assert later and 0 < int(later[1]) <= int(first[2]) - 20, (first[0], second)


@suite.case("through a recursive resolver")
def through_a_resolver(w):
    with contextlib.ExitStack() as undo:
        host = w.network.host("resolver")
        resolver.start_unbound(w, undo, host, resolver.minimisation("strictly") + resolver.stub_zone(w))
        right = w.right()
        right.knock_until_it_runs(lambda value: text_of(w, label(value), "A", server=host.ipv4))
        value = right.chain.current
        told(w, label(value), "done 0", server=host.ipv4)
        unknown = text_of(w, label(bytes(16)), server=host.ipv4)
        assert unknown == [], unknown


@suite.case("confirm = false: no data for anybody")
def turned_off(w):
    w.daemon.stop()
    w.installation.configure({**world.CONFIGURATION, "dns": {"zones": [ZONE], "confirm": False}})
    w.daemon.start()
    right = w.right()
    right.expect_one_run(w.knock_udp)
    value = right.chain.current
    w.settle()
    expect_nothing(w, label(value))


if __name__ == "__main__":
    suite.main()
