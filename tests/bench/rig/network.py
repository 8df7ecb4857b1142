"""Two hosts in namespaces, joined by one veth pair, and what runs on them: the daemon's host on one core, the generator's on
another. Everything is named after this process and removed when the stack unwinds."""

import json
import os
import subprocess
import time

from otk_e2e import network, wait

PORT = 62201
# Uninvited packets end at the firewall, as on most hosts: the rest of the kernel's way (looking for a socket, answering that
# there is none) costs the generator's core more than the packet itself. Packet capture comes before it.
FIREWALL = """table ip bench {{
    chain drops {{
        type filter hook prerouting priority -300
        udp dport {{ 53, {ports} }} drop
        icmp type echo-request drop
    }}
}}
"""


class PinnedHost(network.Host):
    """Whatever runs here runs on that core, and so does what it starts."""

    def __init__(self, netns, number, core):
        super().__init__(netns, number)
        self.core = core

    def words(self, argv):
        return ["taskset", "-c", str(self.core), *super().words(argv)]


class Rig:
    def __init__(self, undo, build, daemon_core, generator_core):
        self.undo = undo
        self.build = build
        prefix = f"otk-bench-{os.getpid()}"
        self.server = PinnedHost(f"{prefix}-server", network.NUMBERS["server"], daemon_core)
        self.client = PinnedHost(f"{prefix}-client", network.NUMBERS["client"], generator_core)
        for host in (self.server, self.client):
            network.run(["ip", "netns", "add", host.netns])
            undo.callback(network.remove_namespace, host.netns)
        network.run(["ip", "link", "add", "eth0", "netns", self.server.netns, "type", "veth",
                     "peer", "name", "eth0", "netns", self.client.netns])
        for host in (self.server, self.client):
            network.run(["ip", "-n", host.netns, "link", "set", "lo", "up"])
            network.run(["ip", "-n", host.netns, "address", "add", f"{host.ipv4}/24", "dev", "eth0"])
            network.run(["ip", "-n", host.netns, "link", "set", "eth0", "up"])

    def program(self, name):
        return f"{self.build}/{name}"

    def firewall(self, ports):
        """Drops what is sent to these udp ports and to port 53, and echo requests."""
        self.server.run("nft", "flush", "ruleset")
        self.server.run("nft", "-f", "-", stdin=FIREWALL.format(ports=", ".join(map(str, ports))))

    def generator(self, rate, seconds, *options, count=0):
        """A flood that has begun; flood_done() says what it was. Rate 0: as fast as it goes; count 0: for all that time."""
        words = [self.program("tests/load/blast"), "--to", self.server.ipv4, "--seconds", seconds,
                 "--count", count or rate * seconds or 100_000_000, "--rate", rate, *options]
        return self.client.start(words, self.undo, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def bare_capture(self, rate, seconds):
        """The share of a flood's packets that a program gets that does nothing but receive, and the rate of the flood."""
        reader = self.server.start([self.program("tests/bench/bare_pcap"), "eth0", seconds + 2, f"udp port {PORT}"],
                                   self.undo, stdout=subprocess.PIPE, text=True)
        reader.stdout.readline()
        sent = flood_done(self.generator(rate, seconds))
        got = json.loads(reader.communicate(timeout=60)[0])
        return {"asked": rate, "rate": sent["rate"], "share": got["received"] / sent["packets"], "lost": got["lost"]}


def flood_done(generator):
    out, errors = generator.communicate(timeout=180)
    if generator.returncode != 0:
        raise AssertionError(f"the generator failed: {errors}")
    return json.loads(out)


def cpu_seconds(pids):
    """Processor time that each process had so far; `pids` is name -> process id, and so is the answer's shape."""
    spent = {}
    for name, pid in pids.items():
        with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
            spent[name] = int(file.read().split()[0]) / 1e9
    return spent


def resident_mib(pids):
    """Of all of them together; what they share counts once (proportional set size, proc(5))."""
    total = 0
    for pid in pids.values():
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    return total / 1024


def settled(count, quiet=1.5, most=20.0):
    """What count() gives once it has not changed for `quiet` seconds."""
    end = time.monotonic() + most
    value, since = count(), time.monotonic()
    while time.monotonic() < min(end, since + quiet):
        time.sleep(0.05)
        if count() != value:
            value, since = count(), time.monotonic()
    return value


def until(condition, what, deadline=wait.DEADLINE):
    return wait.until(condition, what, deadline)
