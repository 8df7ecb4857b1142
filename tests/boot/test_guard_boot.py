#!/usr/bin/python3
"""The guard at a real boot, with something wrong: the port is shut, or a unit has failed and somebody is told (DESIGN 9).
knockd itself is not enabled here, so what shuts the port is otk-guard.service."""

import contextlib
import os
import shutil
import sqlite3

from otk_boot.server import GUARDED, Server
from otk_e2e import tap, wait
from otk_e2e.network import run

FRIEND = "198.51.100.7"
ALERTS = "/var/tmp/alerts"
CONFIGURATION = f"""
[firewall]
always_allow = ["{FRIEND}"]
[alerts]
command = ["/usr/local/bin/tell", "{{alert}}", "{{text}}"]
"""
TELL = f"""#!/bin/sh
echo "$1: $2" >> {ALERTS}
"""
OTK = ("etc/otk", "var/lib/otk")


class GuardServer(Server):
    def __init__(self, undo):
        self.undone_later = []
        super().__init__(undo, start=False)
        self.write("/usr/local/bin/tell", TELL, mode="755")
        self.write(ALERTS, "", mode="666")
        self.knockmgr("init")
        self.write("/etc/otk/otk.toml", CONFIGURATION)
        self.systemctl("start", "otk")
        self.access("--open", f"{GUARDED}/tcp", "--hold", "1h")
        self.knockmgr("guard", "on", "--confirm", "5m")
        self.knockmgr("guard", "confirm")
        self.systemctl("stop", "otk")
        self.systemctl("disable", "otk")  # packages enable it
        self.systemctl("enable", "otk-guard")
        self.power_off()
        for name in OTK:
            run(["cp", "-a", f"{self.tree.path}/{name}", self._kept(name)])

    def _kept(self, name):
        return f"{self.tree.path}/root/{name.replace('/', '-')}"

    @contextlib.contextmanager
    def booted(self, damage=lambda etc, state: None):
        """The machine is on, after damage(etc, state) was done to the two directories while it was off."""
        self.restore()
        damage(f"{self.tree.path}/etc/otk", f"{self.tree.path}/var/lib/otk")
        self.power_on()
        yield
        self.power_off()

    def restore(self):
        """otk's files, the alerts and what a case has put aside, as they were."""
        if self.machine.init is not None:
            self.power_off()
        while self.undone_later:
            self.undone_later.pop()()
        for name in OTK:
            shutil.rmtree(f"{self.tree.path}/{name}", ignore_errors=True)
            run(["cp", "-a", self._kept(name), f"{self.tree.path}/{name}"])
        self.tree.write(ALERTS, "", 0o666)

    def expect_shut(self, friend=True):
        assert not self.through(), self.said()
        assert (f"saddr {FRIEND} accept" in self.server.run("nft", "list", "table", "inet", "otk")) == friend

    def said(self):
        return self.journal("--unit", "otk-guard")

    def expect_done(self):
        assert self.show("otk-guard", "ActiveState") == "active", self.said()
        assert self.machine.state() == "running", self.systemctl("--failed")

    def expect_failed(self):
        """The unit, after it was tried again, and so the boot."""
        wait.until(lambda: self.show("otk-guard", "ActiveState") == "failed", lambda: f"otk-guard has failed:\n{self.said()}",
                   60)
        wait.until(lambda: self.machine.state() == "degraded", lambda: f"the boot is degraded; it is {self.machine.state()}")

    def expect_alert(self, text):
        wait.until(lambda: text in self.read(ALERTS), lambda: f"an alert says '{text}'; there is: {self.read(ALERTS)}")
        assert self.read(ALERTS).count("guard-lost: ") == 1, self.read(ALERTS)


suite = tap.Suite(GuardServer)


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


@suite.case("as everything was left: armed ahead of the network, and nothing is told")
def well(w):
    with w.booted():
        w.expect_shut()
        w.expect_done()
        assert w.read(ALERTS) == ""
        early, late = (int(w.show(unit, "ActiveEnterTimestampMonotonic")) for unit in ("otk-guard", "network-pre.target"))
        assert early <= late, (early, late)


