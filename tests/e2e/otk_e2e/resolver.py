"""unbound as a recursive resolver on a host of the test, or as the root of its DNS."""

import os
import shutil
import socket
import subprocess

from . import dns, wait
from .installation import ZONE
from .tap import Skip

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
        raise Skip("unbound is missing (Debian: unbound)")
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


def stub_zone(w):
    """The zone of the installation is asked for at its server."""
    return f"stub-zone:\n  name: {ZONE}\n  stub-addr: {w.server.ipv4}\n"
