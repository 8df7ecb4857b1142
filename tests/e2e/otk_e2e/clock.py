"""The clock that a test sets: shim/clock.cpp, loaded into knockd and its helpers, adds what stands in a file to their
clocks, as if so much time had passed or as if somebody had set the clock on the wall."""

import mmap
import struct
import time


class TestClock:
    def __init__(self, undo, directory, shim):
        path = f"{directory}/clock"
        file = undo.enter_context(open(path, "w+b"))
        file.write(struct.pack("=qq", 0, 0))
        file.flush()
        self._map = undo.enter_context(mmap.mmap(file.fileno(), 16))
        self._ahead = 0
        self._set = 0
        self.environment = {"LD_PRELOAD": shim, "OTK_TEST_CLOCK": path}

    def advance(self, seconds):
        """So much time passes, by every clock."""
        self._ahead += int(seconds * 1_000_000_000)
        self._map[:8] = struct.pack("=q", self._ahead)

    def set_by(self, seconds):
        """Somebody sets the clock on the wall, forward or, where negative, back; no time passes."""
        self._set += int(seconds * 1_000_000_000)
        self._map[8:] = struct.pack("=q", self._set)

    def now(self):
        """What the clock on the wall shows, in seconds since 1970."""
        return time.time() + (self._ahead + self._set) / 1_000_000_000

    def set_to(self, when):
        """As set_by(); the clock on the wall is at `when` now, a datetime with its time zone."""
        self.set_by(when.timestamp() - self.now())
