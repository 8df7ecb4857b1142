#!/usr/bin/python3
"""What is altered, cut off, held back or meant for somebody else is refused and recorded, and does not spend the value; and
whoever has no true value gets nobody to look at a signature."""

import contextlib
import os

from otk_e2e import daemon, installation, packets, signed, tap, wait
from otk_e2e.signed import CONFIGURATION, SigningWorld

suite = tap.Suite(SigningWorld)


@suite.case("a bit altered anywhere: refused, recorded, and the right one still works")
def altered(w):
    signer = w.signer()
    size = len(signer.knock(bytes(16), argument=b"restart"))
    fields = (signed.FAMILY, signed.ADDRESS, signed.ADDRESS + 3, signed.ADDRESS + 15, signed.TIME, signed.TIME + 7,
              signed.ARGUMENT, signed.ARGUMENT + 6, signed.ARGUMENT + 7, size - 33, size - 32, size - 1)
    refusals = {}
    for number in range(0, len(fields), 6):  # fewer than eight for each value
        value = signer.right.chain.next()
        right = signer.knock(value, "203.0.113.9", b"restart")
        for byte in fields[number:number + 6]:
            row = w.refused(signer, signed.with_bit(right, byte, byte % 8))
            assert row["value"] == value.hex() and row["source"] == w.client.ipv4, row
            refusals[byte] = row["refusal"]
        assert w.accepted(signer, right) == "203.0.113.9 restart"
    assert set(refusals.values()) == {"signature wrong", "request malformed"}, refusals
    assert refusals[signed.ADDRESS + 15] == refusals[signed.TIME] == "request malformed", refusals
    assert list(refusals.values()).count("signature wrong") == len(fields) - 2, refusals
    said = [line for line in w.daemon.log().splitlines() if "refused and not spent: signature wrong" in line]
    assert len(said) == list(refusals.values()).count("signature wrong") and "unproven" in said[0], said


@suite.case("another command, another server, another user's key, or what was signed cut off: refused and recorded")
def elsewhere(w):
    signer, other = w.signer(), w.signer()
    value = signer.right.chain.next()
    right = signer.knock(value, "203.0.113.9")
    for wrong in (signer.knock(value, "203.0.113.9", command=other.right.command),
                  signer.knock(value, "203.0.113.9", server=os.urandom(16)),
                  value + other.knock(value, "203.0.113.9")[16:]):
        assert w.refused(signer, wrong)["refusal"] == "signature wrong"
    assert w.refused(signer, value)["refusal"] == "signature missing"
    w.clock.advance(1)  # what comes at once again is not looked at
    assert w.refused(signer, lambda: packets.send_echo(w.client, w.server.ipv4, value))["refusal"] == "signature missing"
    assert w.accepted(signer, right) == "203.0.113.9 "


@suite.case("of two servers with the same passphrase and seed, each takes what was signed for it")
def two_servers(w):
    signer = w.signer()
    with contextlib.ExitStack() as undo:
        host = w.network.host("other")
        twin = installation.Installation(undo)
        twin.configure(CONFIGURATION)
        twin.knockmgr("user", "add", signer.right.user)
        twin.knockmgr("command", "add", signer.right.command, "--exec", "--as", "nobody", "--argument", ".*", "--",
                      "/bin/sh", "-c", 'echo "$*" >> "$0"', signer.right.file, "{address}", "{argument}")
        twin.knockmgr("grant", "add", signer.right.user, signer.right.command, "--token", signer.right.chain.token(),
                      "--address", "named")
        second = daemon.Daemon(undo, host, twin.programs["knockd"], twin.state, w.clock.environment)
        second.start()
        value = signer.right.chain.next()
        for_first = signer.knock(value, "203.0.113.9")
        for_second = signed.Signer(signer.right, twin, w.clock).knock(value, "203.0.113.10")
        packets.send_udp(w.client, host.ipv4, for_first)
        rows = wait.until(lambda: [row for row in twin.log() if row["kind"] == "not signed"], "the other server refuses it")
        assert [row["refusal"] for row in rows] == ["signature wrong"], rows
        assert w.refused(signer, for_second)["refusal"] == "signature wrong"
        runs = len(signer.right.runs())
        packets.send_udp(w.client, host.ipv4, for_second)
        signer.right.wait_for_runs(runs + 1)
        assert signer.right.runs()[-1] == "203.0.113.10 "
        assert w.accepted(signer, for_first) == "203.0.113.9 "


