"""grants: chains, their rules, and what is refused."""

import json
import os
import sqlite3

from harness import Installation, expect, expect_in, run_all
from users import ready, step, token

WEAK = '[accept]\nwindow = 10\nalgorithms = ["sha256", "md5"]\nweak_limit = 2000\n'


def test_generate():
    """--generate lists N-1 knocks that hash to each other and to the enrolled image"""
    with Installation() as otk:
        knocks = ready(otk).must("grant", "add", "anna", "hello", "--generate", "--length", "30").out.splitlines()
        numbers, values = zip(*(line.split(": ") for line in knocks))
        expect([int(number) for number in numbers], list(range(29, 0, -1)))
        for earlier, later in zip(values, values[1:]):
            expect(step(later), earlier)
        grant = otk.must("grant", "show", "anna", "hello", "--json").json()
        expect(grant["image"], step(values[0]))
        expect((grant["length"], grant["knocks_left"], grant["algorithm"]), (30, 29, "sha256"))


def test_nothing_kept():
    """no knock of a generated chain is kept in any file of the installation"""
    with Installation() as otk:
        knocks = otk.with_grant("--length", "10")["knocks"]
        content = b""
        for folder, _, names in os.walk(otk.dir):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    content += file.read()
        image = otk.must("grant", "show", "anna", "hello", "--json").json()["image"]
        expect(bytes.fromhex(image) in content, True)
        for knock in knocks:
            expect(bytes.fromhex(knock["value"]) in content or knock["value"].encode() in content, False)


def test_two_chains_differ():
    """seeds and chains are random: no two grants share them"""
    with Installation() as otk:
        otk.with_grant(user="anna", command="hello")
        otk.with_grant(user="bert", command="other")
        grants = otk.must("grant", "list", "--json").json()
        expect(len({grant["seed"] for grant in grants}), 2)
        expect(len({grant["image"] for grant in grants}), 2)


def test_token():
    """a user's token is enrolled as it is, and its check words are shown"""
    with Installation() as otk:
        said = ready(otk).must("grant", "add", "anna", "hello", "--token", token("pepper", length=500)).out
        grant = otk.must("grant", "show", "anna", "hello", "--json").json()
        expect((grant["seed"], grant["length"]), ("pepper", 500))
        expect(len(grant["check_words"].split()), 6)
        expect_in(grant["check_words"], said)


def test_bad_enrolments():
    """tokens and options that cannot be are refused"""
    with Installation() as otk:
        ready(otk)
        def refused(code, part, *words):
            otk.refused(code, part, "grant", "add", "anna", "hello", *words)
        refused(2, "--generate")
        refused(2, "--generate", "--generate", "--token", token("a"))
        refused(2, "--length", "--token", token("a"), "--length", "5")
        refused(1, "token", "--token", "otk1:sha256:100:pepper:00")
        refused(1, "token", "--token", token("a", length=1))
        refused(1, "token", "--token", token("b" * 17))
        refused(1, "not accepted here", "--token", token("a", "md5"))
        refused(1, "not accepted here", "--generate", "--algorithm", "sha1")
        refused(2, "none of sha256", "--generate", "--algorithm", "sha512")
        for length in ("1", "0", "-5", "1000001", "x", "1e3"):
            refused(2, "--length", "--generate", f"--length={length}")
        refused(2, "--seed", "--generate", "--seed", "not-alphanumeric")
        refused(2, "--form", "--generate", "--form", "octal")
        otk.refused(1, "no user", "grant", "add", "bert", "hello", "--generate")
        otk.refused(1, "no command", "grant", "add", "anna", "other", "--generate")


def test_never_again():
    """a seed or an image that was ever enrolled is refused, also after a removal and on renewal"""
    with Installation() as otk:
        ready(otk).must("grant", "add", "anna", "hello", "--token", token("pepper"))
        otk.must("grant", "remove", "anna", "hello", "--yes")
        image = token("pepper").split(":")[-1]
        otk.refused(1, "used on this server before", "grant", "add", "anna", "hello", "--token", token("PEPPER", image="00" * 16))
        otk.refused(1, "before", "grant", "add", "anna", "hello", "--token", token("salt", image=image))
        otk.must("grant", "add", "anna", "hello", "--token", token("salt"))
        otk.refused(1, "before", "grant", "renew", "anna", "hello", "--token", token("pepper"))


def test_renewal():
    """renewal gives a new chain and keeps the rules"""
    with Installation() as otk:
        otk.with_grant("--carriers", "udp")
        before = otk.must("grant", "show", "anna", "hello", "--json").json()
        otk.must("grant", "renew", "anna", "hello", "--generate", "--length", "7")
        after = otk.must("grant", "show", "anna", "hello", "--json").json()
        expect(after["rules"], before["rules"])
        expect((after["length"], after["chain"] != before["chain"]), (7, True))
        otk.must("grant", "renew", "anna", "hello", "--generate")
        again = otk.must("grant", "show", "anna", "hello", "--json").json()
        expect((again["length"], again["chain"] != after["chain"]), (7, True))


