#!/usr/bin/python3
"""A recursive resolver between the user and knockd: unbound, with a stub zone and with a real delegation, minimising
names strictly, a little, or not at all. Ten knocks in a row arrive through it, each run once."""

import contextlib
import os
import shutil
import socket
import subprocess

from otk_e2e import chain, dns, tap, wait, world
from otk_e2e.installation import ZONE

suite = tap.Suite(world.World)
KNOCKS = 10

COMMON = """server:
  directory: "{directory}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  interface: {address}
  access-control: 192.0.2.0/24 allow
  do-ip6: no
  module-config: "iterator"
  num-threads: 1
"""
MINIMISING = {"strictly": ("yes", "yes"), "a little": ("yes", "no"), "not at all": ("no", "no")}
# A root that knows one delegation, as a parent zone would hold it (`knockd --check` prints those lines).
ROOT_ZONE = """. 3600 IN SOA root.test. admin.test. 1 3600 600 86400 60
. 3600 IN NS root.test.
root.test. 3600 IN A {root}
{zone}. 3600 IN NS ns.{zone}.
ns.{zone}. 3600 IN A {server}
"""


def start_unbound(w, undo, host, text):
    if shutil.which("unbound") is None:
        raise tap.Skip("unbound is missing (Debian: unbound)")
    directory = f"{w.installation.directory}/{host.netns}"
    os.mkdir(directory)
    undo.callback(shutil.rmtree, directory)
    path = f"{directory}/unbound.conf"
    with open(path, "w", encoding="ascii") as file:
        file.write(COMMON.format(directory=directory, address=host.ipv4) + text.replace("DIRECTORY", directory))
    if "root.zone" in text:
        with open(f"{directory}/root.zone", "w", encoding="ascii") as file:
            file.write(ROOT_ZONE.format(root=host.ipv4, zone=ZONE, server=w.server.ipv4))
    with open(f"{directory}/log", "wb") as log:
        process = host.start(["unbound", "-d", "-c", path], undo, stdout=log, stderr=subprocess.STDOUT)
    wait.until(lambda: answers(w, process, host, f"{directory}/log"), f"unbound on {host.netns} answers")


def answers(w, process, host, log):
    """It has its own answer for localhost (RFC 6761), whatever else it is configured for."""
    if process.poll() is not None:
        with open(log, encoding="utf-8") as file:
            raise AssertionError(f"unbound ended:\n{file.read()}")
    with dns.send(w.client, host.ipv4, dns.question("localhost")) as asker:
        asker.settimeout(0.2)
        try:
            return bool(asker.recv(512))
        except (socket.timeout, ConnectionRefusedError):
            return False


def minimisation(how):
    some, strict = MINIMISING[how]
    return f"  qname-minimisation: {some}\n  qname-minimisation-strict: {strict}\n"


def ten_knocks(w, resolver):
    right = w.right(length=2 * KNOCKS)
    for _ in range(KNOCKS):
        name = f"{chain.base32(right.chain.next()).lower()}.{ZONE}"
        said = w.client.run("dig", f"@{resolver.ipv4}", name)
        assert "status: NOERROR" in said, said
        right.wait_for_runs(right.chain.length - right.chain.count)
    w.settle()
    runs = right.chain.length - right.chain.count
    assert len(right.runs()) == runs, f"{runs} knocks and {len(right.runs())} runs"
    carriers = {row["carrier"] for row in right.rows("accepted")[1:]}
    assert carriers == {"dns"}, carriers
    assert {row["source"] for row in right.rows("accepted")[1:]} == {resolver.ipv4}
    assert not right.rows("contested") and not right.rows("replay"), right.rows()


def stub_zone(how):
    @suite.case(f"a stub zone, minimising names {how}")
    def case(w):
        with contextlib.ExitStack() as undo:
            resolver = w.network.host("resolver")
            stub = f"stub-zone:\n  name: {ZONE}\n  stub-addr: {w.server.ipv4}\n"
            start_unbound(w, undo, resolver, minimisation(how) + stub)
            ten_knocks(w, resolver)


def delegated_zone(how):
    @suite.case(f"a delegated zone, minimising names {how}")
    def case(w):
        with contextlib.ExitStack() as undo:
            resolver, root = w.network.host("resolver"), w.network.host("other")
            zone = 'auth-zone:\n  name: "."\n  zonefile: "DIRECTORY/root.zone"\n  for-upstream: no\n  for-downstream: yes\n'
            start_unbound(w, undo, root, zone)
            hints = f"stub-zone:\n  name: .\n  stub-addr: {root.ipv4}\n  stub-prime: no\n"
            start_unbound(w, undo, resolver, minimisation(how) + hints)
            ten_knocks(w, resolver)


for manner in MINIMISING:
    stub_zone(manner)
    delegated_zone(manner)


@suite.case("the system's own look-up through the resolver: getent hosts, with a user who only knows names")
def system_lookup(w):
    with contextlib.ExitStack() as undo:
        resolver = w.network.host("resolver")
        stub = f"stub-zone:\n  name: {ZONE}\n  stub-addr: {w.server.ipv4}\n"
        start_unbound(w, undo, resolver, minimisation("strictly") + stub)
        w.network.resolv_conf(w.client, resolver.ipv4)
        right = w.right()
        right.expect_one_run(lambda value: w.client.run("getent", "ahosts", f"{chain.base32(value)}.{ZONE}", codes=(2,)))
        right.expect_one_run(lambda value: w.client.run("ping", "-c1", f"{chain.base32(value)}.{ZONE}", codes=(2,)))


if __name__ == "__main__":
    suite.main()
