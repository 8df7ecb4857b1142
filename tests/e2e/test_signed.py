#!/usr/bin/python3
"""Signed knocks: by every carrier they act for what is under the signature, within the rules of the grant; and the ledger
proves who asked for what."""

import contextlib
import json
import os
import time

from otk_e2e import dns, packets, resolver, signed, tap, wait
from otk_e2e.signed import TOKENS, SigningWorld

suite = tap.Suite(SigningWorld)


@suite.case("by udp, icmp and dns: it runs once, for the address and the argument under the signature")
def carriers(w):
    signer = w.signer()
    for carrier, send in w.ways().items():
        message = signer.knock(signer.right.chain.next(), "203.0.113.9", b"hello there" if carrier != "dns" else b"hi")
        given = w.accepted(signer, message, send)
        assert given == f"203.0.113.9 {'hello there' if carrier != 'dns' else 'hi'}", given
        row = signer.right.rows("accepted")[-1]
        assert (row["carrier"], row["named"], row["address"]) == (carrier, "203.0.113.9", "203.0.113.9"), row
        send(message)  # again: a duplicate
        w.settle()
        assert signer.right.runs()[-1] == given and row == signer.right.rows("accepted")[-1]


@suite.case("for an IPv6 address, and over IPv6")
def ipv6(w):
    signer = w.signer()
    assert w.accepted(signer, signer.knock(signer.right.chain.next(), "2001:db8:7::9")) == "2001:db8:7::9 "
    message = signer.knock(signer.right.chain.next(), w.client.address(6))
    assert w.accepted(signer, message, lambda knock: packets.send_udp(w.client, w.server.address(6), knock)) == \
        f"{w.client.address(6)} "


@suite.case("through resolvers that minimise names strictly, a little, or not at all")
def resolvers(w):
    signer = w.signer()
    for how in resolver.MINIMISING:
        with contextlib.ExitStack() as undo:
            host = w.network.host("resolver")
            resolver.start_unbound(w, undo, host, resolver.minimisation(how) + resolver.stub_zone(w))
            for _ in range(3):
                message = signer.knock(signer.right.chain.next(), "203.0.113.9", b"by dns")
                runs = len(signer.right.runs())
                said = w.client.run("dig", f"@{host.ipv4}", signed.name_of(message).lower())
                assert "status: NOERROR" in said, said
                signer.right.wait_for_runs(runs + 1)
    w.settle()
    rows = signer.right.rows("accepted")
    assert len(signer.right.runs()) == len(rows) == 10 and {row["carrier"] for row in rows[1:]} == {"dns"}, rows
    assert not signer.right.rows("not signed") and not signer.right.rows("contested"), signer.right.rows()


@suite.case("whoever repeats the name of a signed knock and asks for TXT is told what became of it")
def confirmation(w):
    signer = w.signer()
    message = signer.knock(signer.right.chain.next(), "203.0.113.9")
    w.accepted(signer, message, w.by_dns)
    asked = dns.question(signed.name_of(message), "TXT")
    answer = wait.until(lambda: dns.ask(w.client, w.server.ipv4, asked).answer, "a TXT record")
    assert [data for *_, data in answer] == [b"\x06done 0"], answer
    other = dns.question(signed.name_of(signed.with_bit(message, 0)), "TXT")
    assert not dns.ask(w.client, w.server.ipv4, other).answer


@suite.case("without an address: only where the grant takes the packet's source")
def no_address(w):
    signer = w.signer()
    row = w.refused(signer, signer.knock(signer.right.chain.next()), kind="refused")
    assert row["refusal"] == "address missing", row
    source = w.signer()
    w.installation.knockmgr("grant", "set", source.right.user, source.right.command, "--address", "source")
    w.right()  # in force by now
    assert w.accepted(source, source.knock(source.right.chain.next())) == f"{w.client.ipv4} "


@suite.case("the address under the signature is what the source must be, unless the grant lets it name others")
def named(w):
    signer = w.signer()
    w.installation.knockmgr("grant", "set", signer.right.user, signer.right.command, "--address", "knock")
    w.right()  # in force by now
    row = w.refused(signer, signer.knock(signer.right.chain.next(), "203.0.113.9"), kind="refused")
    assert row["refusal"] == "address not allowed", row
    assert w.accepted(signer, signer.knock(signer.right.chain.next(), w.client.ipv4)) == f"{w.client.ipv4} "


@suite.case("an argument that the command's pattern does not allow never reaches the program")
def arguments(w):
    signer = w.signer(pattern="[a-z]+|--all", first=b"x")
    chain = signer.right.chain
    for wrong in (b"", b"two words", b"UPPER", b"--all", b"x;y"):
        row = w.refused(signer, signer.knock(chain.next(), "203.0.113.9", wrong), kind="refused")
        assert row["refusal"] == "argument not allowed", (wrong, row)
    assert w.accepted(signer, signer.knock(chain.next(), "203.0.113.9", b"nginx")) == "203.0.113.9 nginx"
    for bad in (b"new\nline", b"\xff\xfe", b"nul\0", "\u0085".encode()):
        row = w.refused(signer, signer.knock(chain.next(), "203.0.113.9", bad))
        assert row["refusal"] == "request malformed", (bad, row)


