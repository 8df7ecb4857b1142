"""A server that boots, with otk installed, and a client on its network, which knocks. Its network is made anew after each
boot, inside the machine: nothing of the host's is touched."""

import contextlib
import itertools
import json
import socket
import time

from otk_e2e import guard, network, packets, wait
from otk_e2e.chain import Chain
from otk_e2e.world import Access

from .machine import Machine
from .tree import Tree

ADDRESSES = {"server": ("192.0.2.1", "2001:db8::1"), "client": ("192.0.2.2", "2001:db8::2")}
GUARDED = 2222  # a port of the server on which something listens; the tests guard it


class Host:
    """As otk_e2e.network.Host: the server itself, or the client in its network namespace."""

    def __init__(self, machine, role):
        self._machine = machine
        self._role = role
        self.ipv4, self.ipv6 = ADDRESSES[role]

    def address(self, family):
        return self.ipv4 if family == 4 else self.ipv6

    def run(self, *argv, stdin="", codes=(0,)):
        inside = [] if self._role == "server" else ["ip", "netns", "exec", self._role]
        return self._machine.run(*inside, *argv, stdin=stdin, codes=codes)

    def socket(self, family, kind, protocol=0):
        place = f"/proc/{self._machine.init}/ns/net"
        if self._role != "server":
            place = self._machine.path(f"/run/netns/{self._role}")
        return network.socket_in(place, family, kind, protocol)


