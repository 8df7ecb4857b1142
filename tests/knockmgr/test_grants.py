"""grants: chains, their rules, and what is refused."""

import hashlib
import json
import os
import re
import shlex
import sqlite3
import stat
import subprocess

from harness import CALLER, KNOCKGEN, Installation, expect, expect_in, run_all

WEAK = '[accept]\nwindow = 10\nalgorithms = ["sha256", "md5"]\nweak_limit = 2000\n'


def token(seed, algorithm="sha256", length=100, image=None):
    image = image or hashlib.sha256(seed.encode()).hexdigest()[:32 if algorithm == "sha256" else 16]
    return f"otk1:{algorithm}:{length}:{seed}:{image}"


def ready(otk):
    otk.must("user", "add", "anna")
    otk.must("command", "add", "hello", "--exec", "--as", CALLER, "--", "/bin/echo", "hello")
    return otk


ZONE = '[dns]\nzones = ["k.example.org"]\n'


def with_let_in(otk):
    """A user, and a command that uses an address."""
    otk.must("user", "add", "anna")
    otk.must("command", "add", "let-in", "--exec", "--as", CALLER, "--", "/bin/echo", "{address}")
    return otk


def step(value):
    """One step of a sha256 chain, computed by somebody else's SHA-256."""
    return hashlib.sha256(bytes.fromhex(value)).hexdigest()[:32]


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


def test_sheet():
    """--sheet writes a new private file, overwrites nothing, and leaves none behind when the grant is refused"""
    with Installation() as otk:
        sheet = f"{otk.base}/sheet.txt"
        said = ready(otk).must("grant", "add", "anna", "hello", "--generate", "--sheet", sheet).out
        expect(stat.S_IMODE(os.stat(sheet).st_mode), 0o600)
        with open(sheet, encoding="ascii") as file:
            content = file.read()
        words = otk.must("grant", "show", "anna", "hello", "--json").json()["check_words"]
        expect_in(words, content)
        expect_in(words, said)
        expect("anna" in content, False)
        otk.refused(1, sheet, "grant", "renew", "anna", "hello", "--generate", "--sheet", sheet)
        other = f"{otk.base}/other.txt"
        otk.refused(1, "already", "grant", "add", "anna", "hello", "--generate", "--sheet", other)
        otk.refused(1, "No such file", "grant", "renew", "anna", "hello", "--generate", "--sheet", f"{otk.base}/no/such/x")
        expect(os.path.exists(other), False)


def dns_lines(text):
    return re.findall(r"^    (?:dig|nslookup|http).*k\.example\.org", text, re.MULTILINE)


def test_sheet_of_a_command_with_an_address():
    """a sheet has lines for dns only where the rule for addresses lets such a knock pass, and in that form"""
    for rule, form, lines, address in ((None, "base32", 0, ""), (None, "hex", 0, ""), ("source", "hex", 3, ""),
                                       ("source", "base32", 3, ""), ("named", "base32", 3, "-A-B-C-D"),
                                       ("named", "hex", 0, ""), ("named", "words", 0, "")):
        with Installation(ZONE) as otk:
            sheet = f"{otk.base}/sheet.txt"
            options = ("--address", rule) if rule else ()
            said = with_let_in(otk).must("grant", "add", "anna", "let-in", "--generate", "--form", form,
                                         "--sheet", sheet, *options).out
            with open(sheet, encoding="ascii") as file:
                content = file.read()
            found = dns_lines(content)
            expect((rule, form, len(found)), (rule, form, lines))
            expect(all((address + ".k.example.org" in line) and ("A-B-C-D" in line) == bool(address)
                       for line in found), True)
            expect("no lines for dns" in said, lines == 0)
            expect("put _ between words" in content, False)


