"""init, users, commands, help and usage."""

import os
import pty
import pwd
import shutil
import stat
import subprocess

from harness import CALLER, IS_ROOT, KNOCKMGR, Installation, expect, expect_in, run_all, subcommands


def plain(*words):
    return subprocess.run([KNOCKMGR, *words], capture_output=True, text=True, check=False, timeout=60)


def test_init():
    """init makes a whole installation with the owners and modes that keep the parts apart"""
    with Installation() as otk:
        for name, mode in (("policy", 0o750), ("ledger", 0o700), ("monitor", 0o711), ("policy/policy.db", 0o640)):
            expect(stat.S_IMODE(os.stat(f"{otk.dir}/{name}").st_mode), mode)
        if IS_ROOT:
            nobody = pwd.getpwnam("nobody")
            ledger, policy = os.stat(f"{otk.dir}/ledger/ledger.db"), os.stat(f"{otk.dir}/policy/policy.db")
            expect((ledger.st_uid, policy.st_uid, policy.st_gid), (nobody.pw_uid, 0, nobody.pw_gid))
        expect(os.listdir(f"{otk.dir}/policy"), ["policy.db"])
        expect(otk.must("user", "list", "--json").json(), [])


def test_init_configuration():
    """init writes a documented otk.toml only where there is none"""
    with Installation() as otk:
        with open(f"{otk.dir}/otk.toml", encoding="utf-8") as file:
            expect(file.read().startswith("[users]"), True)
    if IS_ROOT:
        return
    with Installation(initialise=False) as otk:
        os.unlink(f"{otk.dir}/otk.toml")
        otk.must("init")
        with open(f"{otk.dir}/otk.toml", encoding="utf-8") as file:
            expect_in("window = 10", file.read())


def test_init_twice():
    """init refuses an installation that exists, and changes nothing"""
    with Installation() as otk:
        otk.must("user", "add", "anna")
        otk.refused(1, "there is an installation already", "init")


def test_init_again_after_an_interruption():
    """an init that was cut off before its end can be run again and keeps the ledger it made"""
    with Installation() as otk:
        before = otk.must("log", "--json").out
        os.rename(f"{otk.dir}/policy/policy.db", f"{otk.dir}/policy/policy.db.unfinished")
        otk.must("init")
        expect(otk.must("log", "--json").out, before)
        otk.must("log", "--verify")


def test_init_over_a_used_ledger():
    """a ledger that records knocks is never taken for a new installation"""
    with Installation() as otk:
        otk.play_scene()
        os.rename(f"{otk.dir}/policy/policy.db", f"{otk.dir}/policy.db")
        otk.refused(1, "records knocks", "init")


def test_init_beside_a_mark():
    """a mark without its ledger belongs to an installation that got lost"""
    with Installation(initialise=False) as otk:
        os.mkdir(f"{otk.dir}/monitor")
        with open(f"{otk.dir}/monitor/mark", "w", encoding="ascii") as file:
            file.write("otk-mark-1 5 " + "0" * 64 + "\n")
        done = otk.run("init")
        expect((done.code, os.path.exists(f"{otk.dir}/policy/policy.db")), (1, False))
        expect_in("earlier installation", done.err)


def test_init_without_accounts():
    """as root init says how to make the accounts that are missing"""
    if not IS_ROOT:
        return
    with Installation(initialise=False) as otk:
        otk.configure('[users]\nvalidate = "no-such-account"\ncapture = "daemon"\n')
        otk.refused(1, "useradd --system", "init")


def test_before_init():
    """without an installation every subcommand says to make one"""
    with Installation(initialise=False) as otk:
        for words in (("user", "list"), ("user", "add", "anna"), ("grant", "list"), ("status",), ("log", "--changes")):
            otk.refused(1, "knockmgr init", *words)
        for words in (("log",), ("log", "--verify"), ("explain", "00" * 16), ("log", "--output", "1")):
            done = otk.run(*words)
            expect((words, done.code, done.out), (words, 1, ""))
            expect_in(f"knockmgr init --dir {otk.dir}", done.err)


