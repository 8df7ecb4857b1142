#!/usr/bin/python3
"""knockd --check, and knockd --read with what tcpdump wrote: every knock and its verdict, and nothing is changed."""

import contextlib
import hashlib
import os
import pwd
import shutil
import subprocess

from otk_e2e import chain, dns, packets, signed, tap, wait, world
from otk_e2e.installation import ZONE


def make_world(undo):
    return world.World(undo, start=False)


suite = tap.Suite(make_world)


class Recording:
    """tcpdump on the server, writing to a file."""

    def __init__(self, w, undo, interface):
        if shutil.which("tcpdump") is None:
            raise tap.Skip("tcpdump is missing (Debian: tcpdump)")
        self.path = f"{w.installation.directory}/{interface}.pcap"
        said = f"{self.path}.said"
        with open(said, "wb") as log:
            words = ["tcpdump", "-U", "--immediate-mode", "-Z", "root", "-i", interface, "-w", self.path]
            self._process = w.server.start(words, undo, stdout=log, stderr=subprocess.STDOUT)
        wait.until(lambda: "listening on" in contents(said).decode(), "tcpdump listens")

    def end(self, last):
        """When the last packet, told by its bytes, is in the file."""
        wait.until(lambda: last in contents(self.path), "tcpdump wrote everything")
        self._process.terminate()
        self._process.wait(timeout=wait.DEADLINE)
        os.chmod(self.path, 0o644)


def contents(path):
    if not os.path.exists(path):
        return b""
    with open(path, "rb") as file:
        return file.read()


def fingerprints(directory):
    """Every database file by what it holds."""
    names = [f"{directory}/policy/policy.db", f"{directory}/ledger/ledger.db"]
    return {name: hashlib.sha256(contents(name)).hexdigest() for name in names}


def record(w, interface, right):
    """Knocks of every carrier, a duplicate, one beyond the window; nobody listens but tcpdump."""
    with contextlib.ExitStack() as undo:
        recording = Recording(w, undo, interface)
        w.knock_udp(right.chain.next())
        w.knock_udp(right.chain.current)
        w.client.run("ping", "-c1", "-W1", "-p", right.chain.next().hex(), w.server.ipv4)
        w.client.run("ping6", "-c1", "-W1", "-p", right.chain.next().hex(), w.server.ipv6)
        name = f"{chain.base32(right.chain.next())}.{ZONE}"
        dns.send(w.client, w.server.ipv4, dns.question(name)).close()
        right.chain.skip(10)
        w.knock_udp(right.chain.next())
        last = b"the last packet of this recording"
        packets.send_udp(w.client, w.server.ipv4, last)
        recording.end(last)
        return recording.path


def expect_verdicts(said, right):
    """One line for each knock that was found; those four are accepted."""
    lines = said.splitlines()
    accepted = [line for line in lines if "accepted" in line and right.user in line and right.command in line]
    assert len(accepted) == 4, said
    for line, carrier in zip(accepted, ("udp", "icmp", "icmp", "dns")):
        assert carrier in line, (carrier, line)


@suite.case("--read of a file from `tcpdump -i eth0` and from `-i any`, as root, changes nothing")
def as_root(w):
    right = w.right(warm=False)
    for interface in ("eth0", "any"):
        path = record(w, interface, right)
        before = fingerprints(w.installation.state)
        said = w.installation.call("knockd", "--dir", w.installation.state, "--read", path)
        expect_verdicts(said, right)
        assert said == w.installation.call("knockd", "--dir", w.installation.state, "--read", path), "not the same again"
        assert fingerprints(w.installation.state) == before
        right.chain.count = right.chain.length
    w.daemon.start()
    right.expect_one_run(w.knock_udp)
    w.daemon.stop()