@suite.case("the eighth look in vain spends the value, and none comes after it, though knockd-validate is restarted between")
def eight(w):
    signer = w.signer()
    w.restart_validate()
    value = signer.right.chain.next()
    right = signer.knock(value, "203.0.113.9")
    for number in range(4):
        assert w.refused(signer, signed.with_bit(right, len(right) - 1 - number))["refusal"] == "signature wrong"
    wait.until(lambda: w.counters()["signature_checks"] == 4, "four looks are counted")
    w.restart_validate()
    for number in range(4, 7):
        w.refused(signer, signed.with_bit(right, len(right) - 1 - number))
    row = w.refused(signer, signed.with_bit(right, len(right) - 8), kind="refused")
    assert (row["refusal"], row["value"]) == ("signature wrong", value.hex()), row
    for number in range(8, 40):
        w.knock_udp(signed.with_bit(right, len(right) - 1 - number))
    w.knock_udp(right)
    w.settle()
    assert len(signer.right.runs()) == 1 and len(signer.right.rows("not signed")) == 7, signer.right.rows()
    wait.until(lambda: w.counters()["signature_checks"] == 4, lambda: f"four more looks, and no others: {w.counters()}")
    assert w.counters()["not_signed"] == 3
    assert w.accepted(signer, signer.knock(signer.right.chain.next(), "203.0.113.9")) == "203.0.113.9 "


@suite.case("a flood of requests with wrong values reaches neither a signature nor a key exchange")
def starvation(w):
    signer = w.signer()
    w.restart_validate()
    before = w.counters()
    flood = 4000
    for number in range(flood // 2):
        w.knock_udp(os.urandom(16) + b"\x01" + os.urandom(17 + 8) + b"\0\0" + os.urandom(64))
        packets.send_udp(w.client, w.server.ipv4, os.urandom(16) + b"\x02" + os.urandom(32 + 123), port=62202)
        if number % 100 == 99:
            w.settle()
    wait.until(lambda: w.counters()["noise"] >= before["noise"] + flood, lambda: f"all of it is noise: {before}, {w.counters()}")
    w.accepted(signer, signer.knock(signer.right.chain.next(), "203.0.113.9"))
    counted = wait.until(lambda: (now := w.counters())["signature_checks"] >= 1 and now, "the knock behind it is counted")
    found = [counted[key] for key in ("signature_checks", "exchanges", "not_signed")]
    assert found == [1, 0, 0], counted


@suite.case("a clock that is wrong by more than the configuration allows: refused and spent; without a time likewise")
def clocks(w):
    signer, clockless = w.signer(), w.signer("--no-clock")
    now = int(w.clock.now())
    for off in (-70, 70):
        row = w.refused(signer, signer.knock(signer.right.chain.next(), "203.0.113.9", when=now + off), kind="refused")
        assert row["refusal"] == "clock differs", row
    assert w.accepted(signer, signer.knock(signer.right.chain.next(), "203.0.113.9", when=now - 50))
    row = w.refused(signer, signer.knock(signer.right.chain.next(), "203.0.113.9", when=0), kind="refused")
    assert row["refusal"] == "time missing", row
    assert w.accepted(clockless, clockless.knock(clockless.right.chain.next(), "203.0.113.9", when=0))
    row = w.refused(clockless, clockless.knock(clockless.right.chain.next(), "203.0.113.9", when=now - 70), kind="refused")
    assert row["refusal"] == "clock differs", row


@suite.case("a knock that was held back for more than a minute is worth nothing")
def held_back(w):
    signer = w.signer()
    message = signer.knock(signer.right.chain.next(), "203.0.113.9")
    w.clock.advance(65)
    row = w.refused(signer, message, kind="refused")
    assert row["refusal"] == "clock differs", row


if __name__ == "__main__":
    suite.main()
