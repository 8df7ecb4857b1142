#!/usr/bin/python3
"""Dynamic mode under attack: tampered, replayed, forged, sent to the wrong server, at the wrong time, from the wrong
place. Nothing is opened, and what cost the user nothing to send costs him no knock (DESIGN 6)."""

import json
import os
import socket
import time

from otk_e2e import dynamic, packets, tap, wait
from otk_e2e.cable import OUT, Cable
from otk_e2e.client import Client
from otk_e2e.clock import TestClock
from otk_e2e.dynamic import (BOX_AT, KEY_AT, OPEN, OVER, REQUEST_SIZE, WAITING, Conversation, SignedChain, access_to,
                             expect_outcomes, known, outcomes, talk)
from otk_e2e.forward import answer_to_syn

TARGET = "127.0.0.1:22"  # nobody needs to listen there


def make_world(undo):
    w = dynamic.make_world(undo)
    w.cable = Cable(w, "client")
    return w


suite = tap.Suite(make_world)


def counters(w):
    """When all that is in the ledger is in them, too: they are told once a second."""
    def settled():
        kinds = [row["kind"] for row in w.installation.log()]
        now = json.loads(w.installation.knockmgr("status", "--json"))["daemon"]["counters"]
        spent = sum(kind in ("accepted", "refused") for kind in kinds)
        return now if (now["spent"], now["not_signed"]) == (spent, kinds.count("not signed")) else None

    return wait.until(settled, "the counters are those of the ledger")


def not_signed(access):
    return [row["refusal"] for row in access.rows("not signed")]


def barrier(w, access):
    """All that was sent before has been judged: a request of the same user, sent later, is accepted; it is given up."""
    return talk(w, access).begin()