def test_no_such_directory():
    """a directory that is not there is named, whatever was to be done in it"""
    with Installation(initialise=False) as otk:
        for words in (("user", "list"), ("grant", "add", "a", "b", "--generate"), ("log",), ("explain", "00" * 16),
                      ("status",)):
            done = plain(*words, "--dir", f"{otk.base}/none")
            expect((words, done.returncode, done.stdout), (words, 1, ""))
            expect_in(f"{otk.base}/none: there is no such directory; `knockmgr init --dir", done.stderr)


def test_without_root():
    """whoever may not read the installation of root is told who may"""
    if not IS_ROOT:
        return
    with Installation() as otk:
        os.chmod(otk.base, 0o755)
        os.chmod(otk.dir, 0o755)
        program = shutil.copy(KNOCKMGR, f"{otk.base}/knockmgr")
        for words in (("user", "list"), ("log",), ("status",), ("explain", "00" * 16), ("user", "add", "anna")):
            done = subprocess.run([program, *words, "--dir", otk.dir], capture_output=True, text=True, check=False,
                                  user=65000, group=65000, extra_groups=[], timeout=60)
            expect((words, done.returncode, done.stdout), (words, 1, ""))
            expect_in("Permission denied; run knockmgr as root", done.stderr)


def test_users():
    """users are added, listed, disabled, enabled and removed"""
    with Installation() as otk:
        otk.must("user", "add", "bert")
        otk.must("user", "add", "anna")
        otk.must("user", "disable", "anna")
        expect(otk.must("user", "list", "--json").json(), [{"name": "anna", "enabled": False, "grants": []},
                                                           {"name": "bert", "enabled": True, "grants": []}])
        expect_in("disabled", otk.must("user", "show", "anna").out)
        otk.must("user", "enable", "anna")
        expect_in("enabled already", otk.must("user", "enable", "anna").out)
        otk.must("user", "remove", "bert", "--yes")
        expect([user["name"] for user in otk.must("user", "list", "--json").json()], ["anna"])


def test_bad_users():
    """names that cannot be, that exist, or that do not exist are refused with advice"""
    with Installation() as otk:
        otk.must("user", "add", "anna")
        for name in ("Anna", "1a", "a b", "ann\x1b[2J", "a" * 33, ""):
            otk.refused(1, "begins with a letter", "user", "add", name)
        otk.refused(1, "exists already", "user", "add", "anna")
        otk.refused(1, "did you mean 'anna'?", "user", "disable", "ana")
        otk.refused(1, "user list", "user", "show", "zacharias")


def test_removal_needs_consent():
    """nothing is removed where nobody can say yes"""
    with Installation() as otk:
        otk.with_grant()
        otk.refused(1, "--yes", "user", "remove", "anna")
        otk.refused(1, "--yes", "command", "remove", "hello")
        otk.refused(1, "--yes", "grant", "remove", "anna", "hello")
        expect_in("1 grant", otk.must("command", "remove", "hello", "--yes").out)
        expect(otk.must("grant", "list", "--json").json(), [])


def test_consent_on_a_terminal():
    """on a terminal a removal asks, and only yes is yes"""
    with Installation() as otk:
        otk.must("user", "add", "anna")
        for answer, code, left in (("n", 1, ["anna"]), ("", 1, ["anna"]), ("y", 0, [])):
            outer, inner = pty.openpty()
            os.write(outer, answer.encode() + b"\n")
            done = subprocess.run([KNOCKMGR, "user", "remove", "anna", "--dir", otk.dir], stdin=inner, text=True,
                                  capture_output=True, check=False, timeout=60)
            os.close(outer)
            os.close(inner)
            expect_in("[y/N]", done.stderr)
            expect(done.returncode, code)
            expect([user["name"] for user in otk.must("user", "list", "--json").json()], left)


def test_commands():
    """a command keeps its arguments exactly, whatever stands in them"""
    with Installation() as otk:
        argv = ["/bin/echo", "a b", "--dir", "", "'\"$(x)", "{address}", "--", "-h", "ä"]
        otk.must("command", "add", "odd", "--exec", "--as", CALLER, "--limit", "5m", "--", *argv)
        shown = otk.must("command", "show", "odd", "--json").json()
        expect((shown["argv"], shown["run_as"], shown["limit_seconds"]), (argv, CALLER, 300))
        expect((shown["uses_address"], shown["kind"], shown["enabled"]), (True, "exec", True))
        otk.must("command", "disable", "odd")
        expect(otk.must("command", "list", "--json").json()[0]["enabled"], False)


