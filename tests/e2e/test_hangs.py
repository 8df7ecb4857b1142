#!/usr/bin/python3
"""Processes that are there and do nothing: one of the helpers is noticed by knockd, which starts it again; knockd itself by
`knockmgr status`, and by the service manager's watchdog."""

import json
import os
import re
import signal
import socket
import threading

from otk_e2e import tap, wait, world
from otk_e2e.daemon import is_running


class AlertingWorld(world.World):
    def __init__(self, undo):
        super().__init__(undo, start=False)
        self.alerts = f"{self.installation.directory}/alerts"
        with open(self.alerts, "wb"):
            os.chmod(self.alerts, 0o666)
        words = ["/bin/sh", "-c", 'echo "$OTK_ALERT $OTK_TEXT" >> "$0"', self.alerts]
        self.installation.configure({**world.CONFIGURATION, "alerts": {"command": words, "on": ["child-crashed"]}})
        self.daemon.start()


suite = tap.Suite(AlertingWorld)


def status(w):
    return json.loads(w.installation.knockmgr("status", "--json", expect=None))


@suite.case("knockd is stopped: status says that it is not heard, with exit code 1; it goes on, and all is well")
def stopped(w):
    wait.until(lambda: status(w)["accepting"], lambda: f"knocks are accepted: {status(w)}")
    w.daemon.process.send_signal(signal.SIGSTOP)
    try:
        found = wait.until(lambda: (now := status(w))["silent_for"] and now, lambda: f"the silence is told: {status(w)}")
        assert found["running"] and not found["accepting"] and found["silent_for"] >= 10, found
        assert "NOT HEARD" in w.installation.knockmgr("status", expect=1)
    finally:
        w.daemon.process.send_signal(signal.SIGCONT)
    wait.until(lambda: (now := status(w))["accepting"] and now["silent_for"] is None, lambda: f"it is heard: {status(w)}")


@suite.case("knockd that has nothing to do says all the same that it works")
def idle(w):
    first = status(w)["daemon"]["written"]
    wait.until(lambda: status(w)["daemon"]["written"] >= first + 8000, lambda: f"it is written again: {status(w)}")


def hangs(w, name, other):
    """The helper is stopped; gives the log from then on, when another one works in its place."""
    right = w.right()
    crashes, begin = status(w)["daemon"]["counters"]["child_crashes"], w.daemon.log_size()
    pid, others = w.daemon.helper(name), w.daemon.helper(other)
    os.kill(pid, signal.SIGSTOP)
    w.daemon.wait_for_log(f"knockd: {name} (process {pid}) has said nothing for", begin)
    wait.until(lambda: not is_running(pid), f"{name} is killed")
    right.knock_until_it_runs()
    assert "is stopped: it is killed and started again" in w.daemon.log(begin), w.daemon.log(begin)
    assert f"{name} ended unexpectedly" in w.daemon.log(begin), w.daemon.log(begin)
    assert w.daemon.helper(other) == others, f"{other} had to go, too"
    counted = lambda: status(w)["daemon"]["counters"]["child_crashes"]
    wait.until(lambda: counted() == crashes + 1, lambda: f"one crash is counted: {counted()}, before {crashes}")
    with open(w.alerts, encoding="utf-8") as file:
        assert any(name in line for line in file if line.startswith("child-crashed ")), "no alert"
    return begin


@suite.case("knockd-validate is stopped: it is killed and started again, as if it had died, and told")
def validate(w):
    hangs(w, "knockd-validate", "knockd-capture")


@suite.case("knockd-capture likewise; for how long nobody read packets is told and counted")
def capture(w):
    w.clock.advance(61)  # of one kind there is one alert in a minute
    begin = hangs(w, "knockd-capture", "knockd-validate")
    w.daemon.wait_for_log("packets are read again; some of what came in the last", begin)
    told = int(re.search(r"in the last (\d+) ms", w.daemon.log(begin))[1])
    assert told > 5000, f"it did nothing for ten looks, one a second, and that is told as {told} ms"
    wait.until(lambda: status(w)["daemon"]["counters"]["deaf_ms"] == told, "the time is counted")


class Manager:
    """A service manager's end of the notify socket. It reads all the time, as one does."""

    def __init__(self, undo, path):
        self.heard = []
        self._socket = undo.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self._socket.bind(path)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            try:
                self.heard.append(self._socket.recv(4096).decode())
            except OSError:
                return


def started_by(w, manager, environment):
    """knockd, started anew with that environment, has told the manager that it is ready."""
    w.daemon.stop()
    w.daemon.environment.update(environment)
    del manager.heard[:]
    w.daemon.start()
    wait.until(lambda: any("READY=1" in word for word in manager.heard), lambda: f"knockd is ready: {manager.heard}")


@suite.case("the service manager's watchdog is told that knockd works, where it wants to be told")
def watchdog(w):
    path = f"{w.installation.directory}/notify"
    manager = Manager(w.undo, path)
    started_by(w, manager, {"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "200000"})
    wait.until(lambda: manager.heard.count("WATCHDOG=1") >= 5, lambda: f"it is told again and again: {manager.heard}")
    started_by(w, manager, {"WATCHDOG_PID": "1"})  # somebody else's
    w.right()
    w.daemon.stop()
    assert "STOPPING=1" in manager.heard and "WATCHDOG=1" not in manager.heard, manager.heard
    w.daemon.start()


if __name__ == "__main__":
    suite.main()
