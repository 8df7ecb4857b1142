"""grant resync: what is refused and why, what is shown, and what is asked of knockd. That knockd does it is shown by
tests/e2e."""

import base64
import os

from harness import Daemon, Installation, expect, expect_in, run_all


def numbered(added):
    return {knock["number"]: knock["value"] for knock in added["knocks"]}


def requests(otk):
    changes = otk.must("log", "--changes", "--json").json()
    return [(change["object"], change["after"]) for change in changes if change["what"] == "grant resync"]


def test_asks():
    """resync says how many knocks are given up and asks first: nobody there to answer, nothing asked of knockd"""
    with Installation() as otk:
        knocks = numbered(otk.with_grant("--length", "100"))
        done = otk.refused(1, "say --yes", "grant", "resync", "anna", "hello", knocks[42])
        expect_in("moves anna/hello from 100 to 42: 58 knocks are given up; the next number that works is 41", done.err)
        done = otk.refused(1, "say --yes", "grant", "resync", "anna", "hello", knocks[99])
        expect_in("1 knock is given up", done.err)
        done = otk.refused(1, "say --yes", "grant", "resync", "anna", "hello", knocks[1])
        expect_in("no knock is left", done.err)


def test_without_knockd():
    """resync that finds no knockd says that it happens when that starts, and leaves the request"""
    with Installation() as otk:
        knocks = numbered(otk.with_grant())
        out = otk.must("grant", "resync", "anna", "hello", knocks[42], "--yes").out
        expect(out, "moves anna/hello from 100 to 42: 58 knocks are given up\n"
                    "knockd is not running; it moves the chain when it starts\n")
        asked = requests(otk)
        expect(len(asked), 1)
        expect_in("anna/hello", asked[0][0])
        expect_in(knocks[42], str(asked[0][1]))


def test_forms():
    """the value is read in every form, also from standard input"""
    with Installation() as otk:
        otk.must("user", "add", "anna")
        otk.must("command", "add", "hello", "--exec", "--as", "nobody", "--", "/bin/true")
        listed = otk.must("grant", "add", "anna", "hello", "--generate", "--length", "30", "--form", "words").out
        words = {int(line.split(":")[0]): line.split(": ")[1] for line in listed.splitlines() if line[:1].isdigit()}
        value = otk.must("explain", "--json", words[12]).json()
        expect(value["number"], 12)
        otk.must("grant", "resync", "anna", "hello", *words[12].lower().split(), "--yes")
        otk.must("grant", "resync", "anna", "hello", "-", "--yes", stdin=words[11] + "\n")
        otk.must("grant", "renew", "anna", "hello", "--generate", "--length", "30", "--form", "hex")
        knocks = numbered(otk.must("grant", "renew", "anna", "hello", "--generate", "--json").json())
        text = base64.b32encode(bytes.fromhex(knocks[9])).decode().rstrip("=")
        otk.must("grant", "resync", "anna", "hello", text, "--yes")
        expect(len(requests(otk)), 3)


def test_refuses():
    """resync refuses what does not lie ahead on this grant's chain, and says what it is"""
    with Installation() as otk:
        values, grant = otk.play_scene()  # has come to number 15
        knocks = dict(zip(range(19, 0, -1), values))
        other = numbered(otk.with_grant(user="bert", command="other"))
        for value, part in ((knocks[16], "number 16 lies behind: anna/hello has come to 15"),
                            (knocks[15], "stands at number 15 already; the next one is 14"),
                            (knocks[17], "number 17 lies behind"), (grant["image"], "number 20 lies behind"),
                            (other[50], "this is number 50 of bert/other, and not of anna/hello"),
                            ("11" * 16, "this value is unknown"), ("11" * 8, "this value is unknown"),
                            ("xyzzy", "cannot be a knock")):
            otk.refused(1, part, "grant", "resync", "anna", "hello", value, "--yes")
        otk.refused(1, "standard input was empty", "grant", "resync", "anna", "hello", "-", "--yes")
        otk.refused(2, "grant resync needs", "grant", "resync", "anna", "hello", "--yes")
        otk.refused(1, "did you mean 'anna'", "grant", "resync", "ana", "hello", knocks[9], "--yes")
        otk.refused(1, "has no grant for", "grant", "resync", "bert", "hello", knocks[9], "--yes")
        expect_in("from 15 to 9: 6 knocks", otk.must("grant", "resync", "anna", "hello", knocks[9], "--yes").out)


def test_former_chain():
    """a value of a chain that was replaced, or retired by a restore, moves nothing"""
    with Installation() as otk:
        old = numbered(otk.with_grant("--length", "9"))
        new = numbered(otk.must("grant", "renew", "anna", "hello", "--generate", "--json").json())
        otk.refused(1, "of a chain that anna/hello had before", "grant", "resync", "anna", "hello", old[4], "--yes")
        os.unlink(f"{otk.dir}/ledger/ledger.db")
        otk.must("restore", "--yes")
        otk.refused(1, "was retired by `knockmgr restore`", "grant", "resync", "anna", "hello", new[4], "--yes")


def test_no_answer():
    """resync fails when knockd runs and does not do it in time"""
    with Installation() as otk, Daemon(otk):
        knocks = numbered(otk.with_grant())
        done = otk.run("grant", "resync", "anna", "hello", knocks[42], "--yes")
        expect(done.code, 1)
        expect_in("knockd has not answered", done.err)
        expect(len(requests(otk)), 1)


run_all(globals())