@suite.case("a typo in otk.toml: reload fails and knockd goes on; after a reboot the port is shut, and knockd says what is wrong")
def typo(w):
    with w.booted():
        w.systemctl("start", "otk")
        pid = w.main_pid()
        w.write("/etc/otk/otk.toml", CONFIGURATION + "zoens = 1\n")
        assert "failed" in w.systemctl("reload", "otk", codes=(1,))
        assert w.show("otk", "ActiveState") == "active" and w.main_pid() == pid
        assert "unknown key 'zoens'" in w.journal("--unit", "otk")
        w.reboot()
        w.expect_shut()
        w.expect_done()
        assert "unknown key 'zoens'" in w.said() and "that knockd accepted last" in w.said(), w.said()
        w.systemctl("start", "otk", codes=(1,))
        w.expect_shut()


@suite.case("a good configuration: reload succeeds, and the next boot goes by it")
def good_reload(w):
    with w.booted():
        w.systemctl("start", "otk")
        w.write("/etc/otk/otk.toml", CONFIGURATION.replace(FRIEND, "198.51.100.8"))
        w.systemctl("reload", "otk")
        wait.until(lambda: "198.51.100.8" in w.read("/var/lib/otk/monitor/guard.json"), "the configuration is noted")
        w.machine.run("rm", "/etc/otk/otk.toml")
        w.cut_power()
        w.power_on()
        w.expect_shut(friend=False)
        w.expect_done()
        assert "198.51.100.8" in w.server.run("nft", "list", "table", "inet", "otk")


@suite.case("otk.toml is gone: the port is shut")
def no_configuration(w):
    with w.booted(lambda etc, state: shutil.rmtree(etc)):
        w.expect_shut()
        w.expect_done()


