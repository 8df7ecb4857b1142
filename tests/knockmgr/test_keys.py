"""The server's own keys: made by init, rotated, listed, ended; whatever is killed in between."""

import contextlib
import datetime
import os
import pwd
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import time

from harness import CONFIGURATION, IS_ROOT, KNOCKMGR, Installation, expect, expect_in, run_all
from users import SIGNING_KEYS, ready, signing_token
from x25519 import public_half

ALICE = ("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
         "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
DYNAMIC = "[dynamic]\nenabled = true\n"


def keys(otk):
    return otk.must("key", "list", "--json").json()


def file_of(otk, number):
    return f"{otk.dir}/server/{number}.key"


def private_half(otk, number):
    with open(file_of(otk, number), encoding="ascii") as file:
        text = file.read()
    expect(bool(re.fullmatch("[0-9a-f]{64}\n", text)), True)
    return text.strip()


def expect_whole(otk, numbers):
    """Those keys are there, and the file of each has the private half of what the policy says."""
    listed = keys(otk)
    expect([key["key"] for key in listed], numbers)
    for key in listed:
        expect(public_half(private_half(otk, key["key"])), key["public"])


def seconds_from_now(text):
    at = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (at - datetime.datetime.now(datetime.timezone.utc)).total_seconds()


def test_arithmetic():
    """the test's own X25519 gives what RFC 7748 section 6.1 shows for Alice"""
    expect(public_half(ALICE[0]), ALICE[1])


def test_init():
    """init makes key 1, which only the validating process can read"""
    with Installation() as otk:
        expect_whole(otk, [1])
        expect((keys(otk)[0]["ends"], keys(otk)[0]["in_force"]), (None, True))
        folder, file = os.stat(f"{otk.dir}/server"), os.stat(file_of(otk, 1))
        expect(stat.S_IMODE(folder.st_mode), 0o750)
        expect(stat.S_IMODE(file.st_mode), 0o640 if IS_ROOT else 0o600)
        if IS_ROOT:
            group = pwd.getpwnam("nobody").pw_gid
            expect((folder.st_uid, folder.st_gid, file.st_uid, file.st_gid), (0, group, 0, group))
        expect(os.listdir(f"{otk.dir}/server"), ["1.key"])
        expect([change["what"] for change in otk.must("log", "--changes", "--json").json()], ["init", "key add"])


def test_rotate():
    """rotate makes a key that lasts, and lets the others end: in thirty days, as said, or now; never later than before"""
    with Installation() as otk:
        first = private_half(otk, 1)
        expect_in("server key 2 made", otk.must("key", "rotate").out)
        expect_whole(otk, [1, 2])
        expect(private_half(otk, 1), first)
        listed = keys(otk)
        expect(29 * 86400 < seconds_from_now(listed[0]["ends"]) <= 30 * 86400, True)
        expect(listed[1]["ends"], None)
        said = otk.must("key", "rotate", "--overlap", "60d").out
        expect_in("key 1: in force until", said)
        expect_in("those who use dynamic mode need new ones", said)
        expect(keys(otk)[0]["ends"], listed[0]["ends"])
        expect(59 * 86400 < seconds_from_now(keys(otk)[1]["ends"]) <= 60 * 86400, True)
        otk.must("key", "end", "1", "--yes")
        said = otk.must("key", "rotate", "--overlap", "none").out
        for part in ("server key 4 made", "key 2: ended ", "key 3: ended ", "Nobody can use dynamic mode by the keys that ended",
                     "knockmgr grant profile USER COMMAND"):
            expect_in(part, said)
        assert "key 1:" not in said, said  # ended before
        expect([key["in_force"] for key in keys(otk)], [False, False, False, True])
        expect_whole(otk, [1, 2, 3, 4])
        expect(len({key["public"] for key in keys(otk)}), 4)
        expect_in("in force", otk.must("key", "list").out)
        otk.refused(2, "--overlap", "key", "rotate", "--overlap", "soon")
        otk.refused(2, "--overlap", "key", "rotate", "--overlap", "0s")


def test_end():
    """a key is ended by its number, once somebody says yes"""
    with Installation() as otk:
        otk.must("key", "rotate")
        otk.refused(1, "--yes", "key", "end", "1")
        otk.must("key", "end", "1", "--yes")
        expect([key["in_force"] for key in keys(otk)], [False, True])
        expect_in("has ended already", otk.must("key", "end", "1", "--yes").out)
        for number in ("3", "0", "x", "-1x"):
            otk.refused(2 if number[0] == "-" else 1, "", "key", "end", number, "--yes")


def test_folder_that_is_gone():
    """rotate makes the folder anew, for one who restored the databases alone"""
    with Installation(DYNAMIC) as otk:
        os.unlink(file_of(otk, 1))
        os.rmdir(f"{otk.dir}/server")
        said = otk.run("status").out
        expect_in("the file of server key 1 is missing", said)
        otk.must("key", "rotate", "--overlap", "none")
        expect(public_half(private_half(otk, 2)), keys(otk)[1]["public"])
        assert "missing" not in otk.run("status").out


def test_status():
    """status warns of keys that end, where dynamic mode is enabled"""
    with Installation() as otk:
        otk.must("key", "end", "1", "--yes")
        assert "server key" not in otk.run("status").out
        expect(otk.run("status", "--json").json()["server_keys"], None)
        otk.configure(CONFIGURATION + DYNAMIC)
        expect_in("no server key is in force", otk.run("status").out)
        otk.must("key", "rotate")
        told = otk.run("status", "--json").json()["server_keys"]
        expect((told["trouble"], told["in_force"]), (None, [{"key": 2, "ends": None}]))
        expect_in("in force: number 2\n", otk.run("status").out)
        otk.must("key", "rotate", "--overlap", "5d")
        otk.must("key", "end", "3", "--yes")
        expect_in("the last server key ends at", otk.run("status").out)
        expect_in("key rotate", otk.run("status", "--json").json()["server_keys"]["trouble"])


def test_profile_has_the_newest_key():
    """profiles of dynamic mode have the newest key, and none where there is nothing to ask for"""
    with Installation(DYNAMIC) as otk:
        ready(otk)
        otk.must("command", "add", "inner", "--forward", "127.0.0.1:22", "--hold", "60s")
        profile = otk.must("grant", "add", "anna", "inner", "--token", signing_token("one"), "--json").json()["profile"]
        expect_in(f" dynamic=62201 key={keys(otk)[0]['public']} ", profile + " ")
        otk.must("key", "rotate")
        expect_in(f" key={keys(otk)[1]['public']} ", otk.must("grant", "profile", "anna", "inner").out.replace("\n", " "))
        hello = otk.must("grant", "add", "anna", "hello", "--token", signing_token("two", SIGNING_KEYS[1]), "--json").json()["profile"]
        assert "dynamic=" not in hello and "key=" not in hello, hello
        otk.must("key", "rotate", "--overlap", "none")
        otk.must("key", "end", "3", "--yes")
        assert "dynamic=" not in otk.must("grant", "profile", "anna", "inner").out


def killed(words, after):
    """Runs knockmgr and kills it, with its children, so many seconds later; whether it had ended by then."""
    process = subprocess.Popen([KNOCKMGR, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               start_new_session=True)
    time.sleep(after)
    ended = process.poll() is not None
    if not ended:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return ended


def test_init_killed():
    """an init that is killed at whatever moment can be run again, and the key in the file is the one in the policy"""
    after, steps = 0.0, 0
    while True:
        with Installation(initialise=False) as otk:
            ended = killed(["init", "--dir", otk.dir], after)
            while not os.path.exists(f"{otk.dir}/policy/policy.db"):
                again = otk.run("init")  # a child of the one that was killed may hold the lock for another moment
                assert again.code == 0 or "is at work" in again.err, again.err
            expect_whole(otk, [1])
            expect(os.listdir(f"{otk.dir}/server"), ["1.key"])
        if ended:
            break
        after, steps = after + 0.0015, steps + 1
    assert steps > 3, f"only {steps} kills before init was done"


def test_init_killed_with_pages_in_the_log():
    """what a killed init left in its log does not get into the policy of the next one"""
    with Installation() as first, Installation(initialise=False) as otk:
        os.mkdir(f"{otk.dir}/policy")
        with contextlib.closing(sqlite3.connect(f"{first.dir}/policy/policy.db")) as policy:
            policy.execute("INSERT INTO change (at, who, what, object, state_before, state_after)"
                           " VALUES (1, 'root', 'lost', '', '', '')")
            policy.commit()
            for suffix in ("", "-wal", "-shm"):
                shutil.copy(f"{first.dir}/policy/policy.db{suffix}", f"{otk.dir}/policy/policy.db.unfinished{suffix}")
        otk.must("init")
        expect(os.listdir(f"{otk.dir}/policy"), ["policy.db"])
        with contextlib.closing(sqlite3.connect(f"{otk.dir}/policy/policy.db")) as policy:
            expect(policy.execute("SELECT what FROM change WHERE what = 'lost'").fetchall(), [])
        expect_whole(otk, [1])


def test_init_beside_a_log():
    """a log that has lost its policy is neither taken into a new one nor removed"""
    with Installation(initialise=False) as otk:
        os.mkdir(f"{otk.dir}/policy")
        left = f"{otk.dir}/policy/policy.db-wal"
        with open(left, "wb") as file:
            file.write(b"pages")
        otk.refused(1, f"{left} is there without", "init")
        os.unlink(left)
        otk.must("init")
        expect_whole(otk, [1])


def test_rotate_killed():
    """a rotation that is killed leaves the old keys as they were, or is done; the next one works"""
    after, steps = 0.0, 0
    with Installation() as otk:
        while True:
            before = keys(otk)
            ended = killed(["key", "rotate", "--overlap", "1h", "--dir", otk.dir], after)
            now = keys(otk)
            if len(now) == len(before):
                expect(now, before)
            else:
                expect((len(now), now[-2]["ends"] is not None, now[-1]["ends"]), (len(before) + 1, True, None))
            expect_whole(otk, list(range(1, len(now) + 1)))
            if ended:
                break
            after, steps = after + 0.0015, steps + 1
        otk.must("key", "rotate")
        expect_whole(otk, list(range(1, len(keys(otk)) + 1)))
        assert all(name.endswith(".key") for name in os.listdir(f"{otk.dir}/server"))
    assert steps > 2, f"only {steps} kills before rotate was done"


def test_two_at_once():
    """rotations at the same time give each key a number and a file of its own"""
    with Installation() as otk:
        running = [subprocess.Popen([KNOCKMGR, "key", "rotate", "--dir", otk.dir], stdout=subprocess.DEVNULL)
                   for _ in range(6)]
        expect([process.wait() for process in running], [0] * 6)
        expect_whole(otk, list(range(1, 8)))
        expect([key["ends"] is None for key in keys(otk)], [False] * 6 + [True])


run_all(globals())
