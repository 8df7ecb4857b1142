"""A Debian tree booted by its own systemd as PID 1, in namespaces of its own: no container manager, no virtual machine,
nothing of the host but its kernel. What is written to the tree stays, so that the next power_on() is the machine's next
boot."""

import contextlib
import itertools
import os
import pty
import shutil
import signal
import subprocess
import threading

from otk_e2e import wait
from otk_e2e.tap import Skip

COMMAND_LIMIT = 120  # seconds for a command in the machine; longer than systemd waits for a unit to start (90 s)
BOOT_LIMIT = 90.0    # seconds; a boot takes two or three, on a busy machine ten
PID1 = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "pid1")
ENVIRONMENT = ("TERM=dumb", "HOME=/root", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
_serial = itertools.count(1)


class Machine:
    def __init__(self, undo, tree):
        """`tree` is a directory, of whoever calls; nothing in it is removed."""
        if os.geteuid() != 0:
            raise Skip("booting a machine needs root")
        for program in ("unshare", "nsenter", "setpriv"):
            if shutil.which(program) is None:
                raise Skip(f"the program {program} is missing (Debian: util-linux)")
        self.tree = tree
        self.init = None  # process id of its PID 1, as the host numbers it; None: it is off
        self._outer = None
        self._console = bytearray()
        self._group = f"{_cgroup2()}/otk-boot-{os.getpid()}-{next(_serial)}"
        undo.callback(self._clean_up)

    def power_on(self):
        """Returns when systemd says that the boot is over, whether or not all units came up (see state())."""
        assert self.init is None, "the machine is on"
        try:
            os.mkdir(self._group)
        except OSError as error:
            raise Skip(f"no control group can be made here: {error}") from error
        # The cgroup namespace is rooted where its maker stands. Should this test be killed, so is the machine.
        words = ["setpriv", "--pdeathsig", "KILL", "unshare", "--fork", "--kill-child", "--pid", "--mount", "--uts", "--ipc",
                 "--net", "--cgroup", PID1, self.tree]
        terminal, end = pty.openpty()
        self._outer = subprocess.Popen(_in_group(self._group, words), stdin=end, stdout=end, stderr=end, start_new_session=True)
        os.close(end)
        threading.Thread(target=self._read_console, args=(terminal,), daemon=True).start()
        self.init = wait.until(self._find_init, self._never("systemd runs as PID 1"), BOOT_LIMIT)
        wait.until(lambda: self.state() in ("running", "degraded"), self._never("the boot ends"), BOOT_LIMIT)

    def state(self):
        """As `systemctl is-system-running` says: running, degraded (a unit failed), starting, ..."""
        return self.run("systemctl", "is-system-running", codes=None).strip()

    def power_off(self):
        """In order: every service is stopped first."""
        self.run("systemctl", "poweroff", "--no-wall", codes=None)
        self._wait_for_end()

    def reboot(self):
        self.run("systemctl", "reboot", "--no-wall", codes=None)
        self._wait_for_end()
        self.power_on()

    def cut_power(self):
        """Every process of the machine is gone at once. What they had written the kernel still has: what a disk would
        have lost is not shown by this."""
        os.kill(self.init, signal.SIGKILL)
        self._wait_for_end()

    def words(self, argv):
        """The command line that runs argv in there, as root, from here."""
        inside = ["nsenter", "-t", str(self.init), "-a", "-r", "-w", "env", "-i", *ENVIRONMENT, *map(str, argv)]
        return _in_group(f"{self._group}/command", inside)

    def call(self, *argv, stdin=""):
        """Its exit code, and output and error output in one text."""
        os.makedirs(f"{self._group}/command", exist_ok=True)
        done = subprocess.run(self.words(argv), input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=COMMAND_LIMIT, check=False)
        return done.returncode, done.stdout

    def run(self, *argv, stdin="", codes=(0,)):
        """Its output, as of call(); demands one of these exit codes (None: any)."""
        code, output = self.call(*argv, stdin=stdin)
        if codes is not None and code not in codes:
            raise AssertionError(f"{' '.join(map(str, argv))}: exit code {code}\n{output}")
        return output

    def processes(self):
        """Process id, as the machine numbers it, -> command line, of those that have not ended."""
        found = {}
        for name in os.listdir(self.path("/proc")):
            if name.isdigit():
                with contextlib.suppress(OSError), open(self.path(f"/proc/{name}/cmdline"), "rb") as file:
                    if words := file.read().rstrip(b"\0").decode(errors="replace").split("\0"):
                        found[int(name)] = words
        return {pid: words for pid, words in found.items() if words != [""]}

    def signal(self, number, *pids):
        """To processes of the machine, by its own numbers of them."""
        self.run("sh", "-c", 'kill -"$0" "$@"', number, *pids)

    def path(self, name):
        """Where a file of the running machine is found from here, also one in its /run or /proc."""
        return f"/proc/{self.init}/root/{name.lstrip('/')}"

    def console(self):
        """What was shown on the console, of all boots."""
        return self._console.decode(errors="replace").replace("\r", "")

    def _find_init(self):
        if self._outer.poll() is not None:
            raise AssertionError(f"the machine ended before it was up:\n{self.console()}")
        with open(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children", encoding="ascii") as file:
            children = file.read().split()
        for pid in map(int, children):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/comm", encoding="ascii") as file:
                if file.read().strip() == "systemd":
                    return pid
        return None

    def _never(self, what):
        return lambda: f"{what}; the console:\n{self.console()[-4000:]}"

    def _read_console(self, terminal):
        with contextlib.suppress(OSError):  # EIO: nobody has the other end any more
            while part := os.read(terminal, 65536):
                self._console += part
        os.close(terminal)

    def _wait_for_end(self):
        wait.until(lambda: self._outer.poll() is not None, self._never("the machine ends"), BOOT_LIMIT)
        self.init = None
        self._remove_group()

    def _remove_group(self):
        def is_gone():
            with contextlib.suppress(OSError):
                for directory, _, _ in os.walk(self._group, topdown=False):
                    os.rmdir(directory)
            return not os.path.exists(self._group)

        wait.until(is_gone, f"no process is left in {self._group}")

    def _clean_up(self):
        if self._outer is not None and self._outer.poll() is None:
            self._outer.kill()  # and with it, by --kill-child, everything in the machine
            self._outer.wait()
        if os.path.exists(self._group):
            self._remove_group()


def _in_group(group, words):
    return ["/bin/sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', group, *words]


def _cgroup2():
    """Where control groups of version 2 are mounted; systemd needs them."""
    with open("/proc/mounts", encoding="utf-8") as mounts:
        for line in mounts:
            _, place, kind, *_ = line.split()
            if kind == "cgroup2":
                return place
    raise Skip("no control groups of version 2 are mounted here")
