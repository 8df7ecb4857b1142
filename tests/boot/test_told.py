#!/usr/bin/python3
"""What is wrong is told where an administrator looks first: `systemctl start`, `systemctl status`, `knockmgr status`, and
`journalctl --priority warning`."""

import contextlib

from otk_boot.server import GUARDED, Server
from otk_e2e import tap, wait
from otk_e2e.installation import ZONE

CONFIGURATION = "/etc/otk/otk.toml"
# A program of the machine that holds a port; nobody but perl is in every Debian.
SQUATTER = 'use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalAddr => "192.0.2.1:53", Proto => "udp") or die; sleep;'


class World(Server):
    def __init__(self, undo):
        super().__init__(undo)
        self.right = self.access("--exec", "--as", "nobody", "--", "/bin/true")
        self.right.spend()
        self.systemctl("enable", "--now", "nftables")
        self.access("--open", f"{GUARDED}/tcp", "--hold", "1m")
        self.guard_on()

    @contextlib.contextmanager
    def kept(self, directory):
        """It is put back as it was."""
        self.machine.run("cp", "-a", directory, "/var/tmp/kept")
        try:
            yield
        finally:
            self.machine.run("sh", "-c", 'rm -rf "$0" && mv /var/tmp/kept "$0"', directory)

    def warnings(self, begin):
        return self.journal("--unit", "otk", "--priority", "warning", "--since", begin)

    def wait_for_warning(self, text, begin):
        wait.until(lambda: text in self.warnings(begin), lambda: f"'{text}' is a warning; there are:\n{self.warnings(begin)}")

    def expect_told_at_once(self, cause):
        """`systemctl start` comes back before its own time is up, and the status names the cause."""
        self.systemctl("start", "otk", codes=None)
        assert self.show("otk", "Result") != "timeout", self.journal("--unit", "otk")
        assert cause in self.show("otk", "StatusText"), self.systemctl("status", "--no-pager", "otk", codes=None)
        assert cause in self.systemctl("status", "--no-pager", "otk", codes=None)

    def expect_well(self):
        self.systemctl("reset-failed", "otk")
        self.systemctl("restart", "otk")
        assert self.show("otk", "StatusText") == "accepting knocks", self.show("otk", "StatusText")
        assert self.right.spend()["kind"] == "accepted"


suite = tap.Suite(World)


@suite.case("an account is missing: `systemctl start` says so at once, and the status names it")
def account(w):
    passwd = w.read("/etc/passwd")
    for name in ("otk-capture", "otk"):
        w.systemctl("stop", "otk")
        with w.changed("/etc/passwd", "".join(line for line in passwd.splitlines(True) if not line.startswith(f"{name}:"))):
            w.expect_told_at_once(name)
        w.expect_well()


@suite.case("policy.db is damaged: likewise")
def damaged(w):
    w.systemctl("stop", "otk")
    with w.kept("/var/lib/otk/policy"):
        w.machine.run("sh", "-c", "cd /var/lib/otk/policy && rm -f *-wal *-shm && "
                                  "dd if=/dev/urandom of=policy.db bs=4096 seek=1 count=12 conv=notrunc")
        w.expect_told_at_once("policy")
        w.systemctl("stop", "otk")
    w.expect_well()


@suite.case("the ledger is missing: it starts, accepts nothing, and says why as a warning")
def no_ledger(w):
    w.systemctl("stop", "otk")
    with w.kept("/var/lib/otk/ledger"):
        w.machine.run("rm", "-r", "/var/lib/otk/ledger")
        begin = w.now()
        w.systemctl("start", "otk")
        assert "not accepting" in w.show("otk", "StatusText"), w.show("otk", "StatusText")
        w.wait_for_warning("not accepting", begin)
        assert "NOT accepting" in w.knockmgr("status", expect=1)
        w.systemctl("stop", "otk")
    w.expect_well()


@suite.case("what an administrator must see is a warning in the journal, and what is ordinary is not")
def priorities(w):
    begin = w.now()
    w.systemctl("restart", "otk")
    w.machine.signal("KILL", w.helper("knockd-capture"))
    w.wait_for_warning("ended unexpectedly", begin)
    wait.until(lambda: "the guard is armed" in w.journal("--unit", "otk", "--since", begin), "knockd keeps the guard")
    w.machine.run("nft", "flush", "ruleset")
    w.wait_for_warning("guard was lost", begin)
    with w.changed(CONFIGURATION, w.read(CONFIGURATION) + "\n[unknown]\n"):
        w.systemctl("kill", "--kill-who=main", "--signal=HUP", "otk")
        w.wait_for_warning("configuration is refused", begin)
    w.expect_well()
    everything = w.journal("--unit", "otk", "--since", begin)
    assert "knockd: ready" in everything and "knockd: ready" not in w.warnings(begin), w.warnings(begin)
    assert "<4>" not in everything and "<6>" not in everything, everything


@suite.case("`knockmgr status` never says that the guard is off while the kernel has it, also right after a start")
def guard_in_status(w):
    for _ in range(3):
        w.systemctl("restart", "otk")
        said = w.knockmgr("status")
        assert "off" not in next(line for line in said.splitlines() if line.startswith("guard:")), said


@suite.case("`guard confirm` does not advise to enable what is enabled")
def confirm(w):
    def advice():
        w.knockmgr("guard", "off")
        w.knockmgr("guard", "on", "--confirm", "5m")
        return w.knockmgr("guard", "confirm")

    assert "enable" not in advice()
    w.systemctl("disable", "otk-guard")
    assert "enable" in advice()
    w.systemctl("enable", "otk-guard")


@suite.case("port 53 is taken: `status`, `knockd --check` and the journal say so, and name the program")
def port_53(w):
    w.machine.run("systemd-run", "--unit=squatter", "perl", "-e", SQUATTER)
    wait.until(lambda: ":53 " in w.machine.run("ss", "--udp", "--listening", "--numeric"), "port 53 is taken")
    begin = w.now()
    with w.changed(CONFIGURATION, w.read(CONFIGURATION).replace("zones = []", f'zones = ["{ZONE}"]')):
        w.systemctl("reload", "otk")
        w.wait_for_warning("cannot bind UDP port 53 of 192.0.2.1: Address already in use by perl", begin)
        wait.until(lambda: "port 53" in w.knockmgr("status", expect=None), lambda: f"status tells of it: {w.knockmgr('status', expect=None)}")
        said = w.machine.run("knockd", "--check", codes=None)
        assert "port 53" in said and "perl" in said, said
        assert w.right.spend()["kind"] == "accepted", "the other carriers work"
        w.systemctl("stop", "squatter")
    w.systemctl("reload", "otk")


if __name__ == "__main__":
    suite.main()
