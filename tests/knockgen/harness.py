"""Runs knockgen and prints the outcome of each test function as TAP."""

import os
import subprocess
import sys
import traceback

PROGRAM = os.path.abspath(sys.argv[1])
VECTORS = sys.argv[2]
PASSPHRASE = "This is a test."


class Skip(Exception):
    """Raised by a test that cannot run here; the message says what is missing."""


def knockgen(*arguments, typed=PASSPHRASE + "\n", **settings):
    """Runs the program with `typed` as standard input; nobody's terminal is asked."""
    return subprocess.run(
        [PROGRAM, *arguments],
        input=typed.encode() if isinstance(typed, str) else typed,
        capture_output="stdout" not in settings,
        start_new_session=True,
        timeout=60,
        check=False,
        **settings,
    )


def output_of(*arguments, **settings):
    """Standard output of a run that must succeed."""
    result = knockgen(*arguments, "--passphrase-file", "-", **settings)
    assert result.returncode == 0, (arguments, result.returncode, result.stderr.decode())
    return result.stdout.decode()


def expect(got, wanted):
    assert got == wanted, f"got {got!r}, expected {wanted!r}"


def expect_in(part, whole):
    assert part in whole, f"{part!r} is not in {whole!r}"


def run_all(names):
    """Runs every test_* function of a script's globals, in the order in which they stand."""
    tests = [test for name, test in names.items() if name.startswith("test_")]
    failures = 0
    print(f"1..{len(tests)}")
    for number, test in enumerate(tests, 1):
        title = test.__doc__ or test.__name__
        try:
            test()
            print(f"ok {number} - {title}")
        except Skip as reason:
            print(f"ok {number} - {title} # SKIP {reason}")
        except Exception:  # any failure at all is a failed test, and the next one still runs
            failures += 1
            print(f"not ok {number} - {title}")
            for line in traceback.format_exc().splitlines():
                print("# " + line)
        sys.stdout.flush()
    sys.exit(1 if failures else 0)
