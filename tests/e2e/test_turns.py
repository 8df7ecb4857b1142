#!/usr/bin/python3
"""Whose command is next when many wait: a user who knocks in a loop starves nobody, and nothing is lost."""

import contextlib
import os

from otk_e2e import tap, wait, world

LOOP = 300
AT_ONCE = 6
PLACES = 4
OF_ONE_USER = 3
WARM = 1  # each right has knocked once before


def new_world(undo):
    return world.World(undo, {"limits": {"running_commands": PLACES}})


suite = tap.Suite(new_world)


class Order:
    """The runs of several rights, in the order in which they began."""

    def __init__(self, w):
        self.file = f"{w.installation.directory}/order"
        with open(self.file, "wb"):
            os.chmod(self.file, 0o666)  # commands run as nobody

    def script(self, after):
        return f'echo "$1 $2" >> {self.file}; echo "$2" >> "$0"; {after}'

    def runs(self):
        with open(self.file, encoding="ascii") as file:
            return [tuple(line.split()) for line in file]


class Gate:
    """What commands wait at, however long that takes, until it is opened."""

    LIMIT = ("--limit", "1h")

    def __init__(self, w):
        self.file = f"{w.installation.directory}/gate"
        os.mkfifo(self.file)
        os.chmod(self.file, 0o666)  # commands run as nobody
        self.wait = f": < {self.file}"

    @contextlib.contextmanager
    def opened(self):
        """A reader waits for a writer; now there is one."""
        writer = os.open(self.file, os.O_RDWR | os.O_CLOEXEC)
        try:
            yield
        finally:
            os.close(writer)


def knock_in_a_loop(w, right):
    """As fast as they are spent: the window is ten knocks wide."""
    for number in range(1, LOOP + 1):
        begin = w.daemon.log_size()
        w.knock_udp(right.chain.next())
        if number % AT_ONCE == 0:
            w.daemon.wait_for_log(f"{right.user}/{right.command}: knock {right.chain.count} from", begin)


def accepted(right):
    return right.rows("accepted")


@suite.case("a user who knocks 300 times for a slow command does not starve another; all 301 run, each once")
def loop(w):
    order = Order(w)
    gate = Gate(w)
    slow = w.right(script=order.script(gate.wait), tokens=("{user}", "{count}"), length=LOOP + 10,
                   of_command=("--as", "nobody", *gate.LIMIT))
    quick = w.right(script=order.script("exit 0"), tokens=("{user}", "{count}"))
    knock_in_a_loop(w, slow)
    wait.until(lambda: len(accepted(slow)) == LOOP + WARM, "all knocks are spent")
    w.knock_udp(quick.chain.next())
    quick.wait_for_runs(1 + WARM)
    slow.wait_for_runs(OF_ONE_USER)
    begun = sum(user == slow.user for user, _ in order.runs())
    assert begun == OF_ONE_USER, f"{begun} of the loop's commands began at a shut gate"
    with gate.opened():
        slow.wait_for_runs(LOOP + WARM)
        w.settle()
    runs = order.runs()
    assert len(runs) == len(set(runs)) == LOOP + 1 + 2 * WARM, (len(runs), len(set(runs)))
    counts = [int(count) for user, count in runs if user == slow.user]
    assert set(counts) == set(range(max(counts) - LOOP, max(counts) + 1)), "not each of the loop's knocks ran"
    for right, number in ((slow, LOOP + WARM), (quick, 1 + WARM)):
        rows = wait.until(lambda: all(row["end"] for row in accepted(right)) and accepted(right), "all ends are stored")
        assert [row["end"]["outcome"] for row in rows] == number * ["exited"], rows


@suite.case("SIGTERM in the middle: what ran has its end, what waited is interrupted, none is without a row")
def ended_in_the_middle(w):
    order = Order(w)
    slow = w.right(script=order.script("sleep 0.2"), tokens=("{user}", "{count}"), length=LOOP + 10)
    knock_in_a_loop(w, slow)
    wait.until(lambda: len(accepted(slow)) == LOOP + WARM, "all knocks are spent")
    slow.wait_for_runs(5 + WARM)
    w.daemon.stop()
    rows = accepted(slow)
    assert len(rows) == LOOP + WARM and all(row["end"] for row in rows), rows
    outcomes = [row["end"]["outcome"] for row in rows]
    assert set(outcomes) == {"exited", "interrupted"}, set(outcomes)
    runs = order.runs()
    assert len(runs) == len(set(runs)) < LOOP, len(runs)
    assert outcomes.count("exited") <= len(runs) <= outcomes.count("exited") + 4, (outcomes.count("exited"), len(runs))
    w.daemon.start()
    w.settle()
    assert order.runs() == runs, "a restart ran what was interrupted"


if __name__ == "__main__":
    suite.main()