@suite.case("a bit changed in any of P1's bytes: never accepted, and the value stays good for the true one")
def tampered(w):
    access = known(w, access_to(w, TARGET))
    positions = list(range(REQUEST_SIZE))
    attempts = 7  # the eighth spends the value
    while positions:
        talked = talk(w, access)
        group, positions = positions[:attempts], positions[attempts:]
        for position in group:
            changed = bytearray(talked.request.packet)
            changed[position] ^= 1 << position % 8
            talked.send(bytes(changed))
        assert talked.begin().status == WAITING
    accepted, refusals = len(access.rows("accepted")), not_signed(access)
    assert accepted == -(-REQUEST_SIZE // attempts) and not access.rows("refused"), (accepted, refusals)
    assert len(refusals) == REQUEST_SIZE - KEY_AT, "in value and type it is noise, in key and box an attempt that is written down"
    assert set(refusals) == {"server key unknown"}, set(refusals)


@suite.case("cut, lengthened and joined to another: never accepted, and nothing is written down")
def spliced(w):
    access = known(w, access_to(w, TARGET))
    first, second = talk(w, access), talk(w, access)
    for size in (0, 1, 16, KEY_AT, BOX_AT, REQUEST_SIZE - 1):
        first.send(first.request.packet[:size])
    first.send(first.request.packet + b"\0")
    assert second.begin().status == WAITING
    assert [row["number"] for row in access.rows("accepted")] == [98], access.rows()
    refused = [row for row in access.rows() if row["kind"] not in ("accepted", "not signed", "late")]
    assert not refused, refused


@suite.case("pieces of two true requests put together: not accepted")
def recombined(w):
    access = known(w, access_to(w, TARGET))
    value = access.chain.next()
    one, two = (dynamic.Request(access.server, access.chain, value, address=w.client.ipv4) for _ in range(2))
    talked = Conversation(w, one)
    for parts in ((one.packet[:KEY_AT], two.packet[KEY_AT:BOX_AT], one.packet[BOX_AT:]),
                  (one.packet[:BOX_AT], two.packet[BOX_AT:])):
        talked.send(b"".join(parts))
    assert talked.begin().status == WAITING
    assert not_signed(access) == ["server key unknown"] * 2, not_signed(access)


@suite.case("signed by another key, for another command, address or server: not accepted, at most 8 checks, the 8th spends")
def wrongly_signed(w):
    access = known(w, access_to(w, TARGET))
    value, before = access.chain.next(), counters(w)
    mallory = SignedChain()
    other = dynamic.Server("x " + " ".join(f"{key}={text}" for key, text in {
        **access.server.fields, "server": os.urandom(16).hex()}.items()))
    wrong_command = dynamic.Server("x " + " ".join(f"{key}={text}" for key, text in {
        **access.server.fields, "command": "reboot"}.items()))
    forged = [(access.server, mallory), (other, access.chain), (wrong_command, access.chain)] * 3
    for server, signer in forged:
        bad = Conversation(w, dynamic.Request(server, signer, value, address=w.client.ipv4))
        bad.send(bad.request.packet)
    wait.until(lambda: access.rows("refused"), "the eighth attempt spends the value")
    assert not_signed(access) == ["signature wrong"] * 7, not_signed(access)
    true = Conversation(w, dynamic.Request(access.server, access.chain, value, address=w.client.ipv4))
    true.send(true.request.packet)
    barrier(w, access)
    assert not [row for row in access.rows("accepted") if row["number"] == 99], access.rows()
    after = counters(w)
    assert after["signature_checks"] - before["signature_checks"] == 9, after  # eight for it, one for the barrier's
    assert after["exchanges"] - before["exchanges"] == 9, after


@suite.case("a flood of well-formed requests with wrong values reaches neither X25519 nor a signature check")
def starvation(w):
    access = access_to(w, TARGET)
    barrier(w, access)
    before = counters(w)
    talked = talk(w, access)
    with w.network.host("other").socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker:
        for _ in range(5000):
            attacker.sendto(os.urandom(16) + talked.request.packet[16:], (w.server.ipv4, dynamic.PORT))
    assert talked.begin().status == WAITING

    def counted():
        now = counters(w)
        return now if now["noise"] >= before["noise"] + 5000 - now["packets_lost"] else None

    after = wait.until(counted, "the flood is counted as noise")
    for what in ("exchanges", "signature_checks", "spent"):
        assert after[what] - before[what] == 1, (what, before, after)
    assert len(access.rows("accepted")) == 2 and not not_signed(access)


@suite.case("P1 that was caught and sent from elsewhere first: the address under the signature is not its source, so it is refused")
def caught(w):
    access, stranger = known(w, access_to(w, TARGET)), w.network.host("other")
    talked = talk(w, access)
    packets.send_udp(stranger, w.server.ipv4, talked.request.packet)
    wait.until(lambda: outcomes(access), "it is judged")
    assert outcomes(access) == ["address not allowed"], outcomes(access)


@suite.case("the same passphrase on two servers: what was made for one is worth nothing at the other, and costs nothing there")
def cross_server(w):
    access = access_to(w, TARGET)
    second = dynamic.SecondServer(w)
    there = known(second, second.take_over(access, TARGET))
    value = access.chain.next()
    for_first = dynamic.Request(access.server, access.chain, value, address=w.client.ipv4)
    stray = Conversation(second, for_first)
    stray.send(for_first.packet)
    wait.until(lambda: not_signed(there), "the other server writes it down")
    assert not_signed(there) == ["server key unknown"] and not there.rows("accepted"), there.rows()
    for_second = dynamic.Request(there.server, access.chain, value, address=w.client.ipv4)
    assert Conversation(second, for_second).go_through().status == OPEN
    assert Conversation(w, for_first).go_through().status == OPEN
    expect_outcomes(access, ["opened"])
    expect_outcomes(there, ["opened"])


@suite.case("a client whose clock is off by more than a minute is refused, and told; within it, it gets in")
def wrong_clock(w):
    for seconds in (-600, -90, 90, 600):
        access = access_to(w, TARGET)
        user = at_other_time(w, Client(w, access), seconds)
        said = user.dynamic(code=1)
        assert "refused knock 99 by its rules" in said, said
        assert outcomes(access) == ["clock differs"], outcomes(access)
    for seconds in (-40, 40):
        access = access_to(w, TARGET)
        assert at_other_time(w, Client(w, access), seconds).door()["number"] == 99
        expect_outcomes(access, ["opened"])


def at_other_time(w, user, seconds):
    directory = os.path.join(w.installation.directory, f"clock-of-{user.name}")
    os.mkdir(directory)
    clock = TestClock(w.undo, directory, w.installation.programs["test-clock"])
    clock.set_by(seconds)
    user.environment.update(clock.environment)
    return user


@suite.case("a client without a clock: refused, unless the right says --no-clock")
def no_clock(w):
    access = access_to(w, TARGET)
    assert "refused knock 99" in Client(w, access).dynamic("--no-clock", code=1)
    assert outcomes(access) == ["time missing"], outcomes(access)
    allowed = access_to(w, TARGET, "--no-clock")
    assert Client(w, allowed).door("--no-clock")["number"] == 99
    expect_outcomes(allowed, ["opened"])


@suite.case("P1 of knockgen changed on its way, each time: no answer, and the next knock gets in when the way is clear")
def changed_on_the_way(w):
    access = access_to(w, TARGET)
    user = Client(w, access)

    def rule(frame):
        if frame.direction == OUT and len(frame.payload()) == REQUEST_SIZE:
            frame.bytes[frame.payload_at() + BOX_AT] ^= 1
        return [0]

    with w.cable.follows(rule):
        said = user.dynamic("--timeout", "2s", code=1)
    assert "no answer from" in said, said
    assert not access.rows("accepted") and set(not_signed(access)) == {"server key unknown"}, access.rows()
    assert user.door()["number"] == 98
    expect_outcomes(access, ["opened"])


@suite.case("P1 again within a minute is a duplicate, later a replay; neither opens anything, nor begins it anew")
def replayed(w):
    access = access_to(w, TARGET, hold="8s")
    talked = talk(w, access)
    opened = talked.go_through()
    for _ in range(5):
        talked.send(talked.request.packet)
    talked.syns()
    assert talked.ask_until(OPEN).port == opened.port
    talked.ask_until(OVER)
    w.clock.advance(600)  # the last case: from now on the server's clock is not the clients'
    stranger = w.network.host("other")
    for host in (w.client, stranger):
        packets.send_udp(host, w.server.ipv4, talked.request.packet)
    talked.syns()
    wait.until(lambda: access.rows("replay"), "the replay is told")
    talk(w, access, at=int(time.time()) + 600).begin()
    assert answer_to_syn(w.client, w.server.ipv4, opened.port) == "reset"
    assert outcomes(access)[0] == "opened" and len(outcomes(access)) == 2, outcomes(access)


if __name__ == "__main__":
    suite.main()