def test_sheet_without_an_address():
    """where the command uses no address, lines for dns need no name of one, whatever the rule"""
    for rule in ("knock", "source", "named"):
        with Installation(ZONE) as otk:
            sheet = f"{otk.base}/sheet.txt"
            said = ready(otk).must("grant", "add", "anna", "hello", "--generate", "--address", rule, "--sheet", sheet)
            with open(sheet, encoding="ascii") as file:
                content = file.read()
            expect((len(dns_lines(content)), "A-B-C-D" in content, "no lines" in said.out), (3, False, False))


def printed_sheet(otk, user_token, *options):
    """The sheet that knockgen prints by the line that `grant add --token` told."""
    listed = otk.must("grant", "add", "anna", "let-in", "--token", user_token, "--json", *options).json()
    otk.must("grant", "remove", "anna", "let-in", "--yes")
    words = shlex.split(listed["sheet_command"])
    expect((words[:2], words[-2:]), (["knockgen", "sheet"], ["--output", "sheet.txt"]))
    done = subprocess.run([KNOCKGEN, *words[1:-2], "--passphrase-file", "-"], input="This is a test.\n", text=True,
                          capture_output=True, check=False, timeout=60)
    expect((listed["sheet_command"], done.returncode), (listed["sheet_command"], 0))
    return listed, done.stdout


def test_line_for_the_users_sheet():
    """grant add --token prints a line by which knockgen makes the right sheet, whatever the rules are"""
    with Installation(ZONE + '[udp]\nports = [4242]\n') as otk:
        with_let_in(otk)
        for number, (options, lines, address, ping) in enumerate((
                ((), 0, False, True), (("--address", "source"), 3, False, True),
                (("--address", "named"), 3, True, False), (("--address", "named", "--form", "hex"), 0, False, True),
                (("--carriers", "udp"), 0, False, False), (("--carriers", "icmp"), 0, False, True))):
            made = subprocess.run([KNOCKGEN, "token", "--seed", f"seed{number}", "--length", "21", "--weak", "-p", "-"],
                                  input="This is a test.\n", text=True, capture_output=True, check=True, timeout=60)
            listed, page = printed_sheet(otk, made.stdout.strip(), "--host", "server.example.org", *options)
            expect((options, len(dns_lines(page)), "A-B-C-D" in page, "ping -c1" in page),
                   (options, lines, address, ping))
            expect("server.example.org 4242" in page, "icmp" not in options)
            for part in (listed["check_words"], "Command      let-in", "length 21"):
                expect_in(part, page)
        otk.refused(2, "--host", "grant", "add", "anna", "let-in", "--token", token("pepper"), "--host", "a b")
        expect_in("the user's sheet: knockgen sheet --seed pepper ",
                  otk.must("grant", "add", "anna", "let-in", "--token", token("pepper")).out)


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
        refused(1, "public key", "--token", token("a") + ":" + "11" * 32)
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
        first = {"address": "named", "named_within": ["203.0.113.0/24", "2001:db8::/32"],
                 "from": ["198.51.100.0/24", "192.0.2.1/32"], "carriers": ["udp", "dns"],
                 "not_before": "2026-01-02T00:00:00.000Z", "expires": "2090-12-31T18:30:00.000Z"}
        shown = rules()
        shown["from"][1] = shown["from"][1].split("/")[0] + "/32"  # one address may be written either way
        expect(shown, first)
        otk.must("grant", "set", "anna", "hello", "--carriers", "icmp")
        expect((rules()["carriers"], rules()["address"]), (["icmp"], "named"))
        otk.must("grant", "set", "anna", "hello", "--from", "any", "--named-within", "any", "--carriers", "any",
                 "--not-before", "none", "--expires", "none", "--address", "knock")
        expect(rules(), {"address": "knock", "named_within": [], "from": [], "carriers": ["udp", "icmp", "dns"],
                         "not_before": None, "expires": None})


def test_bad_rules():
    """rules that cannot be read, or that nothing can fulfil, are refused"""
    with Installation() as otk:
        otk.with_grant()
        for option, value, part in (("--address", "claim", "none of knock"), ("--carriers", "tcp", "udp,icmp"),
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
