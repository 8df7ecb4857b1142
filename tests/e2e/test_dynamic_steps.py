#!/usr/bin/python3
"""The steps of dynamic mode behind P1: which SYNs count, which P2 is answered and with what, which P3 is heard (DESIGN 6)."""

import os
import struct

from otk_e2e import dynamic, tap, wait
from otk_e2e.cable import IN, OUT, Cable
from otk_e2e.client import Client
from otk_e2e.dynamic import ANSWER, OPEN, OVER, QUESTION, REFUSED, WAITING, access_to, expect_outcomes, outcomes, talk
from otk_e2e.forward import Service

TARGET = "127.0.0.1:22"  # nobody needs to listen there


def make_world(undo):
    w = dynamic.make_world(undo)
    w.cable = Cable(w, "client")
    return w


suite = tap.Suite(make_world)


def expect_waiting(w, access, talked):
    """Nothing is being opened for it either: what came later, from somebody else, has been opened by now."""
    talk(w, access_to(w, TARGET)).go_through()
    assert talked.ask().status == WAITING and outcomes(access)[-1] is None, access.rows()


@suite.case("P2 again, with an old counter, or forged with a high one: no answer, and the true next one is answered")
def questions(w):
    access = access_to(w, TARGET)
    talked = talk(w, access)
    talked.begin()
    second, third = talked.request.ask(counter=1000), talked.request.ask(counter=1001)
    talked.send(second)
    wait.until(lambda: [each for each in talked.answers() if each], "P2 is answered")
    head = talked.request.keys.id + bytes([QUESTION]) + struct.pack("!Q", 1 << 63)
    for packet in (second, second, talked.request.ask(counter=999), head + os.urandom(64), third[:-1] + b"\0", third[:-1]):
        talked.send(packet)
    talked.send(third)
    answers = wait.until(talked.answers, "the true one is answered")
    talked.request.ask(counter=1002)
    last = talked.ask()
    assert len(answers) == 1 and last.counter == answers[0].counter + 1, (answers, last)


@suite.case("P3 forged, changed, repeated and turned back: knockgen waits for the true one")
def answers(w):
    access = access_to(w, TARGET)
    user = Client(w, access)
    spoilt = []

    def rule(frame):
        payload = frame.payload()
        if frame.direction != IN or len(payload) != dynamic.MESSAGE_SIZE or payload[16] != ANSWER or len(spoilt) >= 6:
            return [0, 0.2]
        position = (0, 16, 20, 25, 26, 80)[len(spoilt)]  # id, type, counter, status, port, tag
        spoilt.append(position)
        frame.bytes[frame.payload_at() + position] ^= 1
        return [0]

    with w.cable.follows(rule):
        door = user.door()
    assert len(spoilt) == 6
    expect_outcomes(access, ["opened"])
    assert access.rows("accepted")[0]["outcome"].startswith(f"opened {door['port']}/tcp"), (door, access.rows())


@suite.case("sequence numbers rewritten on the way: no door, unless the right says --isn ignore")
def rewritten(w):
    def rule(frame):
        if frame.direction == OUT and frame.is_syn:
            frame.bytes[frame.at + 7] ^= 0x55
        return [0]

    strict, lenient = access_to(w, TARGET), access_to(w, TARGET, "--isn", "ignore")
    with w.cable.follows(rule):
        said = Client(w, strict).dynamic("--timeout", "2s", code=1)
        assert "not all of its three SYN segments reached it as declared" in said and "--isn ignore" in said, said
        assert Client(w, lenient).door()["number"] == 99
    wait.until(lambda: outcomes(strict) == ["no SYNs"], lambda: f"it ends: {outcomes(strict)}")


@suite.case("SYNs count from the right address, as declared, all three, after P1; in any order, and as often as they come")
def syns(w):
    service = Service(w, 2600)
    access = access_to(w, service.endpoint)
    talked, stranger = talk(w, access), w.network.host("other")
    talked.syns()  # before P1
    talked.begin()
    expect_waiting(w, access, talked)
    dynamic.send_syns(stranger, stranger.ipv4, w.server.ipv4, talked.request.syns)
    expect_waiting(w, access, talked)
    talked.syns(sequence_by=1)
    expect_waiting(w, access, talked)
    for _ in range(3):
        talked.syns(slice(1, 3))
    expect_waiting(w, access, talked)
    talked.syns(slice(0, 1))
    assert talked.ask_until(OPEN).port >= 61000
    expect_outcomes(access, ["opened"])


@suite.case("one request of a right is outstanding: a newer one takes its place, and the SYNs of the older open nothing")
def one_outstanding(w):
    access = access_to(w, TARGET)
    older, newer = talk(w, access), talk(w, access)
    assert older.begin().status == WAITING and newer.begin().status == WAITING
    older.syns()
    expect_waiting(w, access, newer)
    assert older.ask().status == OVER
    newer.syns()
    opened = newer.ask_until(OPEN)
    expect_outcomes(access, ["no SYNs", "opened"])
    assert talk(w, access).go_through().port != opened.port, "with an open door there may be another request"
    assert newer.ask().status == OPEN


@suite.case("the answers to P2 change with what becomes of the door: waiting, open, over")
def changing(w):
    access = access_to(w, TARGET, hold="8s")
    talked = talk(w, access)
    assert talked.begin().status == WAITING
    talked.syns()
    opened = talked.ask_until(OPEN)
    assert opened.port and opened.seconds <= 8 and opened.seen == w.client.ipv4, opened
    over = talked.ask_until(OVER)
    assert (over.port, over.seconds) == (0, 0) and over.counter > opened.counter, over
    refused = access_to(w, TARGET, "--from", "198.51.100.0/24")
    answer = talk(w, refused).begin()
    assert (answer.status, answer.port, answer.seconds) == (REFUSED, 0, 0), answer


if __name__ == "__main__":
    suite.main()
