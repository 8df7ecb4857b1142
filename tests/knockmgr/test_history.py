"""log and explain, on a history that scene.cpp wrote."""

import os
import signal
import sqlite3
import subprocess

from harness import CALLER, IS_ROOT, KNOCKMGR, Installation, expect, expect_in, run_all


def test_log():
    """log joins each knock with how its command ended, the newest last"""
    with Installation() as otk:
        otk.play_scene()
        rows = otk.must("log", "--json").json()
        kinds = [(row["kind"], row.get("number"), row["outcome"]) for row in rows]
        expect(kinds, [("created", None, "the ledger was made"),
                       ("accepted", 19, "exit 3 in 12 ms (contested)"),
                       ("contested", 19, "contested: the knock of row 2 came again"),
                       ("replay", 19, "replay of row 2"),
                       ("refused", 18, "refused: source not allowed"),
                       ("accepted", 16, "interrupted"),
                       ("late", 17, "late: a later knock had jumped over it"),
                       ("accepted", 15, "running")])
        first = rows[1]
        expect((first["user"], first["command"], first["carrier"], first["source"], first["source_proven"]),
               ("anna", "hello", "udp", "192.0.2.7", False))
        expect((first["end"]["outcome"], first["end"]["status"], first["end"]["duration_ms"]), ("exited", 3, 12))
        expect((rows[5]["jumped"], rows[5]["end"]["outcome"], rows[7]["end"]), (1, "interrupted", None))
        text = otk.must("log").out
        expect_in("192.0.2.7 (unproven)", text)
        expect_in("interrupted, jumped over 1\n", text)
        expect_in("running, for 203.0.113.9\n", text)
        expect(text.count("jumped over 1"), 1)
        expect(len(text.splitlines()), 1 + len(rows))


def test_log_to_a_reader_that_left():
    """log ends without a word when nobody reads on"""
    with Installation() as otk:
        outer, inner = os.pipe()
        os.close(outer)
        done = subprocess.run([KNOCKMGR, "log", "--dir", otk.dir], stdout=inner, stderr=subprocess.PIPE, text=True,
                              check=False, timeout=60)
        os.close(inner)
        expect((done.returncode, done.stderr), (-signal.SIGPIPE, ""))


def test_log_filters():
    """log shows only what was asked for"""
    with Installation() as otk:
        otk.play_scene()
        def numbers(*words):
            return [row["row"] for row in otk.must("log", "--json", *words).json()]
        everything = numbers()
        expect(numbers("--last", "2"), everything[-2:])
        expect(numbers("--last", "all"), everything)
        expect(numbers("--user", "anna"), everything[1:])
        expect(numbers("--user", "bert"), [])
        expect(numbers("--command", "hello", "--last", "1"), everything[-1:])
        expect(numbers("--since", "2090-01-01"), [])
        expect(numbers("--since", "1d"), everything)
        for words, part in ((("--user", "nosuch"), "there is no user 'nosuch' in the ledger"),
                            (("--command", "nosuch"), "there is no command 'nosuch' in the ledger"),
                            (("--user", "anna", "--since", "2090-01-01"), "nothing of that kind happened"),
                            (("--since", "2090-01-01"), "nothing of that kind happened")):
            expect_in(part, otk.must("log", *words).out)


def test_output():
    """log --output shows what a command printed, harmless for a terminal unless --raw"""
    with Installation() as otk:
        otk.play_scene()
        expect(otk.must("log", "--output", "2").out, "hello\n\\x1b[2Jworld\n")
        expect(otk.must("log", "--output", "2", "--raw").out, "hello\n\033[2Jworld\n")
        for row, part in (("7", "no output"), ("999", "no row 999")):
            done = otk.run("log", "--output", row)
            expect((done.code, done.out), (1, ""))
            expect_in(part, done.err)
            expect(otk.dir in done.err, False)


def open_database(otk):
    return sqlite3.connect(f"{otk.dir}/ledger/ledger.db")