def test_bad_commands():
    """commands that could not run, or would run otherwise than meant, are refused"""
    with Installation() as otk:
        def refused(code, part, *words):
            otk.refused(code, part, "command", "add", *words)
        who = ("--as", CALLER)
        refused(2, "--exec", "x", *who, "--", "/bin/true")
        refused(2, "after --", "x", "--exec", *who)
        refused(1, "absolute path", "x", "--exec", *who, "--", "true")
        refused(1, "No such file", "x", "--exec", *who, "--", "/no/such/program")
        refused(1, "not a program", "x", "--exec", *who, "--", "/etc/passwd")
        refused(1, "not a program", "x", "--exec", *who, "--", "/tmp")
        refused(1, "longer argument", "x", "--exec", *who, "--", "/bin/echo", "to={address}")
        refused(1, "not a token", "x", "--exec", *who, "--", "/bin/echo", "{adress}")
        refused(1, "no account", "x", "--exec", "--as", "no-such-account", "--", "/bin/true")
        refused(2, "30s", "x", "--exec", *who, "--limit", "30", "--", "/bin/true")
        refused(2, "24h", "x", "--exec", *who, "--limit", "2d", "--", "/bin/true")
        refused(1, "begins with a letter", "X", "--exec", *who, "--", "/bin/true")
        if IS_ROOT:
            refused(2, "--as", "x", "--exec", "--", "/bin/true")


def test_writable_program():
    """a program that others may change is accepted with a warning"""
    with Installation() as otk:
        program = f"{otk.base}/program"
        with open(program, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\n")
        os.chmod(program, 0o777)
        expect_in("decides what a knock runs",
                  otk.must("command", "add", "x", "--exec", "--as", CALLER, "--", program).err)


def test_changes_say_who():
    """the table of changes names who, what and when; behind sudo the user's own name"""
    with Installation() as otk:
        otk.must("user", "add", "anna", environment={"SUDO_USER": "carla"})
        change = otk.must("log", "--changes", "--json").json()[-1]
        expect((change["who"], change["what"], change["object"]), ("carla" if IS_ROOT else CALLER, "user add", "anna"))


def test_help():
    """every subcommand explains itself, with an example and every option it takes"""
    found = subcommands()
    assert len(found) >= 23, found
    for words in map(str.split, found):
        done = plain(*words, "--help")
        expect((done.returncode, done.stderr), (0, ""))
        expect_in("knockmgr " + " ".join(words), done.stdout.split("example", 1)[1])
        assert all(len(line) <= 100 for line in done.stdout.splitlines()), words
    expect(plain("--version").stdout.startswith("knockmgr (otk) "), True)


def test_manual():
    """the manual page names every subcommand and every option"""
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/knockmgr.8"), encoding="ascii") as file:
        page = file.read()
    for words in map(str.split, subcommands()):
        for word in words:
            expect_in(word, page)
        for line in plain(*words, "--help").stdout.split("\noptions:\n")[1].splitlines():
            if line.startswith("  --"):
                expect_in("Fl -" + line.split()[0][2:], page)


def test_usage():
    """wrong usage ends with 2 and says what would have been right"""
    for words, part in (((), "--help"), (("usr",), "did you mean 'user'"), (("user", "lst"), "'user list'"),
                        (("user",), "user disable"), (("user", "add"), "needs NAME"),
                        (("user", "add", "a", "b"), "too many"), (("user", "list", "--jsn"), "--json"),
                        (("log", "--last"), "needs N"), (("log", "--last", "1", "--last", "2"), "twice"),
                        (("user", "list", "--json=1"), "takes no value"), (("user", "list", "-j"), "two dashes"),
                        (("log", "--last", "x"), "no number"), (("log", "--since", "soon"), "no time")):
        done = plain(*words)
        expect((done.returncode, done.stdout), (2, ""))
        expect_in(part, done.stderr)


def test_broken_pipe():
    """output that cannot be written is an error, not a success"""
    with Installation() as otk:
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([KNOCKMGR, "user", "list", "--dir", otk.dir], stdout=full, stderr=subprocess.PIPE,
                                  text=True, check=False, timeout=60)
        expect(done.returncode, 1)
        expect_in("No space left", done.stderr)


run_all(globals())
