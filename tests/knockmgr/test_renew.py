"""Renewals: what stays, what is refused, and all grants at once."""

import os
import re
import sqlite3
import stat

from harness import CALLER, Installation, expect, expect_in, run_all
from users import SIGNING_KEYS, ready, signing_token, step, token, with_let_in

WEAK = '[accept]\nalgorithms = ["sha256", "md5"]\nweak_limit = 100000\n'


def content_of(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def show(otk, user="anna", command="hello"):
    return otk.must("grant", "show", user, command, "--json").json()


def chains(otk):
    return {(grant["user"], grant["command"]): grant["chain"] for grant in otk.must("grant", "list", "--json").json()}


def first_knock(sheet):
    """The first of a hex sheet."""
    return re.search(r"\[ \] +\d+  ((?:[0-9a-f]{4} ?){8})", content_of(sheet)).group(1).replace(" ", "")


def test_what_stays():
    """host, form, length and algorithm of a sheet stay with the rules, until an option says otherwise, and then that stays"""
    with Installation(WEAK) as otk:
        ready(otk)
        sheets = [f"{otk.base}/sheet-{number}.txt" for number in range(4)]
        otk.must("grant", "add", "anna", "hello", "--generate", "--algorithm", "md5", "--length", "12", "--form", "words",
                 "--host", "gate.example.org", "--carriers", "udp", "--sheet", sheets[0])
        before = show(otk)
        expect((before["host"], before["form"], before["made_here"]), ("gate.example.org", "words", True))
        done = otk.must("grant", "renew", "anna", "hello", "--generate", "--sheet", sheets[1])
        assert "Say --host NAME" not in done.err and "before:" not in done.out, done.out + done.err
        for sheet in sheets[:2]:
            for part in ("gate.example.org", "Chain        md5", "11 down to 1"):
                expect_in(part, content_of(sheet))
            expect(len(re.findall(r"\[ \] +\d+  [A-Z]+( [A-Z]+){5}\b", content_of(sheet))), 11)
        after = show(otk)
        expect([after[key] for key in ("host", "form", "algorithm", "length", "rules")],
               [before[key] for key in ("host", "form", "algorithm", "length", "rules")])
        expect(after["chain"] == before["chain"], False)
        said = otk.must("grant", "renew", "anna", "hello", "--generate", "--sheet", sheets[2], "--host", "other.example.org",
                        "--form", "hex", "--algorithm", "sha256", "--length", "9").out
        expect_in("before: md5 with 11 knocks, plain\n", said)
        otk.must("grant", "renew", "anna", "hello", "--generate", "--sheet", sheets[3])
        for part in ("other.example.org", "Chain        sha256", "8 down to 1"):
            expect_in(part, content_of(sheets[3]))
        expect(show(otk)["image"], step(first_knock(sheets[3])))


def test_host_of_a_token():
    """the host of a profile stays when its token is renewed, and `grant profile` has it too"""
    with Installation() as otk:
        ready(otk)
        otk.must("grant", "add", "anna", "hello", "--token", signing_token("one"), "--host", "gate.example.org")
        expect(show(otk)["made_here"], False)
        renewed = otk.must("grant", "renew", "anna", "hello", "--token", signing_token("two", SIGNING_KEYS[1]), "--json")
        expect_in(" host=gate.example.org ", renewed.json()["profile"] + " ")
        expect_in(" host=gate.example.org ", otk.must("grant", "profile", "anna", "hello").out)
        expect("Say --host NAME" in renewed.err, False)


def test_of_an_older_policy():
    """a grant of which nobody knows the host and the form is renewed as a new one is added"""
    with Installation() as otk:
        otk.with_grant("--host", "gate.example.org")
        forget(otk)
        expect([show(otk)[key] for key in ("host", "form", "made_here")], [None] * 3)
        otk.must("grant", "renew", "anna", "hello", "--generate", "--host", "gate.example.org")
        expect([show(otk)[key] for key in ("host", "form", "made_here")], ["gate.example.org", None, True])


def forget(otk):
    database = sqlite3.connect(f"{otk.dir}/policy/policy.db")
    database.execute("UPDATE grant SET host = '', form = '', made_here = NULL")
    database.commit()
    database.close()


def test_algorithm_that_is_not_accepted_any_more():
    """a renewal does not make a chain that is not accepted, nor another one in silence: it says which option does"""
    with Installation(WEAK) as otk:
        ready(otk)
        otk.must("grant", "add", "anna", "hello", "--generate", "--algorithm", "md5")
        otk.configure("[users]\nvalidate = \"nobody\"\ncapture = \"daemon\"\n")
        otk.refused(1, "say --algorithm sha256", "grant", "renew", "anna", "hello", "--generate")
        otk.must("grant", "renew", "anna", "hello", "--generate", "--algorithm", "sha256")
        expect(show(otk)["algorithm"], "sha256")


def test_useless():
    """where the rules that stay refuse every knock, a renewal says so"""
    with Installation() as otk:
        otk.with_grant("--per-day", "5")
        otk.must("grant", "disable", "anna", "hello")
        expect_in("the new knocks of anna/hello will be refused: disabled", otk.must("grant", "renew", "anna", "hello", "--generate").err)
        otk.must("grant", "enable", "anna", "hello")
        expect("will be refused" in otk.must("grant", "renew", "anna", "hello", "--generate").err, False)


def test_a_weaker_token():
    """a token of another algorithm or length is taken, and what is different is told"""
    with Installation(WEAK) as otk:
        ready(otk)
        otk.must("grant", "add", "anna", "hello", "--token", token("one", length=50))
        said = otk.must("grant", "renew", "anna", "hello", "--token", token("two", "md5", 20)).out
        expect_in("renewed: md5 with 19 knocks", said)
        expect_in("before: sha256 with 49 knocks, plain\n", said)


def with_four(otk):
    """Of anna a sheet in words, of bert signed knocks and a sheet, of carla a chain of her own."""
    with_let_in(otk)
    otk.must("command", "add", "hello", "--exec", "--as", CALLER, "--", "/bin/echo", "hello")
    for user in ("bert", "carla"):
        otk.must("user", "add", user)
    otk.must("grant", "add", "anna", "hello", "--generate", "--form", "words", "--host", "gate.example.org", "--length", "7")
    otk.must("grant", "add", "bert", "hello", "--token", signing_token("one"), "--plain")
    otk.must("grant", "add", "bert", "let-in", "--generate", "--host", "192.0.2.1", "--length", "5")
    otk.must("grant", "add", "carla", "hello", "--token", token("two"))
    return otk


def test_all():
    """--all renews what is made here, each into a sheet of its own; names the others, with what to do; and leaves them"""
    with Installation() as otk:
        before = chains(with_four(otk))
        folder = f"{otk.base}/sheets"
        done = otk.run("grant", "renew", "--all", "--sheets", folder, "--yes")
        expect((done.code, done.err), (1, ""))  # because of those that are left
        expect(sorted(os.path.relpath(os.path.join(where, name), folder) for where, _, names in os.walk(folder) for name in names),
               ["anna/hello.txt", "bert/let-in.txt"])
        for where, _, names in os.walk(folder):
            expect(stat.S_IMODE(os.stat(where).st_mode), 0o700)
            for name in names:
                expect(stat.S_IMODE(os.stat(os.path.join(where, name)).st_mode), 0o600)
        after = chains(otk)
        expect([name for name in before if before[name] != after[name]], [("anna", "hello"), ("bert", "let-in")])
        expect(show(otk, "bert", "let-in")["image"], step(first_knock(f"{folder}/bert/let-in.txt")))
        expect_in("192.0.2.1", content_of(f"{folder}/bert/let-in.txt"))
        expect(len(re.findall(r"\[ \] +\d+  [A-Z]+( [A-Z]+){5}\b", content_of(f"{folder}/anna/hello.txt"))), 6)
        for part in ("anna/hello: renewed; sheet: " + folder + "/anna/hello.txt\n",
                     "bert/hello: not renewed: takes signed knocks: the user makes a token with `knockgen token`, and "
                     "`knockmgr grant renew bert hello --token TOKEN`",
                     "carla/hello: not renewed: has the chain of a secret of the user's: the user makes a token with `knockgen "
                     "token --plain`", "2 grants renewed (print the sheets, hand them over, delete them), 2 left as it was\n"):
            expect_in(part, done.out)


def test_all_as_json():
    """--all --json has one object for each grant, and no knock"""
    with Installation() as otk:
        with_four(otk)
        folder = f"{otk.base}/sheets"
        done = otk.run("grant", "renew", "--all", "--sheets", folder, "--yes", "--json", "--host", "new.example.org")
        results = {(each["user"], each["command"]): each for each in done.json()}
        expect([name for name, each in results.items() if each["renewed"]], [("anna", "hello"), ("bert", "let-in")])
        anna = results["anna", "hello"]
        expect((anna["sheet"], anna["check_words"], anna["why_not"]),
               (f"{folder}/anna/hello.txt", show(otk)["check_words"], None))
        expect([results["carla", "hello"][key] for key in ("sheet", "check_words")], [None, None])
        expect(first_knock(f"{folder}/bert/let-in.txt") in done.out, False)
        for user, command in (("anna", "hello"), ("bert", "let-in")):
            expect(show(otk, user, command)["host"], "new.example.org")


def test_all_goes_on():
    """a grant that cannot be renewed keeps its chain, is named with the reason, and stops no other"""
    with Installation(WEAK) as otk:
        otk.with_grant("--host", "gate.example.org")
        otk.must("user", "add", "aaron")
        otk.must("grant", "add", "aaron", "hello", "--generate", "--algorithm", "md5", "--host", "gate.example.org")
        before = chains(otk)
        otk.configure("[users]\nvalidate = \"nobody\"\ncapture = \"daemon\"\n")
        done = otk.run("grant", "renew", "--all", "--sheets", f"{otk.base}/sheets", "--yes")
        expect(done.code, 1)
        expect_in("aaron/hello: not renewed: the chain of aaron/hello is of md5", done.out)
        expect_in("anna/hello: renewed", done.out)
        after = chains(otk)
        expect([name for name in before if before[name] != after[name]], [("anna", "hello")])


def test_all_when_all_goes_well():
    """--all ends with 0 when nothing is left, says once that nobody chose the host, and takes what is not known as made here"""
    with Installation() as otk:
        otk.with_grant()
        otk.with_grant(user="bert", command="other")
        forget(otk)
        done = otk.must("grant", "renew", "--all", "--sheets", f"{otk.base}/sheets", "--yes")
        expect_in("2 grants renewed", done.out)
        assert done.err.count("Say --host NAME") <= 1, done.err
        otk.must("user", "remove", "anna", "--yes")
        otk.must("user", "remove", "bert", "--yes")
        expect(otk.must("grant", "renew", "--all", "--sheets", f"{otk.base}/none").out, "no grant has to be renewed\n")
        expect(os.path.exists(f"{otk.base}/none"), False)


def test_all_refused():
    """--all renews nothing unless it may, knows where to, and is told nothing that is about one grant"""
    with Installation() as otk:
        with_four(otk)
        os.mkdir(f"{otk.base}/there")
        new = f"{otk.base}/new"
        otk.refused(1, "--yes", "grant", "renew", "--all", "--sheets", new)
        otk.refused(1, "exists already", "grant", "renew", "--all", "--yes", "--sheets", f"{otk.base}/there")
        otk.refused(1, "No such file", "grant", "renew", "--all", "--yes", "--sheets", f"{otk.base}/no/such")
        otk.refused(2, "--sheets DIR", "grant", "renew", "--all", "--yes")
        otk.refused(2, "name no user", "grant", "renew", "anna", "hello", "--all", "--sheets", new)
        for words in (("--generate",), ("--token", token("x")), ("--length", "5"), ("--algorithm", "md5"), ("--seed", "x"),
                      ("--sheet", new), ("--unsigned",)):
            otk.refused(2, "about one grant", "grant", "renew", "--all", "--sheets", new, *words)
        for words in (("--sheets", new), ("--retired",), ("--yes",)):
            otk.refused(2, "goes with --all", "grant", "renew", "anna", "hello", "--generate", *words)
        otk.refused(2, "USER COMMAND, or --all", "grant", "renew", "anna", "--generate")
        otk.refused(2, "USER COMMAND, or --all", "grant", "renew")
        expect(os.path.exists(new), False)


run_all(globals())
