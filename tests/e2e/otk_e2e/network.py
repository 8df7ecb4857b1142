"""Hosts in network namespaces, joined by a switch in a namespace of its own, so that the server's interfaces look like
those of any host. Everything is named after this process and removed when the stack unwinds."""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess

from .tap import Skip

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)

# The last part of each host's addresses in 192.0.2.0/24 and 2001:db8::/64 (RFC 5737, RFC 3849).
NUMBERS = {"server": 1, "client": 2, "other": 3, "nat": 4, "resolver": 53}
COMMAND_LIMIT = 60  # seconds for an ordinary tool; it hangs when it takes longer


def run(argv, **options):
    """Runs to the end and demands success; the output is a text."""
    done = subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=COMMAND_LIMIT, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, argv))}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


class Network:
    def __init__(self, undo):
        if os.geteuid() != 0:
            raise Skip("network namespaces need root")
        if shutil.which("ip") is None:
            raise Skip("the program ip is missing (Debian: iproute2)")
        self._undo = undo
        self._prefix = f"otk-e2e-{os.getpid()}"
        self._switch = f"{self._prefix}-switch"
        self._hosts = {}
        try:
            self.add_namespace(self._switch)
        except AssertionError as error:
            raise Skip(f"no network namespace can be made here: {error}") from error
        run(["ip", "-n", self._switch, "link", "add", "switch", "type", "bridge", "stp_state", "0", "mcast_snooping", "0"])
        run(["ip", "-n", self._switch, "link", "set", "switch", "up"])

    def host(self, role):
        """The host of that role; made when first asked for."""
        if role not in self._hosts:
            self._hosts[role] = self._make_host(role)
        return self._hosts[role]

    @property
    def switch(self):
        """The namespace that joins the hosts; each has the other end of its cable there, under the name of its role."""
        return self._switch

    def _make_host(self, role):
        host = Host(f"{self._prefix}-{role}", NUMBERS[role])
        self.add_namespace(host.netns)
        run(["ip", "link", "add", "eth0", "netns", host.netns, "type", "veth", "peer", "name", role, "netns", self._switch])
        run(["ip", "-n", self._switch, "link", "set", role, "master", "switch", "up"])
        run(["ip", "-n", host.netns, "link", "set", "lo", "up"])
        run(["ip", "-n", host.netns, "link", "set", "eth0", "up"])
        run(["ip", "-n", host.netns, "address", "add", f"{host.ipv4}/24", "dev", "eth0"])
        run(["ip", "-n", host.netns, "address", "add", f"{host.ipv6}/64", "dev", "eth0", "nodad"])
        return host

    def add_namespace(self, name):
        run(["ip", "netns", "add", name])
        self._undo.callback(remove_namespace, name)

    def without_ipv6(self):
        """The hosts that there are, and the switch: they send nothing over IPv6 any more, not even by themselves."""
        for netns in (self._switch, *(host.netns for host in self._hosts.values())):
            run(["ip", "netns", "exec", netns, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6"])

    def resolv_conf(self, host, nameserver):
        """Programs that `host` runs from now on find this name server in /etc/resolv.conf (ip-netns(8))."""
        self._etc(host, "resolv.conf", f"nameserver {nameserver}\noptions timeout:2 attempts:2\n")

    def etc_hosts(self, host, text):
        """Likewise these lines in /etc/hosts, and no name server is asked."""
        self._etc(host, "hosts", text)
        self._etc(host, "nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n")

    def _etc(self, host, name, text):
        """ip-netns(8) mounts what is in this directory over that in /etc."""
        parent = "/etc/netns"
        directory = f"{parent}/{host.netns}"
        if not os.path.isdir(parent):
            os.mkdir(parent)
            self._undo.callback(_remove_if_empty, parent)
        if not os.path.isdir(directory):
            os.mkdir(directory)
            self._undo.callback(shutil.rmtree, directory)
        with open(f"{directory}/{name}", "w", encoding="ascii") as file:
            file.write(text)


def remove_namespace(name):
    """With what still runs in it, such as commands whose knockd was killed: nobody else is in there."""
    for pid in run(["ip", "netns", "pids", name]).split():
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    run(["ip", "netns", "delete", name])


def _remove_if_empty(directory):
    try:
        os.rmdir(directory)
    except OSError:
        pass  # somebody else's namespaces are configured there


class Host:
    def __init__(self, netns, number):
        self.netns = netns
        self.ipv4 = f"192.0.2.{number}"
        self.ipv6 = f"2001:db8::{number}"

    def address(self, family):
        return self.ipv4 if family == 4 else self.ipv6

    def words(self, argv):
        return ["ip", "netns", "exec", self.netns, *map(str, argv)]

    def run(self, *argv, stdin="", codes=(0,)):
        """An ordinary tool, on this host, to its end. Its output and error output in one text."""
        done = subprocess.run(self.words(argv), input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=COMMAND_LIMIT, check=False)
        if codes is not None and done.returncode not in codes:
            raise AssertionError(f"{' '.join(map(str, argv))}: exit code {done.returncode}\n{done.stdout}")
        return done.stdout

    def start(self, argv, undo, **options):
        """A program that goes on running; killed, by its process id, when the stack unwinds."""
        process = subprocess.Popen(self.words(argv), stdin=subprocess.DEVNULL, **options)
        undo.callback(end_process, process)
        return process

    def socket(self, family, kind, protocol=0):
        return socket_in(f"/run/netns/{self.netns}", family, kind, protocol)


def socket_in(namespace, family, kind, protocol=0):
    """A socket in the network namespace of that path: it belongs to the one that its maker is in at that moment."""
    with open("/proc/thread-self/ns/net", "rb") as here, open(namespace, "rb") as there:
        _enter(there)
        try:
            return socket.socket(family, kind, protocol)
        finally:
            _enter(here)


def _enter(namespace):
    if _libc.setns(namespace.fileno(), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def end_process(process):
    """SIGTERM, and SIGKILL for one that does not end by it. Done already: nothing."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
