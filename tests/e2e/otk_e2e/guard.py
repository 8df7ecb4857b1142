"""The guard as the tests see it: knockmgr on the server's own network, and whether a packet gets through."""

import contextlib
import select
import socket

from . import wait, world

BARRIER = 7777  # a port of the server that nobody guards


def make_world(undo):
    return Guarded(undo, {"firewall": {"mode": "guard"}})


class Guarded(world.World):
    """A world whose server listens on some ports; none is guarded before guard("on", ...)."""

    def __init__(self, undo, configuration, start=True):
        super().__init__(undo, configuration, start)
        self._barriers = [self.listen(BARRIER), self.listen(BARRIER, address="::")]

    def listen(self, port, host=None, address="0.0.0.0"):
        """Connections are made by the kernel; nobody needs to take them."""
        listener = listener_of(host or self.server, port, address)
        self.undo.callback(listener.close)
        return listener

    def knockmgr(self, *words, expect=0):
        """On the server's network and by its clock; the installation's own knockmgr runs outside of it."""
        clock = [f"{name}={value}" for name, value in self.clock.environment.items()]
        program = self.installation.programs["knockmgr"]
        return self.server.run("env", *clock, program, *words, "--dir", self.installation.state, codes=(expect,))

    def guard(self, *words, expect=0):
        return self.knockmgr("guard", *words, expect=expect)

    def arm(self):
        """For good; returns when the kernel has it."""
        self.guard("on", "--confirm", "5m")
        self.guard("confirm")

    def rules(self, *words):
        return self.server.run("nft", *(words or ("list", "ruleset")))

    def script(self, text):
        """A script for nft, on the server."""
        self.server.run("nft", "-f", "-", stdin=text)

    def through(self, port, client=None, address=None):
        """Whether a connection from the client comes about."""
        return gets_through(client or self.client, address or self.server.ipv4, port, self._barriers)

    def wait_until_through(self, port, client=None, address=None):
        wait.until(lambda: self.through(port, client, address), f"a connection to port {port} is made")

    def wait_until_shut(self, port, client=None, address=None):
        wait.until(lambda: not self.through(port, client, address), f"no connection to port {port} is made")

    def close_doors(self):
        """Returns when the kernel has none any more."""
        self.installation.knockmgr("doors", "close", "--all", "--yes", expect=None)
        wait.until(lambda: not any("elements" in self.rules("list", "set", "inet", "otk", name) for name in ("door4", "door6")),
                   "the doors are closed")

    def tracked(self):
        """How many connections the server's connection tracking has."""
        return int(self.server.run("cat", "/proc/sys/net/netfilter/nf_conntrack_count"))


def listener_of(host, port, address="0.0.0.0"):
    """A socket of that host that listens; the caller's to close."""
    listener = socket_to(host, address)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if ":" in address:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.bind((address, port))
    listener.listen(1024)
    return listener


def gets_through(client, address, port, barriers):
    """Whether a connection comes about. Packets keep their order: after later connections have, to the port BARRIER, on
    which `barriers` listen and which nobody guards, one that has no answer yet gets none."""
    with socket_to(client, address) as attempt:
        attempt.setblocking(False)
        attempt.connect_ex((address, port))
        for _ in range(3):
            with socket_to(client, address) as connection_to_barrier:
                connection_to_barrier.settimeout(wait.DEADLINE)
                connection_to_barrier.connect((address, BARRIER))
        for barrier in barriers:
            close_all_of(barrier)
        _, ready, _ = select.select([], [attempt], [], 0)
        return bool(ready) and attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0


def socket_to(host, address):
    return host.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)


def close_all_of(listener):
    """The connections that wait to be taken."""
    listener.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            listener.accept()[0].close()


def connection(host, address, port):
    """One that exists, with its end at the client."""
    made = socket_to(host, address)
    made.settimeout(wait.DEADLINE)
    made.connect((address, port))
    return made


def alive(here, there):
    """Bytes go both ways."""
    for near, far in ((here, there), (there, here)):
        near.settimeout(wait.DEADLINE)
        far.settimeout(wait.DEADLINE)
        near.sendall(b"word")
        with contextlib.suppress(socket.timeout):
            if far.recv(4) == b"word":
                continue
        return False
    return True
