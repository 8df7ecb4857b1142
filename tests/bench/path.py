#!/usr/bin/python3
"""From the packet to the started command, through real namespaces; tools/bench runs it.

The command is `date +%s%N`: what it prints is the moment at which it runs. The packet's moment is taken just before it is
sent. Beside it stand the machine's own limits of the same run: one durable write of a small file, and one start of the
same program. Knocks are sent one at a time, to an idle daemon."""

import os
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "e2e"))
# pylint: disable=wrong-import-position
from contextlib import ExitStack

from otk_e2e import wait, world

KNOCKS = 200
SCRIPT = '/bin/date +%s%N >> "$0"'


def knocks(w):
    right = w.right(length=KNOCKS + 100, script=SCRIPT)
    for _ in range(KNOCKS):
        before = len(right.runs())
        value = right.chain.next()
        sent = time.time_ns()
        w.knock_udp(value)
        wait.until(lambda before=before: len(right.runs()) > before, "the command runs")
        yield (int(right.runs()[-1]) - sent) / 1e6


def durable_writes():
    with tempfile.NamedTemporaryFile(dir=os.environ.get("OTK_BUILD")) as file:
        for _ in range(KNOCKS):
            begun = time.perf_counter_ns()
            os.pwrite(file.fileno(), b"x" * 4096, 0)
            os.fdatasync(file.fileno())
            yield (time.perf_counter_ns() - begun) / 1e6


def starts():
    for _ in range(KNOCKS):
        begun = time.time_ns()
        done = subprocess.run(["/bin/sh", "-c", "/bin/date +%s%N"], stdout=subprocess.PIPE, check=True)
        yield (int(done.stdout) - begun) / 1e6


def line(what, milliseconds):
    ordered = sorted(milliseconds)
    return f"{what:44} {statistics.median(ordered):8.2f} {ordered[len(ordered) * 95 // 100]:8.2f}"


def main():
    with ExitStack() as undo:
        through_otk = list(knocks(world.World(undo)))
    print(f"{'milliseconds, ' + str(KNOCKS) + ' each':44} {'median':>8} {'95 %':>8}")
    print(line("one durable write (pwrite, fdatasync)", durable_writes()))
    print(line("one start of the command from Python", starts()))
    print(line("packet sent to command running, by otk", through_otk))


if __name__ == "__main__":
    main()