@suite.case("/ is still read-only, and policy.db has no -wal and -shm files: the port is shut")
def read_only(w):
    def damage(_, state):
        with contextlib.closing(sqlite3.connect(f"{state}/policy/policy.db")) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for suffix in ("wal", "shm"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(f"{state}/policy/policy.db-{suffix}")
        # By mount(2): an overlay takes no changes by the calls that mount(8) prefers from util-linux 2.39 on.
        mount = "[Unit]\nDefaultDependencies=no\n{order}\nBefore=systemd-journal-flush.service systemd-tmpfiles-setup.service" \
                "\n[Service]\nType=oneshot\nEnvironment=LIBMOUNT_FORCE_MOUNT2=always\nExecStart=/bin/mount -o remount,{mode} /" \
                "\n[Install]\nWantedBy=sysinit.target\n"
        w.tree.write("etc/systemd/system/ro.service", mount.format(order="Before=otk-guard.service", mode="ro"))
        w.tree.write("etc/systemd/system/rw.service", mount.format(order="After=otk-guard.service", mode="rw"))
        w.tree.chroot("systemctl", "enable", "ro.service", "rw.service")
        w.undone_later.append(lambda: w.tree.chroot("systemctl", "disable", "ro.service", "rw.service"))

    with w.booted(damage):
        for unit in ("ro", "rw"):
            assert w.show(unit, "Result") == "success" and w.show(unit, "ExecMainStatus") == "0", w.journal("--unit", unit)
        w.expect_shut()
        assert w.said().count("the guard is armed") == 1 and "warning" not in w.said(), w.said()
        w.expect_done()


@suite.case("policy.db is damaged: the port is shut, the unit has failed, and somebody is told")
def damaged(w):
    with w.booted(lambda etc, state: os.truncate(f"{state}/policy/policy.db", 5000)):
        w.expect_failed()
        w.expect_shut()
        w.expect_alert(f"it stands, with {GUARDED}/tcp")


@suite.case("policy.db lost its -wal file: the port is shut, the unit has failed; knockd keeps the guard until `guard off`")
def lost_log(w):
    def damage(_, state):
        for suffix in ("wal", "shm"):
            os.remove(f"{state}/policy/policy.db-{suffix}")

    with w.booted(damage):
        w.expect_failed()
        w.expect_shut()
        w.systemctl("start", "otk")
        wait.until(lambda: "stays as it was" in w.journal("--unit", "otk"), "knockd says that the guard stays")
        w.expect_shut()
        w.knockmgr("guard", "off")
        wait.until(w.through, "the port is open")


@suite.case("the state directory is gone: both units fail, and somebody is told")
def no_state(w):
    with w.booted(lambda etc, state: shutil.rmtree(state)):
        w.expect_failed()
        w.expect_alert("so its ports are open")
        w.systemctl("start", "otk", codes=(1,))
        wait.until(lambda: w.show("otk", "ActiveState") == "failed", "otk has failed", 60)


@suite.case("nft is not there: the unit has failed, and somebody is told")
def no_nft(w):
    nft = f"{w.tree.path}/usr/sbin/nft"

    def damage(_, __):
        os.rename(nft, f"{nft}.away")
        w.undone_later.append(lambda: os.rename(f"{nft}.away", nft))

    with w.booted(damage):
        w.expect_failed()
        w.expect_alert("so its ports are open")


@suite.case("a failure that was a matter of seconds: armed by the second try, and nothing is told")
def second_try(w):
    once = f"{w.tree.path}/etc/systemd/system/otk-guard.service.d/once.conf"

    def damage(_, __):
        os.makedirs(os.path.dirname(once))
        write(once, "[Service]\nExecStartPre=/bin/sh -c 'test -e /run/tried || { touch /run/tried; exit 1; }'\n")
        w.undone_later.append(lambda: shutil.rmtree(os.path.dirname(once)))

    with w.booted(damage):
        wait.until(lambda: w.show("otk-guard", "ActiveState") == "active", lambda: f"the second try has armed it:\n{w.said()}")
        wait.until(lambda: w.show("otk-guard-alert", "ActiveState") == "inactive", "no alert is under way")
        assert "status=1" in w.said(), w.said()
        w.expect_shut()
        w.expect_done()
        assert w.read(ALERTS) == "", w.read(ALERTS)


@suite.case("what knockd noted is gone, as after an upgrade: by otk.toml; is that bad, too, shut for always_allow, and failed")
def not_noted(w):
    with w.booted(lambda etc, state: os.remove(f"{state}/monitor/guard.json")):
        w.expect_shut()
        w.expect_done()

    def damage(etc, state):
        os.remove(f"{state}/monitor/guard.json")
        write(f"{etc}/otk.toml", "zoens = 1\n")

    with w.booted(damage):
        w.expect_failed()
        w.expect_shut(friend=False)


@suite.case("the unit is not enabled: knockd arms the guard when it starts, and raises guard-lost")
def not_enabled(w):
    with w.booted():
        w.systemctl("disable", "otk-guard")
        w.reboot()
        assert w.through()
        w.systemctl("start", "otk")
        wait.until(lambda: not w.through(), "the port is shut")
        w.expect_alert("nothing had armed it when knockd started")
        w.systemctl("stop", "otk")
        w.systemctl("enable", "otk-guard")


@suite.case("nftables.service restarted, reloaded, stopped and started, while knockd is down: the port is shut again")
def nftables(w):
    with w.booted():
        w.write("/etc/nftables.conf", "#!/usr/sbin/nft -f\nflush ruleset\n")
        w.systemctl("enable", "nftables")
        w.reboot()
        w.expect_shut()
        for words in (["restart"], ["reload"], ["stop", "start"]):
            for word in words:
                w.systemctl(word, "nftables")
            wait.until(lambda: not w.through(), lambda words=words: f"the port is shut again after {words}:\n{w.said()}")
            # Systemd passes a reload on to units that are active, not to one that is being started.
            wait.until(lambda: w.show("otk-guard", "ActiveState") == "active", "the unit is done")
        w.expect_done()
        w.systemctl("disable", "nftables")


@suite.case("the guard was never on: a bad otk.toml is no trouble of otk-guard")
def off(w):
    with w.booted():
        w.knockmgr("guard", "off")
        w.write("/etc/otk/otk.toml", "zoens = 1\n")
        w.reboot()
        assert w.through()
        w.expect_done()
        assert "nothing to arm" in w.said(), w.said()


@suite.case("`knockmgr init` was never run: both units pass by and say so, and the boot is well")
def never_initialized(w):
    def damage(etc, state):
        shutil.rmtree(etc)
        shutil.rmtree(state)

    with w.booted(damage):
        w.systemctl("start", "otk")
        for unit in ("otk", "otk-guard"):
            assert "Condition: start condition" in w.systemctl("status", "--no-pager", unit, codes=(3,))
        assert w.machine.state() == "running" and w.through()


if __name__ == "__main__":
    suite.main()
