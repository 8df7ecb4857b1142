"""A TAP report for tests that look at what was built and written. meson reads it."""

import sys


class Report:
    def __init__(self):
        self._number = 0
        self._failed = 0

    def case(self, title, complaints):
        """One case: passed when there is nothing to complain about."""
        self._number += 1
        print(f"{'not ok' if complaints else 'ok'} {self._number} - {title}")
        for complaint in complaints:
            print(f"#   {complaint}")
        self._failed += 1 if complaints else 0

    def end(self):
        print(f"1..{self._number}")
        sys.exit(1 if self._failed else 0)
