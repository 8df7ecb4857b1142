#!/usr/bin/python3
"""What the service manager is told, and how: readiness, or at once why there is none; and how much a line of the journal
matters."""

import os
import re
import shutil
import signal
import socket
import subprocess

from otk_e2e import tap, wait, world


class Manager:
    """The service manager's end of NOTIFY_SOCKET."""

    def __init__(self, undo, path):
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        undo.callback(self._socket.close)
        self._socket.bind(path)
        self.told = []

    def hear(self):
        while True:
            try:
                self.told.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return self.told

    def wait_for(self, text):
        wait.until(lambda: any(text in each for each in self.hear()), lambda: f"'{text}' is told; it was {self.told}")
        return next(each for each in self.told if text in each)


def make_world(undo):
    w = world.World(undo, start=False)
    directory = w.installation.directory
    w.manager = Manager(undo, f"{directory}/notify")
    w.libexec = f"{directory}/libexec"
    os.mkdir(w.libexec)
    programs = os.path.dirname(w.installation.programs["knockd"])
    w.real = {name: f"{programs}/{name}" for name in ("knockd-capture", "knockd-validate", "knockd-forward")}
    for name in w.real:
        put(w, name)
    w.daemon.environment.update({"NOTIFY_SOCKET": f"{directory}/notify", "OTK_LIBEXEC": w.libexec})
    return w


def put(w, name, program=None):
    """The real helper, or another program in its place."""
    path = f"{w.libexec}/{name}"
    if os.path.lexists(path):
        os.remove(path)
    os.symlink(program or w.real[name], path)


suite = tap.Suite(make_world)


@suite.case("a helper that cannot start: ready at once, with the reason as status, and accepting when it can")
def cannot_start(w):
    for name in w.real:
        if name == "knockd-forward":
            continue
        w.manager.told.clear()
        put(w, name, "/bin/false")
        w.daemon.start(until=f"{name} ended unexpectedly: exit code 1")
        told = w.manager.wait_for(f"STATUS=not accepting: {name} cannot start and is tried again: exit code 1")
        assert told.startswith("READY=1\n"), told
        said = w.installation.knockmgr("status", expect=1)
        assert f"NOT accepting knocks: {name} cannot start and is tried again: exit code 1" in said, said
        assert not any("STATUS=accepting" in each for each in w.manager.hear()), w.manager.told
        put(w, name)
        w.manager.wait_for("READY=1\nSTATUS=accepting knocks")
        w.right().expect_one_run(w.knock_udp)
        wait.until(lambda: "accepting knocks" in w.installation.knockmgr("status"), "status says so, too")
        assert w.daemon.stop() == 0


@suite.case("policy.db is damaged: the status names it, with what is wrong, and it is well when an intact one is back")
def damaged(w):
    policy, kept = f"{w.installation.state}/policy", f"{w.installation.directory}/kept"
    subprocess.run(["cp", "-a", policy, kept], check=True)
    for name in ("policy.db-wal", "policy.db-shm"):
        if os.path.exists(f"{policy}/{name}"):
            os.remove(f"{policy}/{name}")
    pages = os.path.getsize(f"{policy}/policy.db") // 4096
    with open(f"{policy}/policy.db", "r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 4096 * (pages - 1))
    w.manager.hear()
    w.manager.told.clear()
    w.daemon.start(until="policy.db")
    told = w.manager.wait_for("policy.db")
    assert "malformed" in told and "STATUS=" in told, told
    if w.daemon.alive():
        w.daemon.stop()
    shutil.rmtree(policy)
    subprocess.run(["cp", "-a", kept, policy], check=True)
    w.daemon.start()
    w.daemon.stop()


@suite.case("what knockd cannot start with at all is its status when it ends")
def ends_at_once(w):
    w.manager.hear()  # what the one before said last is not of this one
    w.manager.told.clear()
    w.installation.configure({"users": {"validate": "otk-nobody-such"}})
    w.daemon.start(until="otk-nobody-such")
    assert w.daemon.process.wait(timeout=wait.DEADLINE) == 1
    told = w.manager.wait_for("otk-nobody-such")
    assert told.startswith("STATUS=") and not any("READY" in each for each in w.manager.told), w.manager.told


def priorities(log):
    """Every line's number, and the line."""
    lines = log.splitlines()
    found = [re.fullmatch(r"<([3-6])>((knockd[a-z-]*|/.*): .*)", line) for line in lines]
    assert all(found), [line for line, match in zip(lines, found) if not match]
    return {match[2]: int(match[1]) for match in found}


def priority_of(lines, part):
    numbers = {number for line, number in lines.items() if part in line}
    assert len(numbers) == 1, f"{part}: {numbers} of {lines}"
    return numbers.pop()


@suite.case("where standard error is the journal's, each line of every process says how much it matters")
def to_the_journal(w):
    w.installation.configure({**world.CONFIGURATION, "dns": {"zones": ["knock.example.org"]}})
    log = f"{w.installation.state}.log"
    with open(log, "ab") as file:
        stream = os.fstat(file.fileno())
    w.daemon.environment["JOURNAL_STREAM"] = f"{stream.st_dev}:{stream.st_ino}"
    begin = w.daemon.log_size()
    with w.server.socket(socket.AF_INET, socket.SOCK_DGRAM) as owner:
        owner.bind((w.server.ipv4, 53))
        w.daemon.start()
        right = w.right(script='echo run >> "$0"; exit 7')
    right.newest_end()
    os.kill(w.daemon.helper("knockd-validate"), signal.SIGKILL)
    w.daemon.wait_for_log("ended unexpectedly", begin)
    w.installation.write_configuration("[accept]\nwindow = 999\n")
    w.daemon.process.send_signal(signal.SIGHUP)
    w.daemon.wait_for_log("is refused and the old one stays", begin)
    w.daemon.stop()
    lines = priorities(w.daemon.log(begin))
    expected = {"knockd: ready": 5, ": accepted (row": 6, ": exit 7 in": 4, "ended unexpectedly": 3,
                "is refused and the old one stays": 3, "knockd-capture: dns: cannot bind": 3, "knockd: ending": 5}
    found = {part: priority_of(lines, part) for part in expected}
    assert found == expected, found


@suite.case("elsewhere no line has a number before it")
def to_others(w):
    w.installation.configure(world.CONFIGURATION)
    w.daemon.environment["JOURNAL_STREAM"] = "1:2"
    begin = w.daemon.log_size()
    w.daemon.start()
    w.right().expect_one_run(w.knock_udp)
    w.daemon.stop()
    assert w.daemon.log(begin) and "<" not in w.daemon.log(begin), w.daemon.log(begin)


if __name__ == "__main__":
    suite.main()
