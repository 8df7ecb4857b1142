"""A knockd that runs on a host of the test, its processes and its log."""

import os
import signal
import subprocess

from . import wait
from .network import end_process

HELPERS = ("knockd-capture", "knockd-validate")
# Of lib/sys/spares.h: who waits for a command to become, and who makes such.
SPARES = ("knockd-maker", "knockd-spare")


class Daemon:
    def __init__(self, undo, host, program, directory, environment=None):
        self._undo = undo
        self._host = host
        self._program = [program, "--dir", directory]
        self._words = self._program
        self.environment = dict(os.environ, **(environment or {}))
        self._log_path = f"{directory}.log"
        undo.callback(_remove, self._log_path)
        self.process = None

    def wrap(self, words):
        """From the next start on these words start it."""
        self._words = [*words, *self._program]

    def start(self, until="knockd: ready"):
        """Returns when the log says so, or fails when knockd ends before that."""
        begin = self.log_size()
        with open(self._log_path, "ab") as log:
            self.process = subprocess.Popen(self._host.words(self._words), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=self.environment)
        self._undo.callback(end_process, self.process)
        self.wait_for_log(until, begin)

    def wait_for_log(self, text, begin=0):
        def seen():
            if text in self.log(begin):
                return True
            if self.process.poll() is not None:
                code = self.process.returncode
                raise AssertionError(f"knockd ended with {code} before it said '{text}':\n{self.log(begin)}")
            return False

        wait.until(seen, lambda: f"knockd says '{text}'; it said:\n{self.log(begin)}")

    def log(self, begin=0):
        try:
            with open(self._log_path, "rb") as file:
                file.seek(begin)
                return file.read().decode(errors="replace")
        except FileNotFoundError:
            return ""

    def log_size(self):
        return os.path.getsize(self._log_path) if os.path.exists(self._log_path) else 0

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        """In order, by SIGTERM; gives the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=wait.DEADLINE)

    def kill(self):
        """The monitor alone, by SIGKILL; returns when its helpers are gone too (they end with it)."""
        helpers = [self.children()[name] for name in HELPERS if name in self.children()]
        self.process.kill()
        self.process.wait()
        wait.until(lambda: not any(is_running(pid) for pid in helpers), "the helpers end when the monitor is killed")

    def restart(self):
        self.stop()
        self.start()

    def children(self):
        """Program name -> process id, of those that the monitor started: its helpers and running commands."""
        return {name: pid for pid in children_of(self.process.pid) if (name := name_of(pid)) not in SPARES}

    def spares(self):
        """Likewise, but of the process that waits for a command and the one that makes such."""
        return {name: pid for pid in children_of(self.process.pid) if (name := name_of(pid)) in SPARES}

    def helper(self, name):
        """The process id of a helper, waiting for it to be there."""
        return wait.until(lambda: self.children().get(name), f"{name} runs")

    def commands(self):
        return [pid for pid in children_of(self.process.pid) if name_of(pid) not in HELPERS + SPARES]


def _remove(path):
    if os.path.exists(path):
        os.remove(path)


def _stat(pid):
    """Name, state and parent of a process, from proc(5)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            text = file.read()
    except (FileNotFoundError, ProcessLookupError):
        return None
    name, rest = text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:].split()
    return name, rest[0], int(rest[1])


def children_of(parent):
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [pid for pid in pids if (stat := _stat(pid)) and stat[2] == parent and stat[1] != "Z"]


def name_of(pid):
    stat = _stat(pid)
    return stat[0] if stat else ""


def is_running(pid):
    stat = _stat(pid)
    return stat is not None and stat[1] != "Z"


def status_of(pid):
    """The fields of /proc/PID/status."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return {name: value.strip() for name, value in (line.split(":", 1) for line in file)}
