#!/usr/bin/python3
"""Dynamic mode over a bad network: packets lost, repeated, overtaken, late. The exchange comes to its end, no value is
spent twice, and no door is opened twice for one request (DESIGN 6)."""

import os
import random
import subprocess

from otk_e2e import dynamic, tap, wait
from otk_e2e.cable import IN, OUT, Cable
from otk_e2e.client import Client
from otk_e2e.dynamic import access_to, expect_outcomes, outcomes
from otk_e2e.network import COMMAND_LIMIT
from otk_e2e.tap import Skip

TARGET = "127.0.0.1:22"
SEED = int(os.environ.get("OTK_SEED", "20261122"))


def make_world(undo):
    w = dynamic.make_world(undo)
    w.cable = Cable(w, "client")
    print(f"# seed {SEED}; OTK_SEED sets another", flush=True)
    return w


suite = tap.Suite(make_world)


def of_exchange(frame):
    return dynamic.PORT in frame.ports or frame.is_syn


def expect_one_door(w, user, access, *options):
    """The request succeeds; the ledger has one more row for it, and the monitor one more door."""
    before = len(outcomes(access))
    door = user.door(*options)
    wait.until(lambda: None not in outcomes(access), "the row has its end")
    assert outcomes(access)[before:] == ["opened"], outcomes(access)
    row = access.rows("accepted")[-1]
    assert row["number"] == door["number"] and row["outcome"].startswith(f"opened {door['port']}/tcp"), (row, door)
    return door


def expect_nothing_suspicious(access):
    odd = [row for row in access.rows() if row["kind"] not in ("accepted", "closed")]
    assert not odd, odd


class DropOne:
    """Loses the packet of that number, in one direction."""

    def __init__(self, direction, number):
        self.direction, self.number = direction, number
        self.seen, self.lost = 0, None

    def __call__(self, frame):
        if frame.direction != self.direction or not of_exchange(frame):
            return [0]
        self.seen += 1
        if self.seen != self.number:
            return [0]
        self.lost = f"{frame.direction} {frame.ports}, {len(frame.bytes)} bytes"
        return []


def drop_each(w, family, *options, user="root"):
    """One packet after the other is the one that gets lost, until an exchange has none of that number."""
    access = access_to(w, {4: TARGET, 6: "[::1]:22"}[family], *options)
    client = Client(w, access, address=w.server.address(family), user=user)
    lost = {OUT: 0, IN: 0}
    for direction in lost:
        for number in range(1, 20):
            drop = DropOne(direction, number)
            with w.cable.follows(drop):
                expect_one_door(w, client, access)
            if drop.lost is None:
                break
            lost[direction] += 1
    assert lost[OUT] >= 6 and lost[IN] >= 2, f"P1, P2 and three SYNs, P2 again; two P3: only {lost} were lost in turn"
    expect_nothing_suspicious(access)
    w.installation.knockmgr("doors", "close", access.user, "--yes")


for its_family in (4, 6):
    suite.case(f"the loss of any single packet, one after the other: each exchange succeeds, IPv{its_family}")(
        lambda w, family=its_family: drop_each(w, family))


@suite.case("the same with ordinary connects")
def drop_each_connect(w):
    drop_each(w, 4, "--isn", "ignore", user="nobody")


def rough(seed, loss=0.0, twice=0.0, late=0.0):
    """Each packet, by its share: lost, doubled, or kept back so that others overtake it."""
    dice = random.Random(seed)

    def rule(frame):
        if not of_exchange(frame):
            return [0]
        if dice.random() < loss:
            return []
        delays = [dice.uniform(0.05, 0.4) if dice.random() < late else 0]
        return delays + [dice.uniform(0, 0.2)] if dice.random() < twice else delays

    return rule


def go_rough(w, turns, seed, **shares):
    access = access_to(w, TARGET)
    client = Client(w, access)
    for turn in range(turns):
        with w.cable.follows(rough(seed + turn, **shares)):
            expect_one_door(w, client, access, "--timeout", "60s")
    expect_nothing_suspicious(access)
    assert client.next_number() == 99 - turns
    w.installation.knockmgr("doors", "close", access.user, "--yes")