@suite.case("--read tells of signed knocks, and of those that lack their signature")
def signed_ones(w):
    right = w.right(warm=False, its_chain=signed.KeyedChain())
    signer = signed.Signer(right, w.installation, w.clock)
    with contextlib.ExitStack() as undo:
        recording = Recording(w, undo, "eth0")
        w.knock_udp(signer.knock(right.chain.next(), w.client.ipv4))
        packets.send_echo(w.client, w.server.ipv4, signer.knock(right.chain.next(), w.client.ipv4))
        w.knock_udp(right.chain.next())
        w.knock_udp(signed.with_bit(signer.knock(right.chain.current, w.client.ipv4), 60))
        w.knock_udp(signer.knock(right.chain.current, w.client.ipv4))
        last = b"the last packet of this recording"
        packets.send_udp(w.client, w.server.ipv4, last)
        recording.end(last)
    said = w.installation.call("knockd", "--dir", w.installation.state, "--read", recording.path)
    told = [line.split(right.user)[1].split(": ", 2)[-1] for line in said.splitlines() if right.user in line]
    verdicts = [next(word for word in ("would be accepted", "signature missing", "signature wrong") if word in line)
                for line in told]
    assert verdicts == ["would be accepted", "would be accepted", "signature missing", "signature wrong",
                        "would be accepted"], said
    assert "3 accepted" in said and "2 not signed" in said, said


@suite.case("--read as an unprivileged user, on a copy of the state of that user's own")
def as_nobody(w):
    right = w.right(warm=False)
    path = record(w, "eth0", right)
    copy = f"{w.installation.directory}/copy"
    shutil.copytree(w.installation.state, copy)
    nobody = pwd.getpwnam("nobody")
    for directory, _, names in os.walk(copy):
        for name in [".", *names]:
            os.chown(f"{directory}/{name}", nobody.pw_uid, nobody.pw_gid)
    expect_verdicts(w.installation.call("knockd", "--dir", copy, "--read", path, user="nobody"), right)


@suite.case("--read of a file that is missing or no recording: exit code 1 and the reason")
def bad_files(w):
    read = ("knockd", "--dir", w.installation.state, "--read")
    missing = f"{w.installation.directory}/missing.pcap"
    assert "missing.pcap" in w.installation.call(*read, missing, expect=1)
    garbage = f"{w.installation.directory}/garbage.pcap"
    with open(garbage, "wb") as file:
        file.write(b"no recording at all, but some text" * 10)
    assert "format" in w.installation.call(*read, garbage, expect=1)


@suite.case("--check says that all is well, and which ports and delegations the world outside needs")
def check(w):
    said = w.installation.call("knockd", "--dir", w.installation.state, "--check")
    for word in ("62201", "53", ZONE, f"ns.{ZONE}", "NS"):
        assert word in said, f"{word} is missing in:\n{said}"


@suite.case("--check with dynamic mode: its port, its attempts to connect, and whether the newest server key is there")
def check_dynamic(w):
    check = ("knockd", "--dir", w.installation.state, "--check")
    assert "dynamic" not in w.installation.call(*check)
    w.installation.configure({**world.CONFIGURATION, "dynamic": {"enabled": True, "port": 40001}})
    said = w.installation.call(*check)
    assert "UDP port 40001 for dynamic mode" in said and "TCP connection attempts" in said, said
    assert "ok       server key of dynamic mode" in said, said
    key = f"{w.installation.state}/server/1.key"
    os.rename(key, f"{key}.away")
    said = w.installation.call(*check, expect=1)
    assert f"MISSING  server key of dynamic mode: {key}: No such file" in said, said
    w.installation.knockmgr("key", "rotate")
    assert "ok       server key of dynamic mode" in w.installation.call(*check)
    w.installation.configure(world.CONFIGURATION)


@suite.case("--check of a bad configuration: exit code 1 with file, line and column; nothing is started")
def check_bad(w):
    w.installation.write_configuration("[accept]\nwindow = 65\n")
    said = w.installation.call("knockd", "--dir", w.installation.state, "--check", expect=1)
    assert "otk.toml:2:" in said and "window" in said, said
    w.installation.configure(world.CONFIGURATION)


if __name__ == "__main__":
    suite.main()