def test_verify():
    """log --verify accepts a whole ledger and names the row that was changed"""
    with Installation() as otk:
        otk.play_scene()
        expect_in("whole", otk.must("log", "--verify").out)
        database = open_database(otk)
        database.execute("DROP TRIGGER event_never_changes")
        database.execute("UPDATE event SET user = 'bert' WHERE number = 6")
        database.commit()
        database.close()
        done = otk.run("log", "--verify", "--json")
        expect((done.code, done.json()["damaged_row"], done.json()["whole"]), (1, 6, False))
        expect_in("row 6 is damaged", otk.run("log", "--verify").out)


def test_verify_against_anchors():
    """log --verify notices a ledger that lacks the row knockd acted on, or has another one in its place"""
    with Installation() as otk:
        otk.play_scene()
        whole = otk.must("log", "--verify", "--json").json()
        head = f"{whole['rows']}:{whole['head']}"
        expect(otk.run("log", "--verify", "--anchor", head).code, 0)
        expect(otk.run("log", "--verify", "--anchor", f"3:{whole['head']}").code, 1)
        with open(f"{otk.dir}/monitor/mark", "w", encoding="ascii") as file:
            file.write(f"otk-mark-1 {whole['rows'] + 1} {whole['head']}\n")
        expect(otk.run("log", "--verify").code, 1)
        expect(otk.run("log", "--verify", "--anchor", "rubbish").code, 2)


def test_knocks_left():
    """grants show the knocks that are left, counted from where the chain stands"""
    with Installation() as otk:
        otk.play_scene()
        expect(otk.must("grant", "list", "--json").json()[0]["knocks_left"], 14)
        expect_in("14 of 19", otk.must("grant", "show", "anna", "hello").out)


def explain(otk, value):
    return otk.must("explain", value, "--json").json()


def test_explain_history():
    """explain tells what became of knocks that came"""
    with Installation() as otk:
        values, _ = otk.play_scene()
        spent = explain(otk, values[0])
        expect((spent["verdict"], spent["replays"]), ("spent", 1))
        expect(spent["rows"][0]["end"]["status"], 3)
        expect(explain(otk, values[1])["verdict"], "refused")
        expect_in("--from of the grant", otk.must("explain", values[1]).out)
        expect(explain(otk, values[2])["verdict"], "late")
        text = otk.must("explain", values[0]).out
        for part in ("number 19 of anna/hello", "192.0.2.7 (unproven)", "exit 3 in 12 ms", "replayed"):
            expect_in(part, text)


def test_explain_what_comes_next():
    """explain tells which number the server waits for: none where the chain is used up, and why where it would refuse"""
    with Installation() as otk:
        values, grant = otk.play_scene()
        expect(explain(otk, values[0])["next"], 14)
        expect_in("The server waits for number 14 now.\n", otk.must("explain", values[0]).out)
        otk.must("user", "disable", "anna")
        expect_in("The server waits for number 14, and would refuse it now: user disabled.\n", otk.must("explain", values[0]).out)
        database = open_database(otk)
        database.execute("UPDATE position SET image = ?, count = 1 WHERE chain = ?",
                         (bytes.fromhex(values[-1]), bytes.fromhex(grant["chain"])))
        database.commit()
        database.close()
        expect(explain(otk, values[0])["next"], None)
        expect_in("No knock of its chain is left; `knockmgr grant renew`", otk.must("explain", values[0]).out)
        otk.must("grant", "renew", "anna", "hello", "--generate")
        expect_in("Nothing of its chain works any more.\n", otk.must("explain", values[0]).out)
        expect(explain(otk, values[0])["next"], None)