@suite.case("30 % of all packets lost, both ways")
def loss(w):
    go_rough(w, 8, SEED, loss=0.3)


@suite.case("60 % of all packets lost, both ways")
def heavy_loss(w):
    go_rough(w, 3, SEED + 100, loss=0.6)


@suite.case("every packet twice")
def doubled(w):
    go_rough(w, 4, SEED + 200, twice=1.0)


@suite.case("half of the packets late, so that the others overtake them")
def reordered(w):
    go_rough(w, 8, SEED + 300, late=0.5)


@suite.case("all of it at once: 20 % lost, 30 % twice, 40 % late")
def everything(w):
    go_rough(w, 8, SEED + 400, loss=0.2, twice=0.3, late=0.4)


@suite.case("the same by the kernel's own netem: loss 30 %, duplicate 20 %, reorder 50 % with a delay of 60 ms")
def netem(w):
    access = access_to(w, TARGET)
    client = Client(w, access)
    hosts = (w.client, w.server)
    words = "loss 30% duplicate 20% delay 60ms 20ms reorder 50% 50%"
    for host in hosts:
        done = subprocess.run(host.words(["tc", "qdisc", "add", "dev", "eth0", "root", "netem", *words.split()]), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=COMMAND_LIMIT, check=False)
        if done.returncode != 0:
            raise Skip(f"this kernel has no netem (the cases before do the same without): {done.stdout.strip()}")
    for _ in range(5):
        expect_one_door(w, client, access, "--timeout", "60s")
    for host in hosts:
        host.run("tc", "qdisc", "del", "dev", "eth0", "root")
    expect_nothing_suspicious(access)


@suite.case("both families, and both slow: two requests for one value are under way, one counts, and no alarm is raised")
def both_slow(w):
    access = access_to(w, TARGET)
    w.network.etc_hosts(w.client, f"{w.server.ipv6} slow.test\n{w.server.ipv4} slow.test\n")
    client = Client(w, access, address="slow.test")
    sent = set()

    def rule(frame):
        if frame.direction == OUT and len(frame.payload()) == dynamic.REQUEST_SIZE and dynamic.PORT in frame.ports:
            sent.add((frame.family, frame.payload()))
        return [0.6]

    with w.cable.follows(rule):
        door = expect_one_door(w, client, access)
    assert {family for family, _ in sent} == {4, 6} and len(sent) == 2, "each family has a request of its own"
    assert {payload[:16] for _, payload in sent} == {access.chain.at(99)} and door["address"] == w.server.ipv6, door
    expect_nothing_suspicious(access)


@suite.case("P3 never arrives: one knock is spent, one door at most is opened, and the end says that it may have been")
def deaf(w):
    access = access_to(w, TARGET, hold="5s")
    client = Client(w, access)

    def rule(frame):
        return [] if frame.direction == IN and dynamic.PORT in frame.ports else [0]

    with w.cable.follows(rule):
        said = client.dynamic("--timeout", "3s", code=1)
    assert "no answer from" in said and "may have arrived or not" in said, said
    wait.until(lambda: outcomes(access) == ["opened"], lambda: f"SYNs and all came through: {outcomes(access)}")
    expect_one_door(w, client, access)
    assert [row["number"] for row in access.rows("accepted")] == [99, 98]


@suite.case("the SYNs never arrive: the end says so, nothing is opened, and the next request gets in")
def without_syns(w):
    access = access_to(w, TARGET)
    client = Client(w, access)

    def rule(frame):
        return [] if frame.is_syn else [0]

    with w.cable.follows(rule):
        said = client.dynamic("--timeout", "2s", code=1)
    assert "not all of its three SYN segments" in said, said
    assert outcomes(access) == [None], "it waits, as the server does for 10 s"
    expect_one_door(w, client, access)
    expect_outcomes(access, ["no SYNs", "opened"])


if __name__ == "__main__":
    suite.main()