@suite.case("a hold is for one argument: another one begins another, and each undo is handed its own, after a crash too")
def undone(w):
    undone_file = f"{w.installation.directory}/undone"
    with open(undone_file, "wb"):
        os.chmod(undone_file, 0o666)
    undo = json.dumps(["/bin/sh", "-c", 'echo "$1" >> "$0"', undone_file, "{argument}"])
    signer = w.signer(pattern="[a-z]+", first=b"warm", of_command_too=("--hold", "60s", "--undo", undo))
    for argument in (b"web", b"mail", b"web"):
        signer.right.spend(lambda value, argument=argument: w.knock_udp(signer.knock(value, "203.0.113.9", argument)))
    assert [run.split()[-1] for run in signer.right.runs()] == ["warm", "web", "mail"], signer.right.runs()
    outcomes = [row["end"]["outcome"] for row in signer.right.rows("accepted")]
    assert outcomes == ["exited"] * 3 + ["prolonged"], outcomes
    w.daemon.kill()
    w.clock.advance(61)
    w.daemon.start()

    def read():
        with open(undone_file, encoding="ascii") as file:
            return sorted(file.read().split())

    wait.until(lambda: len(read()) >= 3, lambda: f"three undos; there were {read()}")
    w.settle()
    assert read() == ["mail", "warm", "web"], read()


@suite.case("an argument with a leading dash passes only a pattern that begins with one")
def dashes(w):
    right = w.right("--address", "named", tokens=TOKENS, warm=False, its_chain=signed.KeyedChain(),
                    of_command=("--as", "nobody", "--argument=-v|--all"))
    signer = signed.Signer(right, w.installation, w.clock)
    w.right()  # in force by now
    assert w.accepted(signer, signer.knock(right.chain.next(), "203.0.113.9", b"--all")) == "203.0.113.9 --all"
    row = w.refused(signer, signer.knock(right.chain.next(), "203.0.113.9", b"-x"), kind="refused")
    assert row["refusal"] == "argument not allowed", row


@suite.case("a grant without a key takes plain knocks only; one with a key and --plain takes both")
def plain(w):
    without = w.right()
    stranger = signed.KeyedChain()
    value = without.chain.next()
    keyed = signed.Signer(without, w.installation, w.clock)
    keyed.right.chain.signing_seed = stranger.signing_seed
    assert w.refused(keyed, keyed.knock(value, "203.0.113.9"))["refusal"] == "signature wrong"
    without.expect_one_run(lambda _: w.knock_udp(value))
    both = w.signer("--plain", pattern="")
    assert w.accepted(both, both.knock(both.right.chain.next(), "203.0.113.9")) == "203.0.113.9 "
    assert w.accepted(both, both.right.chain.next()) == f"{w.client.ipv4} "


@suite.case("log --proof: verified by the public key alone, also when the grant is gone; anything else is not")
def proof(w):
    signer = w.signer()
    right = signer.right
    when = int(w.clock.now())
    message = signer.knock(right.chain.next(), "203.0.113.9", b"restart", when=when)
    w.accepted(signer, message)
    row = right.rows("accepted")[-1]["row"]
    knockmgr = w.installation.knockmgr

    def shown(*options, expect=0):
        return json.loads(knockmgr("log", "--proof", row, "--json", *options, expect=expect))

    found = shown()
    assert (found["verified"], found["user"], found["command"]) == (True, right.user, right.command), found
    assert (found["address"], found["argument"]) == ("203.0.113.9", "restart"), found
    assert found["time"].startswith(time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(when))), found
    assert (found["public_key"], found["server"]) == (right.chain.public_key.hex(), signer.server.hex()), found
    assert bytes.fromhex(found["signed"]) == signer.signed_bytes(message[:-64]), found
    assert bytes.fromhex(found["signature"]) == message[-64:], found
    text = knockmgr("log", "--proof", row)
    assert "verifies:" in text and right.chain.public_key.hex() in text and "restart" in text, text

    assert not shown("--public-key", signed.KeyedChain().public_key.hex(), expect=1)["verified"]
    assert not shown("--server", os.urandom(16).hex(), expect=1)["verified"]
    assert "DOES NOT VERIFY" in knockmgr("log", "--proof", row, "--server", "00" * 16, expect=1)
    means = ("--public-key", right.chain.public_key.hex(), "--server", signer.server.hex())
    assert shown(*means)["verified"]
    knockmgr("log", "--proof", row, "--server", "zz", expect=2)
    knockmgr("log", "--proof", 1, expect=1)

    wrong = w.refused(signer, signed.with_bit(signer.knock(right.chain.next(), "203.0.113.9"), 40))
    assert not json.loads(knockmgr("log", "--proof", wrong["row"], "--json", expect=1))["verified"]
    knockmgr("grant", "renew", right.user, right.command, "--token", signed.KeyedChain().token())
    assert shown()["verified"] and shown()["public_key"] == right.chain.public_key.hex()
    knockmgr("grant", "remove", right.user, right.command, "--yes")
    assert shown()["verified"]
    knockmgr("log", "--verify")


if __name__ == "__main__":
    suite.main()
