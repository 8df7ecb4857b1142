"""What the tests of the command line tools share: comparing, and running the test functions of a script as TAP."""

import sys
import traceback


class Skip(Exception):
    """Raised by a test that cannot run here; the message says what is missing."""


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
