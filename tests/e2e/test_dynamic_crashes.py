#!/usr/bin/python3
"""SIGKILL of capture, validate and all of knockd in the middle of a dynamic exchange: no value is spent twice, no door is
opened twice, the client's end is clear, and the next request gets in (DESIGN 4, 6)."""

import os
import signal

from otk_e2e import dynamic, tap, wait
from otk_e2e.cable import OUT, Cable
from otk_e2e.client import Client, end_of
from otk_e2e.doors import doors
from otk_e2e.dynamic import OPEN, WAITING, access_to, expect_outcomes, outcomes, talk

TARGET = "127.0.0.1:22"
HELPERS = ("knockd-capture", "knockd-validate")


def make_world(undo):
    w = dynamic.make_world(undo)
    w.cable = Cable(w, "client")
    return w


suite = tap.Suite(make_world)


def kill(w, name):
    """Returns when another one runs and is ready."""
    if name == "knockd":
        w.daemon.kill()
        w.daemon.start()
        return
    victim = w.daemon.helper(name)
    os.kill(victim, signal.SIGKILL)
    wait.until(lambda: w.daemon.children().get(name, victim) != victim, f"{name} is started again")


def expect_once(access):
    """No number was spent twice, and each accepted one has one end or none yet."""
    numbers = [row["number"] for row in access.rows() if row["kind"] in ("accepted", "refused")]
    assert len(numbers) == len(set(numbers)), numbers


def expect_next_gets_in(w, access):
    assert talk(w, access).go_through().status == OPEN
    expect_once(access)


@suite.case("capture killed between P1 and the SYNs: the new one looks for them, too, and the door opens")
def capture_before_syns(w):
    access = access_to(w, TARGET)
    talked = talk(w, access)
    assert talked.begin().status == WAITING
    kill(w, "knockd-capture")
    wait.until(lambda: talked.syns() or talked.ask().status == OPEN, "the SYNs, repeated, are seen by the new one")
    expect_outcomes(access, ["opened"])
    expect_next_gets_in(w, access)


@suite.case("capture killed while the door is open: P2 is answered afterwards, with the same port")
def capture_after_open(w):
    access = access_to(w, TARGET)
    talked = talk(w, access)
    opened = talked.go_through()
    kill(w, "knockd-capture")
    again = talked.ask()
    assert (again.status, again.port) == (OPEN, opened.port), (opened, again)
    expect_next_gets_in(w, access)


@suite.case("validate killed between P1 and the SYNs: the request is interrupted, its value stays spent, nothing opens")
def validate_before_syns(w):
    access = access_to(w, TARGET)
    talked = talk(w, access)
    talked.begin()
    kill(w, "knockd-validate")
    wait.until(lambda: outcomes(access) == ["interrupted"], lambda: f"its row ends: {outcomes(access)}")
    talked.send(talked.request.packet)
    talked.syns()
    expect_next_gets_in(w, access)
    expect_outcomes(access, ["interrupted", "opened"])


@suite.case("validate killed while the door is open: the door stays open until its time, nothing is opened again")
def validate_after_open(w):
    access = access_to(w, TARGET)
    talked = talk(w, access)
    opened = talked.go_through()
    kill(w, "knockd-validate")
    talked.send(talked.request.packet)
    talked.syns()
    expect_next_gets_in(w, access)
    expect_outcomes(access, ["opened"] * 2)
    listed = [door["port"] for door in doors(w, access)]
    assert len(listed) == 2 and f"{opened.port}/tcp" in listed, (listed, opened)


@suite.case("all of knockd killed between P1 and the SYNs, and started again: interrupted, and not opened")
def all_before_syns(w):
    access = access_to(w, TARGET)
    talked = talk(w, access)
    talked.begin()
    kill(w, "knockd")
    talked.send(talked.request.packet)
    talked.syns()
    wait.until(lambda: outcomes(access) == ["interrupted"], lambda: f"its row ends: {outcomes(access)}")
    expect_next_gets_in(w, access)


FEWEST_PACKETS = 5  # from the client: P1, three SYNs, P2


class KillAt:
    """Kills the process when the n-th packet of the exchange leaves the client, before it goes on."""

    def __init__(self, w, name, number):
        self._w, self._name, self._left = w, name, number
        self.done = False

    def __call__(self, frame):
        if frame.direction == OUT and (dynamic.PORT in frame.ports or frame.is_syn):
            self._left -= 1
            if self._left == 0:
                os.kill(self._w.daemon.helper(self._name), signal.SIGKILL)
                self.done = True
        return [0]


def kill_at_each(w, name):
    """At each packet of an exchange in turn. The client gets in, or it ends in order and says why; then the next does."""
    access = access_to(w, TARGET)
    client = Client(w, access)
    for number in range(1, 9):
        killer = KillAt(w, name, number)
        with w.cable.follows(killer):
            code, said = end_of(client.start("--json", "--timeout", "5s"))
        # One that goes well has these and as many more as the answers let it wait for.
        assert (killer.done or number > FEWEST_PACKETS) and code in (0, 1), (number, code, said)
        expect_once(access)
        assert client.door()["number"] == 99 - 2 * number + 1
    wait.until(lambda: None not in outcomes(access), lambda: f"each row has its end: {outcomes(access)}")
    # The port is at random: once in a while it is that of a door that the same grant has open already.
    assert set(outcomes(access)) <= {"opened", "prolonged", "interrupted", "no SYNs"}, outcomes(access)
    assert len(doors(w, access)) == outcomes(access).count("opened")


for its_name in HELPERS:
    suite.case(f"{its_name} killed at each packet of an exchange in turn: a door or a clear end, and nothing twice")(
        lambda w, name=its_name: kill_at_each(w, name))


@suite.case("validate killed whenever a SYN comes: the client gives up in its time and says what it knows")
def clear_end(w):
    access = access_to(w, TARGET)
    client = Client(w, access)

    def rule(frame):
        if frame.is_syn:
            os.kill(w.daemon.helper("knockd-validate"), signal.SIGKILL)
            return []
        return [0]

    with w.cable.follows(rule):
        said = client.dynamic("--timeout", "3s", code=1)
    assert "no answer from" in said or "not all of its three SYN segments" in said, said
    wait.until(lambda: w.daemon.children().get("knockd-validate"), "it is started again")
    assert client.door()["number"] == 98
    expect_once(access)


if __name__ == "__main__":
    suite.main()
