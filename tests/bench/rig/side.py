"""The daemons, side by side. Each has: its name, the udp ports it hears, look-alikes for the generator, valid requests (lists of
datagrams), its processes, and the command `stamp`, which appends the moment at which it runs to a file."""

import contextlib
import os
import tempfile

from otk_e2e.daemon import children_of, name_of
from otk_e2e.network import end_process


class Side:
    name = ""
    ports = ()
    carriers = ("udp",)

    def __init__(self, rig, undo, directory):
        self.rig = rig
        self.undo = undo
        self.directory = directory
        self.runs_file = f"{directory}/runs"
        self.process = None
        with open(self.runs_file, "wb"):
            os.chmod(self.runs_file, 0o666)  # the command may run as nobody
        self.command = [rig.program("tests/bench/stamp"), self.runs_file]

    def look_alikes(self, carrier):
        """Options of the generator."""
        raise NotImplementedError

    def requests(self, number, carrier):
        """So many valid requests that were never sent before."""
        raise NotImplementedError

    def launch(self):
        """Starts it; returns at once."""
        raise NotImplementedError

    def wait_ready(self):
        """Returns when it accepts requests."""
        raise NotImplementedError

    def stop(self):
        if self.process is not None:
            end_process(self.process)

    def pids(self):
        """Its processes, without the commands that run: name -> process id."""
        ours = {self.process.pid: name_of(self.process.pid)}
        ours.update({pid: name_of(pid) for pid in children_of(self.process.pid)})
        return {name: pid for pid, name in ours.items() if name != "stamp"}

    def counters(self):
        """What the daemon says about itself: name -> number."""
        return {}

    def runs(self):
        """The moments at which its command ran, ns since 1970, in order."""
        with open(self.runs_file, "rb") as file:
            return [int(line) for line in file.read().split()]

    def run_count(self):
        return os.stat(self.runs_file).st_size // 20  # 19 digits and a line end


@contextlib.contextmanager
def made(kind, rig, *arguments, **options):
    """A daemon of that kind, configured and not started, in a directory of its own; stopped and removed at the end."""
    with contextlib.ExitStack() as undo:
        directory = undo.enter_context(tempfile.TemporaryDirectory(prefix="otk-bench-"))
        os.chmod(directory, 0o755)  # the command may run as nobody
        side = kind(rig, undo, directory, *arguments, **options)
        undo.callback(side.stop)
        rig.firewall(side.ports)
        yield side


@contextlib.contextmanager
def running(kind, rig, *arguments, **options):
    with made(kind, rig, *arguments, **options) as side:
        side.launch()
        side.wait_ready()
        yield side