class Server:
    """The world of a boot suite: what otk_e2e's Access and the guard's tests ask of one, with otk run by systemd."""

    def __init__(self, undo, configuration="", start=True, install=True):
        """A machine that is on; with `install`, it has otk; with `start`, that is initialized, enabled and accepting."""
        self.undo = undo
        self.tree = Tree(undo)
        if install:
            self.tree.install()
        self.machine = Machine(undo, self.tree.path)
        self.server, self.client = Host(self.machine, "server"), Host(self.machine, "client")
        self._served = [(guard.BARRIER, "0.0.0.0"), (guard.BARRIER, "::"), (GUARDED, "0.0.0.0"), (GUARDED, "::")]
        self._listeners = []
        undo.callback(self._close_listeners)
        self._serial = itertools.count(1)
        self.installation = self  # for Access
        self.power_on()
        if install and start:
            self.knockmgr("init")
            self.add_configuration(configuration)
            self.systemctl("enable", "--now", "otk")

    # Power.

    def power_on(self):
        self.machine.power_on()
        self._cable()

    def power_off(self):
        self._close_listeners()
        self.machine.power_off()

    def cut_power(self):
        self._close_listeners()
        self.machine.cut_power()

    def reboot(self):
        self.power_off()
        self.power_on()

    def _cable(self):
        run = self.machine.run
        run("ip", "netns", "add", "client")
        run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", "client")
        for inside, host in (((), self.server), (("-n", "client"), self.client)):
            run("ip", *inside, "address", "add", f"{host.ipv4}/24", "dev", "eth0")
            run("ip", *inside, "address", "add", f"{host.ipv6}/64", "dev", "eth0", "nodad")
            run("ip", *inside, "link", "set", "lo", "up")
            run("ip", *inside, "link", "set", "eth0", "up")
        for port, address in self._served:
            self._listen(port, address)

    def listen(self, port, address="0.0.0.0"):
        """Something listens there, now and after each boot. Connections are made by the kernel; nobody takes them."""
        self._served.append((port, address))
        self._listen(port, address)

    def _listen(self, port, address):
        self._listeners.append(guard.listener_of(self.server, port, address))

    def _close_listeners(self):
        while self._listeners:
            self._listeners.pop().close()

    def through(self, port=GUARDED, family=4):
        """Whether the client gets a connection. No test opens a door for IPv6, so there it is anybody."""
        return guard.gets_through(self.client, self.server.address(family), port, self._listeners[:2])

    # systemd.

    def systemctl(self, *words, codes=(0,)):
        if words[0] in ("start", "restart"):
            # Starts by hand count against the unit's limit, and the cases together make more than it allows. Systemd 252
            # forgets them at each daemon-reload, 257 does not.
            self.machine.run("systemctl", "reset-failed", "otk", codes=None)
        return self.machine.run("systemctl", *words, codes=codes)

    def show(self, unit, name):
        """A property of a unit, such as ActiveState."""
        return self.systemctl("show", "--value", "--property", name, unit).strip()

    def main_pid(self):
        """knockd's process id, as the machine numbers it."""
        return int(self.show("otk", "MainPID"))

    def helper(self, name):
        """The process id of one of knockd's processes, such as knockd-capture, waiting for it to be there."""
        def find():
            return next((pid for pid, words in self.machine.processes().items() if words[0].rsplit("/")[-1] == name), None)

        return wait.until(find, f"{name} runs")

    def journal(self, *words):
        """The lines of this boot, without time and program."""
        return self.machine.run("journalctl", "--boot", "--no-pager", "--output=cat", *words)

    @staticmethod
    def now():
        """For journal("--since", ...). A cursor would not do: --after-cursor drops the first line that a filter lets
        through (systemd 252)."""
        return f"@{time.time():.6f}"

    def wait_for_status(self, text):
        """What knockd tells systemd of itself."""
        wait.until(lambda: text in self.show("otk", "StatusText"),
                   lambda: f"the status of otk is '{text}'; it is '{self.show('otk', 'StatusText')}'")

    def guard_on(self):
        """For good, and in the kernel."""
        self.knockmgr("guard", "on", "--confirm", "5m")
        self.knockmgr("guard", "confirm")
        wait.until(lambda: not self.through(), "the guard shuts the port")

    def expect_guarded(self):
        assert not self.through(family=6), f"anybody gets to port {GUARDED}"

    def drop_in(self, text, unit="otk.service", name="test"):
        self.write(f"/run/systemd/system/{unit}.d/{name}.conf", text)
        self.systemctl("daemon-reload")

    # Files, seen from here.

    def write(self, name, text, mode="644"):
        """A file of the running machine."""
        self.machine.run("sh", "-c", 'mkdir -p "${0%/*}" && cat > "$0" && chmod "$1" "$0"', name, mode, stdin=text)

    def read(self, name):
        return self.machine.run("cat", name)

    @contextlib.contextmanager
    def changed(self, name, text):
        """The file has that text for so long."""
        before = self.read(name)
        self.write(name, text)
        try:
            yield
        finally:
            self.write(name, before)

    # otk.

    def knockmgr(self, *words, expect=0):
        return self.machine.run("knockmgr", *words, codes=None if expect is None else (expect,))

    def log(self, *filters):
        return json.loads(self.knockmgr("log", "--json", "--last", "all", *filters))

    def add_configuration(self, text):
        """More of otk.toml, below what is there."""
        if text:
            self.write("/etc/otk/otk.toml", self.read("/etc/otk/otk.toml") + "\n" + text)

    def access(self, *of_command, options=()):
        """A new user, a new command, such as ("--open", "22/tcp", "--hold", "5s"), and a grant with a new chain."""
        access = Access(self, next(self._serial), Chain())
        self.knockmgr("user", "add", access.user)
        self.knockmgr("command", "add", access.command, *of_command)
        self.knockmgr("grant", "add", access.user, access.command, "--token", access.chain.token(), *options)
        return access

    def start_command(self, access, words):
        """A knock whose command runs on: returns when a process with this command line is there. Gives the knock's row."""
        before = len(access.rows("accepted"))
        value = access.chain.next()

        def runs():
            self.knock_udp(value)
            return len(access.rows("accepted")) > before and words in self.machine.processes().values()

        wait.until(runs, f"a knock of {access.user} starts {words}")
        return access.rows("accepted")[-1]

    def knock_udp(self, payload, port=62201):
        packets.send_udp(self.client, self.server.ipv4, payload, port)

    def story(self):
        """For the report of a failed case."""
        if self.machine.init is None:
            return f"the machine is off; its console:\n{self.machine.console()[-4000:]}"
        parts = []
        for words in (["systemctl", "status", "--no-pager", "otk", "otk-guard"], ["journalctl", "--boot", "--no-pager", "--lines=60"],
                      ["knockmgr", "log"], ["nft", "list", "ruleset"]):
            with contextlib.suppress(Exception):  # a story with a gap is better than none
                parts.append(f"{' '.join(words)}:\n{self.machine.run(*words, codes=None)}")
        return "\n".join(parts)
