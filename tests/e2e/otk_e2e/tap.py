"""Cases and their report in TAP, which meson reads. A suite has one world, made once; its cases run in order."""

import contextlib
import os
import signal
import sys
import traceback


class Skip(Exception):
    """The machine lacks something that a case needs; the text says what."""


class Suite:
    def __init__(self, make_world):
        self._make_world = make_world  # takes an ExitStack that undoes everything
        self._cases = []

    def case(self, title):
        def add(function):
            self._cases.append((title, function))
            return function

        return add

    def main(self):
        """Runs all cases, or those whose title holds the words given as arguments. Exits 0 when none failed."""
        wanted = " ".join(sys.argv[1:])
        cases = [(title, function) for title, function in self._cases if wanted in title]
        print(f"1..{len(cases)}", flush=True)
        _end_in_order_on_signals()
        with contextlib.ExitStack() as undo:
            undo.callback(_ignore_signals)  # what is being undone is undone to the end
            try:
                world = self._make_world(undo)
            except Skip as reason:
                sys.exit(_skip_all(cases, reason))
            except Exception:
                _diagnose(traceback.format_exc())
                print("Bail out! the world of this suite could not be made", flush=True)
                sys.exit(1)
            failed = sum(not _run(number, title, function, world) for number, (title, function) in enumerate(cases, 1))
        sys.exit(1 if failed else 0)


def _run(number, title, function, world):
    try:
        function(world)
    except Skip as reason:
        print(f"ok {number} - {title} # SKIP {reason}", flush=True)
        return True
    except Exception:
        print(f"not ok {number} - {title}", flush=True)
        _diagnose(traceback.format_exc())
        _diagnose(world.story())
        return False
    print(f"ok {number} - {title}", flush=True)
    return True


def _skip_all(cases, reason):
    print(f"{os.path.basename(sys.argv[0])}: NOTHING IS TESTED: {reason}", file=sys.stderr, flush=True)
    for number, (title, _) in enumerate(cases, 1):
        print(f"ok {number} - {title} # SKIP {reason}", flush=True)
    return 0


def _diagnose(text):
    for line in text.rstrip().splitlines():
        print(f"# {line}", flush=True)


def _end_in_order_on_signals():
    def leave(number, _frame):
        sys.exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


def _ignore_signals():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
