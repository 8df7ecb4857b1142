"""What knockgen does, and says by its exit code, when standard output or standard error cannot be written."""

import contextlib
import json
import os
import re

from harness import PASSPHRASE, PROGRAM, expect, expect_in, knockgen, run_all
from homes import LENGTH
from office import Office
from streams import NAMES, STATES, run_with

NOT_WRITTEN = {"closed": "Bad file descriptor", "full": "No space left", "left": "Broken pipe"}
FIRST = LENGTH - 1


def subcommands():
    names = re.findall(r"^  ([a-z]+) {2,}", knockgen("--help").stdout.decode(), re.MULTILINE)
    assert len(names) >= 8, names
    return names


def test_help():
    """--help of every subcommand: not written is exit code 1, and standard error makes no difference"""
    for words in ([], *([name] for name in subcommands())):
        text = knockgen(*words, "--help").stdout.decode()
        for state in STATES:
            done = run_with([PROGRAM, *words, "--help"], 1, state)
            expect((words, state, done.returncode), (words, state, 1))
            expect_in(NOT_WRITTEN[state], done.stderr)
            done = run_with([PROGRAM, *words, "--help"], 2, state)
            expect((words, state, done.returncode, done.stdout), (words, state, 0, text))
            expect((words, state, run_with([PROGRAM, *words, "--help"], 0, state).returncode), (words, state, 1))


def test_refusals():
    """refused is 1 and wrong usage is 2, also when nobody can be told"""
    for state in STATES:
        for words, code in ((("foo",), 2), (("list", "--colour"), 2), (("list",), 2), (("send", "nobody"), 1),
                            (("key", "show", "/nonexistent"), 1)):
            done = run_with([PROGRAM, *words], 2, state)
            expect((words, state, done.returncode, done.stdout), (words, state, code, ""))


def test_values():
    """knocks, sheets and tokens: not written is exit code 1, and what standard error lacks makes no difference"""
    chain = ("-s", "dog2", "-a", "md5", "-p", "-")
    for words in (("list", *chain), ("sheet", *chain), ("token", "--weak", *chain), ("otp", "otp-md5 9 dog2", "-p", "-")):
        for state in STATES:
            done = run_with([PROGRAM, *words], 1, state, stdin=PASSPHRASE + "\n")
            expect((words, state, done.returncode), (words, state, 1))
            expect_in(NOT_WRITTEN[state], done.stderr)
            done = run_with([PROGRAM, *words], 2, state, stdin=PASSPHRASE + "\n")
            expect((words, state, done.returncode, len(done.stdout) > 10), (words, state, 0, True))


def test_key():
    """key new: the file is made, and exit code 0 says so"""
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        for state in STATES:
            for descriptor in NAMES:
                path = f"{office.home.directory}/{descriptor}{state}"
                done = run_with([PROGRAM, "key", "new", path], descriptor, state)
                expect((state, descriptor, done.returncode, os.path.exists(path)), (state, descriptor, 0, True))
                expect_in("Public key", done.stdout + done.stderr)


def test_send():
    """send: the knock has left and its number is taken, and exit code 0 says so"""
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        wanted = FIRST
        for state in STATES:
            for descriptor in NAMES:
                for more in ((), ("--json",)):
                    done = run_with([PROGRAM, "send", "office", "--key", office.key.path, "--copies", "1", *more], descriptor,
                                    state, env=office.home.environment)
                    expect((state, descriptor, more, done.returncode), (state, descriptor, more, 0))
                    expect(office.numbers(), [wanted])
                    wanted -= 1
                    expect(office.home.next_of("office"), wanted)
                    # Told where it can be told.
                    expect_in(f'"number": {wanted + 1}' if more else f"knock {wanted + 1} went", done.stdout + done.stderr)
            done = run_with([PROGRAM, "send", "office", "--key", office.key.path, "--copies", "1"], 0, state,
                            env=office.home.environment)
            expect((state, done.returncode, office.numbers()), (state, 0, [wanted]))
            wanted -= 1


def test_send_that_failed():
    """send: what was refused, or did not leave, is exit code 1, whoever can be told"""
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        before = office.home.next_of("office")
        for state in STATES:
            for descriptor in NAMES:
                done = run_with([PROGRAM, "send", "office", "--key", "/nonexistent"], descriptor, state,
                                env=office.home.environment)
                expect((state, descriptor, done.returncode, office.numbers()), (state, descriptor, 1, []))
                done = run_with([PROGRAM, "send", "office", "--key", office.key.path, "--dry-run"], 1, state,
                                env=office.home.environment)
                expect((state, done.returncode), (state, 1))
        expect(office.home.next_of("office"), before)


def test_profiles():
    """profile set and remove are done; list and show that cannot be written are exit code 1"""
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        office.send()
        for number, state in zip((20, 19, 18), STATES):
            def run(*words, now=state):
                return run_with([PROGRAM, "profile", *words], 1, now, env=office.home.environment).returncode
            expect((state, run("list"), run("show", "office", "--json")), (state, 1, 1))
            expect((state, run("set", "office", "--next", str(number), "--skip")), (state, 0))
            expect(json.loads(office.home.said("profile", "show", "office", "--json"))["next"], number)
        expect(run("remove", "office"), 0)
        expect(json.loads(office.home.said("profile", "list", "--json")), [])


if __name__ == "__main__":
    run_all(globals())
