#!/usr/bin/python3
"""Root with less than all of its capabilities, as a container or a unit gives it: what is missing is said in one line, what
it is for, and how it is given; with the least that the guide for containers names everything works."""

import pathlib
import re
import shutil
import signal

from otk_e2e import dns, guard, tap, wait, world
from otk_e2e.installation import ZONE
from otk_e2e.network import run

# What Docker 28 gives a container without being asked (docs.docker.com has the list).
DOCKER = ("chown", "dac_override", "fowner", "fsetid", "kill", "mknod", "net_bind_service", "net_raw", "setfcap", "setgid",
          "setpcap", "setuid", "sys_chroot", "audit_write")
GUIDE = pathlib.Path(__file__).resolve().parent.parent.parent / "docs/guide-containers.md"
NO_DOORS = "no door can be opened here"
PORT = 2200


class BoundedWorld(guard.Guarded):
    """A server whose root has what bounded() says."""

    def __init__(self, undo):
        if shutil.which("setpriv") is None:
            raise tap.Skip("setpriv is missing (Debian: util-linux)")
        super().__init__(undo, {}, start=False)
        self.program = self.installation.programs["knockd"]
        self.use({})

    def use(self, firewall):
        self.installation.configure({**world.CONFIGURATION, "firewall": firewall})

    def words(self, capabilities):
        """`capabilities`: those that there are, or without=... those that there are not."""
        return ["setpriv", f"--bounding-set={capabilities}"]

    def knockd(self, capabilities, *options, expect):
        """To its end; gives what it said."""
        words = self.words(capabilities)
        return self.server.run("timeout", "-s", "KILL", wait.DEADLINE, *words, self.program, "--dir",
                               self.installation.state, *options, codes=(expect,))

    def serve(self, capabilities):
        if self.daemon.alive():
            assert self.daemon.stop() == 0
        self.daemon.wrap(self.words(capabilities))
        begin = self.daemon.log_size()
        self.daemon.start()
        return begin


def least():
    """What the guide for containers gives it."""
    line = re.search(r"--cap-drop ALL \\\n +--cap-add ([A-Z_,]+) ", GUIDE.read_text(encoding="utf-8"))
    return line.group(1).lower().split(",")


def only(*names):
    return ",".join(["-all", *(f"+{name}" for name in names)])


def without(*names):
    return ",".join(f"-{name}" for name in names)


suite = tap.Suite(BoundedWorld)


@suite.case("without NET_RAW knockd ends at once, and says in one line what is missing, what for, and how it is given")
def deaf(w):
    said = w.knockd(without("net_raw"), expect=1)
    assert said.startswith("knockd: ") and said.count("\n") == 1, said
    for part in ("CAP_NET_RAW (to hear knocks)", "--cap-add NET_RAW,", "CapabilityBoundingSet="):
        assert part in said, said
    checked = w.knockd(without("net_raw"), "--check", expect=1)
    assert re.search(r"(?m)^MISSING  capabilities to serve: .*CAP_NET_RAW \(to hear knocks\)", checked), checked
    assert "ok       capabilities to serve\n" in w.knockd(only(*DOCKER), "--check", expect=0)


@suite.case("each of the others is told likewise, and several at once")
def each_of_them(w):
    for name in least():
        if name in ("net_admin", "net_bind_service", "dac_override"):  # for doors, for port 53, and one that has another beside it
            continue
        said = w.knockd(without(name), expect=1)
        assert said.count("\n") == 1 and re.findall(r"CAP_\w+", said) == [f"CAP_{name.upper()}"], said
    said = w.knockd(without("net_raw", "kill", "dac_override", "dac_read_search"), expect=1)
    assert re.findall(r"CAP_\w+", said) == ["CAP_NET_RAW", "CAP_KILL", "CAP_DAC_READ_SEARCH"], said
    assert "--cap-add NET_RAW --cap-add KILL --cap-add DAC_READ_SEARCH," in said, said


@suite.case("as root of a user namespace, whose capabilities do not count for this network, it says that")
def of_a_user_namespace(w):
    try:
        run(["unshare", "--user", "--map-root-user", "true"])
    except AssertionError as error:
        raise tap.Skip(f"no user namespace can be made here: {error}") from error
    said = w.server.run("unshare", "--user", "--map-root-user", w.program, "--dir", w.installation.state, codes=(1,))
    assert said.count("\n") == 1 and "no packet socket can be had, though CAP_NET_RAW is there" in said, said


@suite.case("with Docker's own set knocks run commands; that no door can be opened is said once, and --check warns of it")
def as_docker_does(w):
    begin = w.serve(only(*DOCKER))
    right = w.right()
    right.expect_one_run(w.knock_udp)
    wait.until(lambda: NO_DOORS in w.daemon.log(begin), "it is said that no door can be opened")
    line = next(line for line in w.daemon.log(begin).splitlines() if NO_DOORS in line)
    for part in ("CAP_NET_ADMIN", "--cap-add NET_ADMIN", "CapabilityBoundingSet=", 'mode = "none"'):
        assert part in line, line
    assert "WARNING  firewall, in mode guard: " in w.knockd(only(*DOCKER), "--check", expect=0)

    access = w.access("--open", f"{PORT}/tcp", "--hold", "1h")
    row = access.spend()
    assert row["end"]["outcome"] != "opened" and "CAP_NET_ADMIN" in row["end"]["text"], row
    checked = w.knockd(only(*DOCKER), "--check", expect=1)
    assert re.search(r"(?m)^MISSING  firewall, in mode guard: .*CAP_NET_ADMIN", checked), checked
    right.expect_one_run(w.knock_udp)
    assert w.daemon.log(begin).count(NO_DOORS) == 1, w.daemon.log(begin)
    assert "CAP_NET_ADMIN" in w.installation.knockmgr("status"), "status says it for the guard"


@suite.case("in mode none nothing of the firewall is said or missed")
def no_doors_wanted(w):
    w.use({"mode": "none"})
    begin = w.serve(only(*DOCKER))
    w.right().expect_one_run(w.knock_udp)
    assert "firewall" not in w.daemon.log(begin) and "CAP_" not in w.daemon.log(begin), w.daemon.log(begin)
    assert "CAP_" not in w.knockd(only(*DOCKER), "--check", expect=0)


@suite.case("with the least of the guide: commands as other users, names, doors, the guard, forwarding")
def enough(w):
    w.use({"mode": "guard"})
    w.serve(only(*least()))
    right = w.right()
    right.expect_one_run(w.knock_udp)
    right.expect_one_run(lambda value: dns.send(w.client, w.server.ipv4, dns.question(f"{value.hex()}.{ZONE}")).close())
    w.listen(PORT)
    access = w.access("--open", f"{PORT}/tcp", "--hold", "1h")
    w.arm()
    w.wait_until_shut(PORT)
    assert access.spend()["end"]["outcome"] == "opened"
    w.wait_until_through(PORT)
    relayed = w.access("--forward", f"127.0.0.1:{PORT}", "--hold", "1h")
    assert relayed.spend()["end"]["outcome"] == "opened", relayed.rows()

    slow = w.right(script='trap "" TERM; setsid sleep 600 & exec sleep 600', warm=False, of_command=("--as", "nobody", "--limit", "2s"))
    slow.spend()
    assert slow.newest_end()["outcome"] == "timed out", slow.rows()
    w.daemon.process.send_signal(signal.SIGHUP)
    w.settle()


if __name__ == "__main__":
    suite.main()
