"""What knockmgr does, and says by its exit code, when standard output or standard error cannot be written."""

import signal
import subprocess

from harness import KNOCKGEN, KNOCKMGR, Installation, expect, expect_in, run_all, subcommands
from streams import NAMES, STATES, run_with

NOT_WRITTEN = {"closed": "Bad file descriptor", "full": "No space left", "left": "Broken pipe"}


def run(otk, descriptor, state, *words):
    return run_with([KNOCKMGR, "--dir", otk.dir, *words], descriptor, state)


def code_of_unread(state):
    """Of a listing that did not get out: as other programs end when their reader leaves."""
    return -signal.SIGPIPE if state == "left" else 1


def test_help():
    """--help of every subcommand: not written is exit code 1, and standard error makes no difference"""
    names = subcommands()
    assert len(names) > 30, names
    for name in ("", *names):
        words = [KNOCKMGR, *name.split(), "--help"]
        text = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        for state in STATES:
            done = run_with(words, 1, state)
            expect((name, state, done.returncode), (name, state, code_of_unread(state)))
            expect_in("" if state == "left" else NOT_WRITTEN[state], done.stderr)
            done = run_with(words, 2, state)
            expect((name, state, done.returncode, done.stdout), (name, state, 0, text))
            expect((name, state, run_with(words, 0, state).returncode), (name, state, code_of_unread(state)))


def test_listings():
    """a listing that cannot be written is exit code 1, with or without the ledger"""
    with Installation() as otk:
        otk.play_scene()
        for words in (("user", "list"), ("user", "list", "--json"), ("grant", "list"), ("log",), ("log", "--json"),
                      ("log", "--changes"), ("status", "--json"), ("watch", "--for", "1s")):
            for state in STATES:
                done = run(otk, 1, state, *words)
                expect((words, state, done.returncode), (words, state, code_of_unread(state)))


def test_refusals():
    """refused is 1 and wrong usage is 2, also when nobody can be told"""
    with Installation() as otk:
        for state in STATES:
            for words, code in ((("user", "show", "nobody"), 1), (("log", "--output", "99"), 1), (("user", "lst"), 2),
                                (("user", "list", "--jsn"), 2), ((), 2)):
                done = run(otk, 2, state, *words)
                expect((words, state, done.returncode, done.stdout), (words, state, code, ""))


def test_changes():
    """what was changed is changed, and exit code 0 says so; standard error tells what could not be told"""
    with Installation() as otk:
        for state in STATES:
            for descriptor in NAMES:
                name = f"u{descriptor}{state}"
                for words in (("user", "add", name), ("user", "disable", name), ("user", "enable", name),
                              ("command", "add", name, "--exec", "--as", "nobody", "--", "/bin/true"),
                              ("command", "disable", name), ("command", "remove", name, "--yes"),
                              ("user", "remove", name, "--yes"), ("key", "rotate")):
                    done = run(otk, descriptor, state, *words)
                    expect((words, state, done.returncode), (words, state, 0))
                    if descriptor == 1:
                        expect_in("it is done, but this could not be told", done.stderr)
                        expect_in(NOT_WRITTEN[state], done.stderr)
                expect([change["object"] for change in otk.must("log", "--changes", "--json").json()
                        if change["object"].endswith(name)], [name] * 7)


def test_renewal():
    """grant renew: by a token it is done; knocks that cannot be listed are not enrolled"""
    with Installation() as otk:
        otk.with_grant()

        def chain():
            return otk.must("grant", "show", "anna", "hello", "--json").json()["chain"]

        def token():
            made = subprocess.run([KNOCKGEN, "token", "--plain", "--passphrase-file", "-"], input="mango carbon otter vivid plume seven",
                                  capture_output=True, text=True, check=True)
            return made.stdout.strip()

        renew = ("grant", "renew", "anna", "hello")
        for state in STATES:
            for json in ((), ("--json",)):
                before = chain()
                done = run(otk, 1, state, *renew, "--generate", *json)
                expect((state, json, done.returncode), (state, json, code_of_unread(state)))
                expect(chain(), before)
                done = run(otk, 2, state, *renew, "--generate", *json)
                expect((state, json, done.returncode, "1" in done.stdout, chain() == before), (state, json, 0, True, False))
                for descriptor in NAMES:
                    before = chain()
                    done = run(otk, descriptor, state, *renew, "--token", token(), *json)
                    expect((state, json, done.returncode), (state, json, 0))
                    assert chain() != before, (state, json, descriptor)
            before = chain()
            done = run(otk, 1, state, *renew, "--generate", "--sheet", f"{otk.base}/{state}.txt")
            expect((state, done.returncode, chain() == before), (state, 0, False))


if __name__ == "__main__":
    run_all(globals())
