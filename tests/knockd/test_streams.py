"""What knockd's options say by their exit code when standard output or standard error cannot be written."""

import os
import subprocess
import sys
import tempfile

sys.path.insert(1, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from streams import STATES, run_with  # noqa: E402
from tap import expect, expect_in, run_all  # noqa: E402

KNOCKD = os.path.abspath(sys.argv[1])
NOT_WRITTEN = {"closed": "Bad file descriptor", "full": "No space left", "left": "Broken pipe"}


def test_texts():
    """--help and --version: not written is exit code 1, and standard error makes no difference"""
    for option in ("--help", "--version"):
        text = subprocess.run([KNOCKD, option], capture_output=True, text=True, check=True).stdout
        for state in STATES:
            done = run_with([KNOCKD, option], 1, state)
            expect((option, state, done.returncode), (option, state, 1))
            expect_in(f"knockd: writing to standard output: {NOT_WRITTEN[state]}", done.stderr)
            done = run_with([KNOCKD, option], 2, state)
            expect((option, state, done.returncode, done.stdout), (option, state, 0, text))
            expect((option, state, run_with([KNOCKD, option], 0, state).returncode), (option, state, 1))


def test_check():
    """--check: what it found is exit code 1 when it cannot be written, and is all there without standard error"""
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/otk.toml", "w", encoding="ascii"):
            pass
        words = [KNOCKD, "--check", "--dir", folder]
        usual = subprocess.run(words, capture_output=True, text=True, check=False)
        expect_in("ok       configuration", usual.stdout)
        for state in STATES:
            done = run_with(words, 1, state)
            expect((state, done.returncode), (state, 1))
            expect_in(f"knockd: writing to standard output: {NOT_WRITTEN[state]}", done.stderr)
            done = run_with(words, 2, state)
            expect((state, done.returncode, done.stdout), (state, usual.returncode, usual.stdout))
            expect((state, run_with(words, 0, state).returncode), (state, 1))


def test_refusals():
    """refused is 1 and wrong usage is 2, also when nobody can be told"""
    for state in STATES:
        for words, code in ((["--colour"], 2), (["--check", "--read", "x"], 2), (["--check", "--config", "/nonexistent"], 1),
                            (["--read", "/nonexistent", "--config", "/nonexistent"], 1)):
            done = run_with([KNOCKD, *words], 2, state)
            expect((words, state, done.returncode, done.stdout), (words, state, code, ""))


if __name__ == "__main__":
    run_all(globals())