def test_weak_limit():
    """64-bit grants that lift R x window over weak_limit are refused with the figures"""
    with Installation(WEAK) as otk:
        ready(otk).must("user", "add", "bert")
        otk.must("grant", "add", "anna", "hello", "--token", token("one", "md5", 101))  # 100 knocks x 10 = 1000
        message = otk.refused(1, "weak_limit is 2000", "grant", "add", "bert", "hello", "--token",
                              token("two", "md5", 102)).err
        for figure in (" 100 ", " 101 ", "window 10", " 2010,"):
            expect_in(figure, message)
        otk.must("grant", "disable", "anna", "hello")
        otk.must("grant", "add", "bert", "hello", "--token", token("two", "md5", 102))
        otk.refused(1, "weak_limit", "grant", "enable", "anna", "hello")
        otk.must("grant", "renew", "bert", "hello", "--token", token("three", "md5", 101))
        otk.must("grant", "enable", "anna", "hello")
        status = json.loads(otk.run("status", "--json").out)
        expect((status["weak_knocks"], status["weak_load"], status["weak_limit"]), (200, 2000, 2000))


def test_rules():
    """every rule can be set at once, changed alone, and cleared"""
    with Installation() as otk:
        otk.with_grant("--address", "named", "--named-within", "203.0.113.0/24", "--named-within", "2001:db8::/32",
                       "--from", "198.51.100.0/24,192.0.2.1", "--carriers", "dns,udp", "--not-before", "2026-01-02",
                       "--expires", "2090-12-31T18:30Z")
        def rules():
            return otk.must("grant", "show", "anna", "hello", "--json").json()["rules"]
        first = {"address": "named", "claims": None, "named_within": ["203.0.113.0/24", "2001:db8::/32"],
                 "from": ["198.51.100.0/24", "192.0.2.1/32"], "carriers": ["udp", "dns"],
                 "hours": [], "time_zone": None, "per_hour": None, "per_day": None,
                 "not_before": "2026-01-02T00:00:00.000Z", "expires": "2090-12-31T18:30:00.000Z",
                 "plain": None, "no_clock": None, "ignore_isn": None}
        shown = rules()
        shown["from"][1] = shown["from"][1].split("/")[0] + "/32"  # one address may be written either way
        expect(shown, first)
        otk.must("grant", "set", "anna", "hello", "--carriers", "icmp")
        expect((rules()["carriers"], rules()["address"]), (["icmp"], "named"))
        otk.must("grant", "set", "anna", "hello", "--from", "any", "--named-within", "any", "--carriers", "any",
                 "--not-before", "none", "--expires", "none", "--address", "knock")
        expect(rules(), {"address": "knock", "claims": None, "named_within": [], "from": [],
                         "carriers": ["udp", "icmp", "dns"], "hours": [], "time_zone": None, "per_hour": None,
                         "per_day": None, "not_before": None, "expires": None,
                         "plain": None, "no_clock": None, "ignore_isn": None})


def test_bad_rules():
    """rules that cannot be read, or that nothing can fulfil, are refused"""
    with Installation() as otk:
        otk.with_grant()
        for option, value, part in (("--address", "mine", "none of knock"), ("--carriers", "tcp", "udp,icmp"),
                                    ("--carriers", "", "udp,icmp"), ("--from", "10.0.0.1/8", "no network"),
                                    ("--from", "example.org", "no network"), ("--expires", "2026-02-30", "no time"),
                                    ("--expires", "soon", "no time"), ("--not-before", "2026-01-01T25:00", "no time"),
                                    ("--named-within", "10.0.0.0/8", "--address is not named")):
            otk.refused(2, part, "grant", "set", "anna", "hello", option, value)
        otk.refused(2, "before it is valid", "grant", "set", "anna", "hello", "--not-before", "9d", "--expires", "8d")
        for past in ("2020-01-01", "2020-01-01T18:00Z"):
            otk.refused(2, "is past", "grant", "set", "anna", "hello", "--expires", past)
        otk.must("grant", "set", "anna", "hello", "--expires", "8d")
        otk.refused(2, "before it is valid", "grant", "set", "anna", "hello", "--not-before", "9d")
        otk.refused(2, "which rule", "grant", "set", "anna", "hello")
        otk.must("user", "add", "bert")
        otk.refused(1, "no grant for hello", "grant", "set", "bert", "hello", "--from", "any")


def test_states():
    """a listing says why a grant would not work now"""
    with Installation() as otk:
        otk.with_grant()
        def state():
            return otk.must("grant", "list", "anna", "--json").json()[0]["state"]
        expect(state(), "enabled")
        otk.must("grant", "set", "anna", "hello", "--not-before", "2d")
        expect(state(), "not yet valid")
        otk.must("grant", "set", "anna", "hello", "--not-before", "none")
        database = sqlite3.connect(f"{otk.dir}/policy/policy.db")
        database.execute("UPDATE grant SET expires_at = 1")  # years went by
        database.commit()
        database.close()
        expect(state(), "expired")
        otk.must("grant", "disable", "anna", "hello")
        expect(state(), "disabled")
        otk.must("command", "disable", "hello")
        expect(state(), "command disabled")
        otk.must("user", "disable", "anna")
        expect(state(), "user disabled")


def test_lost_ledger():
    """without a ledger listings still work, and say what they do not know; 64-bit grants are not added blindly"""
    with Installation(WEAK) as otk:
        otk.with_grant()
        otk.must("user", "add", "bert")
        os.unlink(f"{otk.dir}/ledger/ledger.db")
        shown = otk.must("grant", "list", "--json")
        expect(shown.json()[0]["knocks_left"], None)
        expect_in("the ledger is missing", shown.err)
        otk.refused(1, "the ledger is missing", "grant", "add", "bert", "hello", "--token", token("one", "md5"))


run_all(globals())
