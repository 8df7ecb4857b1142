"""Grants with a public key: which keys are enrolled, the rules of signed knocks, profiles, and what is told of them."""

import re
import shlex
import socket
import subprocess

from harness import KNOCKGEN, Installation, expect, expect_in, run_all
from users import SIGNING_KEYS, ZONE, ready, signing_token, token, with_let_in

# Of small order: 1, the point of order 2, those of order 4 (y = 0) and 8.
SMALL = ("01" + "00" * 31, "ec" + "ff" * 30 + "7f", "00" * 32, "00" * 31 + "80",
         "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
         "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
# y is 2^255 - 19 or more; x is 0 with the sign bit set.
NOT_CANONICAL = ("ed" + "ff" * 30 + "7f", "ee" + "ff" * 30 + "7f", "f0" + "ff" * 30 + "ff", "01" + "00" * 30 + "80")
NO_POINT = ("02" + "00" * 31, "07" + "00" * 31)


def rules(otk, command="hello"):
    return otk.must("grant", "show", "anna", command, "--json").json()["rules"]


def test_keys_that_are_refused():
    """public keys of small order, not canonical ones and those that are no points are refused, with the reason"""
    with Installation() as otk:
        ready(otk)
        for keys in (SMALL, NOT_CANONICAL, NO_POINT):
            reasons = {otk.refused(1, "the public key of the token cannot be used", "grant", "add", "anna", "hello",
                                   "--token", signing_token("one", key)).err for key in keys}
            assert all(len(reason) > 80 for reason in reasons), reasons
        otk.refused(1, "public key", "grant", "add", "anna", "hello", "--token", signing_token("one", "11" * 31))
        otk.must("grant", "add", "anna", "hello", "--token", signing_token("one"))
        otk.refused(1, "public key", "grant", "renew", "anna", "hello", "--token", signing_token("two", SMALL[0]))


def test_signature_is_demanded():
    """a token with a public key makes the grant demand signatures, and says so wherever it is shown"""
    with Installation() as otk:
        said = ready(otk).must("grant", "add", "anna", "hello", "--token", signing_token("one"), "--host", "k.example.org").out
        expect_in("accepts: signed knocks only", said)
        assert "knockgen sheet" not in said, said
        line = re.search("the user's profile: (.*)\n", said).group(1)
        words = shlex.split(line)
        expect(words[:4], ["knockgen", "profile", "add", "hello"])
        expect(words[4], otk.must("grant", "profile", "anna", "hello", "--host", "k.example.org").out.strip())
        expect(rules(otk)["plain"], False)
        shown = otk.must("grant", "show", "anna", "hello").out
        expect_in("signature:    demanded", shown)
        expect_in(SIGNING_KEYS[0], shown)
        expect(otk.must("grant", "show", "anna", "hello", "--json").json()["public_key"], SIGNING_KEYS[0])
        expect_in("signed", otk.must("grant", "list").out.splitlines()[1])


def test_plain():
    """--plain lets a sheet's knocks pass, too, and the way back is --no-plain"""
    with Installation() as otk:
        added = ready(otk).must("grant", "add", "anna", "hello", "--token", signing_token("one"), "--plain", "--json").json()
        expect(added["accepts"], "signed and plain knocks")
        expect_in(" signed=yes plain=yes ", added["profile"])
        expect_in("knockgen sheet", added["sheet_command"])
        expect_in("changed: signed", otk.must("grant", "set", "anna", "hello", "--no-plain").out)
        expect_in(" signed=yes plain=no ", otk.must("grant", "profile", "anna", "hello").out)
        expect(otk.must("grant", "profile", "anna", "hello", "--json").json()["accepts"], "signed knocks only")
        otk.refused(2, "the opposite", "grant", "set", "anna", "hello", "--plain", "--no-plain")
        otk.refused(2, "the opposite", "grant", "set", "anna", "hello", "--clock", "--no-clock")


def test_clock_and_isn():
    """the clock and, for dynamic mode, the sequence numbers can be left out of account, and come back"""
    with Installation("[dynamic]\nenabled = true\n") as otk:
        ready(otk)
        otk.must("command", "add", "inner", "--forward", "127.0.0.1:22", "--hold", "60s")
        otk.must("grant", "add", "anna", "inner", "--token", signing_token("one"), "--no-clock", "--isn", "ignore")
        expect([rules(otk, "inner")[rule] for rule in ("plain", "no_clock", "ignore_isn")], [False, True, True])
        expect_in(" isn=ignore", otk.must("grant", "profile", "anna", "inner").out)
        shown = otk.must("grant", "show", "anna", "inner").out
        expect_in("without a time are taken", shown)
        expect_in("ignored in dynamic mode", shown)
        otk.must("grant", "set", "anna", "inner", "--clock")
        expect([rules(otk, "inner")[rule] for rule in ("no_clock", "ignore_isn")], [False, True])
        otk.must("grant", "set", "anna", "inner", "--isn", "compare")
        expect(rules(otk, "inner")["ignore_isn"], False)
        otk.refused(2, "neither ignore nor compare", "grant", "set", "anna", "inner", "--isn", "no")
        otk.refused(2, "forward commands", "grant", "add", "anna", "hello", "--token", signing_token("two"), "--isn", "ignore")
        otk.must("grant", "add", "anna", "hello", "--token", signing_token("two", SIGNING_KEYS[1]))
        otk.refused(2, "forward commands", "grant", "set", "anna", "hello", "--isn", "compare")


def test_rules_need_a_key():
    """rules of signed knocks are refused where the chain has no public key"""
    with Installation() as otk:
        ready(otk)
        for words in (("--plain",), ("--no-plain",), ("--clock",), ("--no-clock",), ("--isn", "ignore")):
            otk.refused(2, "no public key", "grant", "add", "anna", "hello", "--token", token("one"), *words)
            otk.refused(2, "no public key", "grant", "add", "anna", "hello", "--generate", *words)
        otk.must("grant", "add", "anna", "hello", "--token", token("one"))
        otk.refused(2, "no public key", "grant", "set", "anna", "hello", "--plain")
        expect([rules(otk)[rule] for rule in ("plain", "no_clock", "ignore_isn")], [None] * 3)
        expect_in("plain knocks are taken", otk.must("grant", "show", "anna", "hello").out)
        expect(otk.must("grant", "profile", "anna", "hello", "--json").json()["accepts"], "plain knocks only")


def test_renewed_with_a_key():
    """a grant that gets a chain with a key demands signatures from then on, and gives them up only when that is said"""
    with Installation() as otk:
        otk.with_grant()
        expect(rules(otk)["plain"], None)
        expect_in("signed knocks only", otk.must("grant", "renew", "anna", "hello", "--token", signing_token("one")).out)
        expect(rules(otk)["plain"], False)
        for words in (("--generate",), ("--token", token("two"))):
            refusal = otk.refused(1, "takes signed knocks", "grant", "renew", "anna", "hello", *words).err
            expect_in("knockmgr grant renew anna hello --token TOKEN", refusal)
        otk.refused(2, "has a public key", "grant", "renew", "anna", "hello", "--unsigned", "--token",
                    signing_token("two", SIGNING_KEYS[1]))
        otk.must("grant", "renew", "anna", "hello", "--generate", "--unsigned")
        expect(rules(otk)["plain"], None)
        otk.refused(2, "this grant has none", "grant", "renew", "anna", "hello", "--generate", "--unsigned")


def words_of(line):
    name, *words = line.split()
    expect(name, "otk1-profile")
    return dict(word.split("=", 1) for word in words)


def test_profile():
    """a profile says the host, the chain, the command, and the ways over which a knock of this grant can pass"""
    with Installation(ZONE + "[udp]\nports = [4242, 7]\n") as otk:
        with_let_in(otk)
        otk.must("command", "add", "ssh", "--open", "22/tcp", "--hold", "60s")
        otk.must("command", "add", "inner", "--forward", "127.0.0.1:22", "--hold", "60s")
        otk.must("grant", "add", "anna", "let-in", "--token", signing_token("one", length=500))
        otk.must("grant", "add", "anna", "ssh", "--token", token("two"), "--address", "named")
        otk.must("grant", "add", "anna", "inner", "--token", token("three"), "--address", "claim", "--carriers", "icmp,dns")
        profile = {command: words_of(otk.must("grant", "profile", "anna", command, "--host", "h.example").out)
                   for command in ("let-in", "ssh", "inner")}
        first = profile["let-in"]
        server = first.pop("server")
        for command, its in profile.items():
            expect(its.pop("check"), otk.must("grant", "show", "anna", command, "--json").json()["check_words"].split()[0])
        expect(bool(re.fullmatch("[0-9a-f]{32}", server)), True)
        expect(first, {"host": "h.example", "algorithm": "sha256", "seed": "one", "length": "500", "command": "let-in",
                       "signed": "yes", "plain": "no", "udp": "4242", "icmp": "yes", "address": "yes"})
        expect(profile["ssh"], {"host": "h.example", "algorithm": "sha256", "seed": "two", "length": "100",
                                "command": "ssh", "server": server, "signed": "no", "plain": "yes", "udp": "4242",
                                "icmp": "yes", "dns": "k.example.org", "confirm": "yes", "address": "yes",
                                "opens": "22/tcp"})
        expect(profile["inner"], {"host": "h.example", "algorithm": "sha256", "seed": "three", "length": "100",
                                  "command": "inner", "server": server, "signed": "no", "plain": "yes", "icmp": "yes",
                                  "dns": "k.example.org", "confirm": "yes", "ports": "61000-65534"})
        otk.refused(2, "--host", "grant", "profile", "anna", "ssh", "--host", "a b")
        otk.must("user", "add", "bert")
        otk.refused(1, "has no grant", "grant", "profile", "bert", "ssh")


def test_host_of_a_profile():
    """a name without a dot that nobody chose is warned of where a user will get it"""
    with Installation() as otk:
        ready(otk)
        bare = "." not in socket.gethostname()
        warning = "Say --host NAME"
        for words in (("grant", "add", "anna", "hello", "--token", signing_token("one")), ("grant", "profile", "anna", "hello")):
            expect(warning in otk.must(*words).err, bare)
        for chosen in ("otherbox", "h.example", "192.0.2.1", "2001:db8::1"):
            expect(otk.must("grant", "profile", "anna", "hello", "--host", chosen).err.count(warning), 0)
        expect(otk.must("grant", "renew", "anna", "hello", "--generate", "--unsigned").err.count(warning), 0)  # names no host


def test_knockgen_takes_it():
    """knockgen keeps the profile by the very line that knockmgr printed, for a token of its own; both tell the same check words"""
    with Installation(ZONE) as otk:
        ready(otk)
        made = subprocess.run([KNOCKGEN, "token", "--length", "21", "--weak", "-p", "-"], input="This is a test.\n",
                              text=True, capture_output=True, check=True, timeout=60).stdout.strip()
        expect(made.count(":"), 5)
        added = otk.must("grant", "add", "anna", "hello", "--token", made, "--json", "--host", "::1").json()
        again = otk.must("grant", "profile", "anna", "hello", "--host", "::1")
        expect_in(f"compared by voice: {added['profile_check_words']}\n", again.err)
        expect(otk.must("grant", "profile", "anna", "hello", "--host", "::1", "--json").json()["profile_check_words"], added["profile_check_words"])
        homes = {"XDG_CONFIG_HOME": f"{otk.base}/config", "XDG_STATE_HOME": f"{otk.base}/state", "HOME": otk.base}
        words = shlex.split(added["profile_command"])
        expect(words[0], "knockgen")
        kept = subprocess.run([KNOCKGEN, *words[1:]], env=homes, check=True, timeout=60, capture_output=True, text=True).stdout
        expect_in(f"check words of the line: {added['profile_check_words']}\n", kept)
        shown = subprocess.run([KNOCKGEN, "profile", "show", "hello", "--json"], env=homes, check=True, timeout=60,
                               capture_output=True, text=True).stdout
        expect_in(made.split(":")[3], shown)


def test_log_and_explain():
    """log and explain say which knocks were signed, with their argument, and which lacked a signature"""
    with Installation() as otk:
        knocks, _ = otk.play_scene("signed")
        spent, refused, missing = otk.must("log", "--json").json()[-3:]
        expect([spent[name] for name in ("request", "argument", "claimed_time")], ["signed", "nginx", "2026-11-21T19:00:00.000Z"])
        expect((refused["request"], refused["refusal"], refused["argument"]), ("signed", "argument not allowed", "a b"))
        expect((missing["kind"], missing["request"], missing["outcome"]), ("not signed", None, "not spent: signature missing"))
        text = otk.must("log").out
        expect_in(", signed, argument nginx", text)
        expect_in("not spent: signature missing", text)
        expect_in("signed, argument nginx", otk.must("explain", knocks[0]).out)
        expect_in("does not match the pattern", otk.must("explain", knocks[1]).out)
        told = otk.must("explain", knocks[2]).out
        expect_in("--plain of the grant lets plain knocks pass", told)
        expect_in("It was not spent by that. Now: not used yet", told)
        expect(otk.must("explain", knocks[2], "--json").json()["verdict"], "unused")


run_all(globals())