def test_explain_future():
    """explain tells knocks not used yet, those beyond the window, and those of nobody"""
    with Installation('[accept]\nwindow = 5\n') as otk:
        values, grant = otk.play_scene()
        for number in (14, 10):
            found = explain(otk, values[19 - number])
            expect((found["verdict"], found["number"], found["user"]), ("unused", number, "anna"))
        beyond = explain(otk, values[19 - 9])
        expect((beyond["verdict"], beyond["number"]), ("beyond the window", 9))
        expect_in("number 14 to 10 now (window 5)", otk.must("explain", values[19 - 9]).out)
        expect(explain(otk, values[-1])["number"], 1)
        expect(explain(otk, grant["image"])["verdict"], "image")
        expect(explain(otk, "00" * 16)["verdict"], "unknown")
        otk.must("user", "disable", "anna")
        expect_in("user disabled", otk.must("explain", values[5]).out)


def test_explain_passed_over():
    """a knock that was jumped over and never came is told from one that may still be used"""
    with Installation() as otk:
        otk.play_scene()
        values = otk.with_grant(user="bert", command="other")
        shown = otk.must("grant", "show", "bert", "other", "--json").json()
        numbered = {knock["number"]: knock["value"] for knock in values["knocks"]}
        database = open_database(otk)
        database.execute("INSERT INTO position (chain, image, count, at) VALUES (?, ?, ?, 1)",
                         (bytes.fromhex(shown["chain"]), bytes.fromhex(numbered[90]), 90))
        database.commit()
        database.close()
        expect(explain(otk, numbered[95])["verdict"], "late")
        expect(explain(otk, numbered[89])["verdict"], "unused")


def test_explain_former_chains():
    """explain tells a knock of a chain that was replaced or removed from one of nobody's"""
    with Installation() as otk:
        first = otk.with_grant("--length", "9")["knocks"]
        second = otk.must("grant", "renew", "anna", "hello", "--generate", "--json").json()["knocks"]
        found = explain(otk, first[2]["value"])
        expect((found["verdict"], found["number"], found["user"], found["command"]), ("replaced", 6, "anna", "hello"))
        expect(explain(otk, second[0]["value"])["verdict"], "unused")
        otk.must("user", "remove", "anna", "--yes")
        expect((explain(otk, first[0]["value"])["verdict"], explain(otk, second[0]["value"])["verdict"]),
               ("replaced", "removed"))
        text = otk.must("explain", second[1]["value"]).out
        for part in ("number 7 of anna/hello", "removed", CALLER):
            expect_in(part, text)
        expect(explain(otk, "11" * 16)["verdict"], "unknown")


def test_explain_nothing():
    """explain says when standard input was empty"""
    with Installation() as otk:
        for nothing in ("", "\n", " \n"):
            otk.refused(1, "standard input was empty", "explain", "-", stdin=nothing)


def test_explain_forms():
    """explain reads every form in which a knock can be written, also from standard input"""
    with Installation() as otk:
        otk.must("user", "add", "anna")
        otk.must("command", "add", "hello", "--exec", "--as", "nobody", "--", "/bin/true")
        listed = otk.must("grant", "add", "anna", "hello", "--generate", "--length", "9", "--form", "words").out
        words = listed.splitlines()[0].split(": ")[1]
        expect(len(words.split()), 12)
        found = otk.must("explain", *words.lower().split(), "--json").json()
        expect((found["verdict"], found["number"]), ("unused", 8))
        expect(otk.must("explain", "-", "--json", stdin=words + "\n").json()["number"], 8)
        for rubbish in ("xyzzy", "0" * 15, "\x1b[2J"):
            expect(otk.run("explain", rubbish).code, 1)


def test_ledger_out_of_reach():
    """as root the ledger is read by its account, which need not reach it from the outside"""
    if not IS_ROOT:
        return
    with Installation() as otk:
        otk.play_scene()
        os.chmod(otk.base, 0o700)
        expect(len(otk.must("log", "--json").json()), 8)
        os.chmod(f"{otk.dir}/ledger", 0o000)
        done = otk.run("log")
        expect(done.code, 1)
        expect_in("knockmgr: ", done.err)


run_all(globals())
