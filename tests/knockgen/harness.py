"""Runs knockgen."""

import os
import subprocess
import sys

sys.path.insert(1, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import Skip, expect, expect_in, run_all  # noqa: E402, F401: for the scripts of this folder

PROGRAM = os.path.abspath(sys.argv[1])
VECTORS = sys.argv[2]
PASSPHRASE = "This is a test."


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
