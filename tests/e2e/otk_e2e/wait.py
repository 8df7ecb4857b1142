"""Waiting for a condition, never for a length of time."""

import time

# Seconds after which a condition counts as never coming true. Nothing is proved by how long it took: the only
# purpose is that a broken program ends the test, so it is far above what a loaded machine needs.
DEADLINE = 40.0


class NeverHappened(AssertionError):
    pass


def until(condition, what, deadline=DEADLINE):
    """Calls condition until it returns something true, and returns that. `what` is a text, or a function that makes
    one from what is known at the end."""
    end = time.monotonic() + deadline
    pause = 0.002
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            text = what() if callable(what) else what
            raise NeverHappened(f"not within {deadline:.0f} s: {text}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
