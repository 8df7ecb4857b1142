"""The clock that a test sets: shim/clock.cpp, loaded into knockd and its helpers, adds what stands in a file to their
real-time and monotonic clocks, as if so much time had passed."""

import mmap
import struct


class TestClock:
    def __init__(self, undo, directory, shim):
        path = f"{directory}/clock"
        file = undo.enter_context(open(path, "w+b"))
        file.write(struct.pack("=q", 0))
        file.flush()
        self._map = undo.enter_context(mmap.mmap(file.fileno(), 8))
        self._ahead = 0
        self.environment = {"LD_PRELOAD": shim, "OTK_TEST_CLOCK": path}

    def advance(self, seconds):
        self._ahead += int(seconds * 1_000_000_000)
        self._map[:8] = struct.pack("=q", self._ahead)
