#!/usr/bin/python3
"""SIGKILL between each two steps of what lasts: a door that is opened, a command with its undo, a door that forwards. The
process that is killed is the argument; whatever the moment, nothing runs twice, nothing is left open, and what ran is
undone."""

import contextlib
import json
import mmap
import os
import struct
import sys

from otk_e2e import tap, wait, world
from otk_e2e.daemon import is_running
from otk_e2e.ssh import Sshd

PROGRAMS = ("knockd", "knockd-capture", "knockd-validate", "knockd-forward")
VICTIM = sys.argv[1]
HOLD = 1  # seconds
FINE, COARSE = 40, 3  # every step up to that one, then every third
MOST_STEPS = 400  # far more than there are; the test ends at the first round in which nobody dies


class Steps:
    """The counters that the shim counts down."""

    def __init__(self, undo, directory):
        path = f"{directory}/steps"
        with open(path, "wb") as file:
            file.write(bytes(4 * len(PROGRAMS)))
        os.chmod(path, 0o666)
        with open(path, "r+b") as file:
            self._memory = undo.enter_context(mmap.mmap(file.fileno(), 4 * len(PROGRAMS)))
        shim = f"{os.environ['OTK_BUILD']}/tests/e2e/libtest-die-at-step.so"
        self.environment = {"LD_PRELOAD": shim, "OTK_TEST_STEPS": path}

    def arm(self, program, steps):
        struct.pack_into("i", self._memory, 4 * PROGRAMS.index(program), steps)

    def left(self, program):
        return struct.unpack_from("i", self._memory, 4 * PROGRAMS.index(program))[0]


class Scene(world.World):
    """The three things that last, each with its user."""

    def __init__(self, undo):
        super().__init__(undo, {"capture": {"interfaces": ["eth0"]}}, start=False)
        self.steps = Steps(undo, self.installation.directory)
        self.daemon.environment.update(self.steps.environment)
        self.sshd = Sshd(undo, self.server, port=22)
        self.behind = Sshd(undo, self.server, port=2222, listen=("127.0.0.1",))
        self.record = f"{self.installation.directory}/record"
        with open(self.record, "w", encoding="ascii"):
            os.chmod(self.record, 0o666)
        self.daemon.start()
        script = f'echo "$@" >> {self.record}'
        hold = ("--hold", f"{HOLD}s")
        self.undone = self.access("--exec", "--as", "nobody", *hold, "--undo",
                                  json.dumps(["/bin/sh", "-c", script, "sh", "undo", "{count}"]), "--",
                                  "/bin/sh", "-c", script, "sh", "do", "{count}", length=1000)
        self.opened = self.access("--open", "22/tcp", *hold, length=1000)
        self.forwarded = self.access("--forward", "127.0.0.1:2222", *hold, length=1000)
        self.all = (self.undone, self.opened, self.forwarded)
        for words in (("on", "--confirm", "1h"), ("confirm",)):
            self.server.run(self.installation.programs["knockmgr"], "guard", *words, "--dir", self.installation.state)
        for access in self.all:
            access.spend()
        self.wait_until_over()

    def revive(self):
        """knockd, which nobody starts again by itself."""
        if self.daemon.process.wait() < 0:
            wait.until(lambda: not any(is_running(pid) for pid in helpers_of(self.daemon)), "the helpers end")
            self.daemon.start()

    def wait_until_over(self):
        wait.until(lambda: not self.open_doors(), lambda: f"everything ends; still open: {self.open_doors()}")

    def open_doors(self):
        with open(f"{self.installation.state}/monitor/doors.json", encoding="ascii") as file:
            return json.load(file)["doors"]

    def rows_since(self, row):
        return [each for each in self.installation.log() if each["row"] > row]

    def newest_row(self):
        return self.installation.log()[-1]["row"]

    def runs(self, what, number):
        with open(self.record, encoding="ascii") as file:
            return file.read().splitlines().count(f"{what} {number}")


def helpers_of(daemon):
    return list(daemon.children().values()) if daemon.alive() else []


def one_round(scene, steps):
    """Everything happens once, and the victim dies on the way. Whether it did."""
    before = scene.newest_row()
    knocks = [(access, access.chain.next()) for access in scene.all]
    scene.steps.arm(VICTIM, steps)
    for _, value in knocks:
        scene.knock_udp(value)

    def dead_or_over():
        return scene.steps.left(VICTIM) == 0 or len([row for row in scene.rows_since(before) if row.get("over")]) == 3

    with contextlib.suppress(AssertionError):
        wait.until(dead_or_over, "the victim dies, or all is over", deadline=4 * HOLD)
    died = scene.steps.left(VICTIM) == 0
    scene.steps.arm(VICTIM, 0)
    if died and VICTIM == "knockd":
        scene.revive()
    # The rule for users: the same number again, until it works.
    for access, value in knocks:
        wait.until(lambda a=access, v=value: scene.knock_udp(v) or spent(scene, a, before), "the knock is spent")
    scene.wait_until_over()
    check(scene, before, knocks, steps)
    return died


def spent(scene, access, before):
    return [row for row in scene.rows_since(before) if row.get("user") == access.user and row["kind"] == "accepted"]


def check(scene, before, knocks, steps):
    number = knocks[0][0].chain.count
    where = f"step {steps} of {VICTIM}, knock {number}"

    def undone():
        return [row for row in scene.rows_since(before) if row["kind"] == "undo" and row["end"]]

    wait.until(undone, lambda: f"{where}: the undo has an end: {scene.rows_since(before)}")
    rows = scene.rows_since(before)
    for access, _ in knocks:
        accepted = [row for row in rows if row.get("user") == access.user and row["kind"] == "accepted"]
        assert len(accepted) == 1, f"{where}: spent {len(accepted)} times: {accepted}"
    done, taken_back = scene.runs("do", number), scene.runs("undo", number)
    assert done <= 1 and taken_back <= 1, f"{where}: done {done} times, undone {taken_back} times"
    if taken_back == 0:
        # Killed in the moment between "it starts" and its first instruction: told, never hidden.
        assert undone()[-1]["end"]["outcome"] == "interrupted", f"{where}: {undone()}"
        scene.interrupted += 1
    elements = scene.server.run("nft", "list", "table", "inet", "otk")
    assert "192.0.2.2" not in elements, f"{where}: the door is still open:\n{elements}"
    assert not scene.sshd.says(scene.client, scene.server.ipv4), f"{where}: the way to sshd is still open"


suite = tap.Suite(Scene)


@suite.case(f"{VICTIM} is killed at each of its steps while doors open and close and commands run and are undone")
def killed_at_each_step(scene):
    scene.interrupted = 0
    steps = rounds = 1
    while one_round(scene, steps):
        rounds += 1
        steps += 1 if steps < FINE else COARSE
        if rounds % 4 == 0:
            scene.daemon.restart()  # or it waits longer each time before it starts what crashes again and again
        assert steps < MOST_STEPS, "it dies again and again: are the steps counted?"
    assert steps > 2, f"only {steps - 1} steps: the shim does not see them"
    # As many steps as there are between the note that it starts and its first instruction, while other processes are slow.
    assert scene.interrupted <= 4, f"{scene.interrupted} undos were cut off before they began"
    problem = scene.installation.knockmgr("log", "--verify")
    assert scene.installation.exit_code == 0, problem
    print(f"# {VICTIM}: some {steps - 1} steps; {scene.interrupted} undo(s) interrupted")


if __name__ == "__main__":
    suite.main()
