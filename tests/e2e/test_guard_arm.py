#!/usr/bin/python3
"""`knockmgr guard arm` at a boot where something is wrong: the ports are shut all the same, and it is said (DESIGN 9). A real
boot with systemd is tests/boot's."""

import contextlib
import json
import os
import shutil
import sqlite3

from otk_e2e import guard, tap, wait
from otk_e2e.disk import Disk, keep_mounts_to_ourselves
from otk_e2e.network import run

PORT, SECOND = 2200, 2201
FRIEND = "192.0.2.77/32"
ALERT = 'echo "$OTK_ALERT $(id -un): $OTK_TEXT" >> "$0"'
AFTER_OFF = "the guard is off"
BAD = "[metrics]\nzoens = 1\n"


class BootWorld(guard.Guarded):
    """Its guard is armed and confirmed; knockd is stopped."""

    def __init__(self, undo):
        keep_mounts_to_ourselves()
        super().__init__(undo, {})
        self.daemon.stop()
        self.file = f"{self.installation.directory}/alerts"
        with open(self.file, "wb"):
            os.chmod(self.file, 0o666)
        self.accepted = {"firewall": {"mode": "guard", "always_allow": [FRIEND]},
                         "alerts": {"command": ["/bin/sh", "-c", ALERT, self.file], "on": ["guard-lost"], "per_hour": 1000}}
        self.installation.configure(self.accepted)
        self.daemon.start()
        self.listen(PORT)
        self.listen(SECOND)
        self.way = self.access("--open", f"{PORT}/tcp", "--hold", "1h")
        self.arm()
        self.daemon.stop()
        self.toml = f"{self.installation.state}/otk.toml"
        self.policy = f"{self.installation.state}/policy/policy.db"
        self.noted = f"{self.installation.state}/monitor/guard.json"

    def boot(self, expect=0):
        """What otk-guard.service does at boot, with nothing in the kernel; gives what it says."""
        self.script("flush ruleset\n")
        assert self.through(PORT)
        return self.guard("arm", expect=expect)

    def expect_armed(self, said, friend=True):
        assert f"the guard is armed: {PORT}/tcp" in said, said
        assert not self.through(PORT)
        assert (f"ip saddr {FRIEND.removesuffix('/32')} accept" in self.rules()) == friend, self.rules()

    def alerts(self):
        with open(self.file, encoding="utf-8") as file:
            return file.read().splitlines()

    @contextlib.contextmanager
    def kept(self, *paths):
        """What the block does to these files is undone."""
        aside = f"{self.installation.directory}/aside"
        os.mkdir(aside)
        names = {path: f"{aside}/{number}" for number, path in enumerate(paths) if os.path.exists(path)}
        for path, copy in names.items():
            run(["cp", "-a", path, copy])
        try:
            yield
        finally:
            for path in paths:
                with contextlib.suppress(FileNotFoundError):
                    os.remove(path)
            for path, copy in names.items():
                run(["cp", "-a", copy, path])
            shutil.rmtree(aside)

    def policy_files(self):
        return [self.policy, f"{self.policy}-wal", f"{self.policy}-shm"]


suite = tap.Suite(BootWorld)


@suite.case("as everything was left: armed, and nothing is said but that")
def well(w):
    said = w.boot()
    w.expect_armed(said)
    assert said == f"the guard is armed: {PORT}/tcp\n", said


@suite.case("otk.toml has an unknown key, is no TOML, or is gone: armed by what knockd accepted last, and that is said")
def bad_configuration(w):
    with w.kept(w.toml):
        for text, trouble in ((BAD, "unknown key 'zoens'"), ("[firewall\n", "otk.toml:1:"), (None, "otk.toml")):
            os.remove(w.toml)
            if text is not None:
                w.installation.write_configuration(text)
            said = w.boot()
            w.expect_armed(said)
            assert trouble in said and "that knockd accepted last" in said, said
            assert "yes" in w.guard("show"), "what there is can be looked at"


@suite.case("otk.toml says something else than knockd has accepted: what was accepted counts, and that is said")
def other_configuration(w):
    with w.kept(w.toml):
        for firewall in ({"mode": "none"}, {"mode": "guard", "always_allow": ["0.0.0.0/0"]}):
            w.installation.configure({"firewall": firewall})
            said = w.boot()
            w.expect_armed(said)
            assert "is not what knockd accepted last" in said, said


@suite.case("a configuration that knockd refuses at a reload is not noted; one that it accepts is, at once")
def reloads(w):
    with w.kept(w.toml, w.noted):
        w.daemon.start()
        w.installation.write_configuration(BAD)
        w.daemon.process.send_signal(1)
        w.daemon.wait_for_log("the new configuration is refused")
        w.installation.configure({"firewall": {"mode": "guard", "always_allow": ["198.51.100.0/24"]}})
        w.daemon.process.send_signal(1)
        w.daemon.wait_for_log("the configuration was read again")
        w.daemon.kill()
        w.installation.write_configuration(BAD)
        w.boot()
        assert "198.51.100.0/24" in w.rules() and FRIEND.removesuffix("/32") not in w.rules(), w.rules()
    w.daemon.start()
    w.daemon.stop()


@suite.case("commands that were added while knockd was down are guarded, too; a bad otk.toml changes nothing of that")
def new_command(w):
    w.installation.knockmgr("command", "add", "second", "--open", f"{SECOND}/tcp", "--hold", "1h")
    with w.kept(w.toml):
        w.installation.write_configuration(BAD)
        said = w.boot()
        assert f"armed: {PORT}/tcp, {SECOND}/tcp" in said and not w.through(SECOND), said
    w.installation.knockmgr("command", "remove", "second", "--yes")
    w.expect_armed(w.boot())


@suite.case("policy.db is damaged, or gone: armed by what knockd has noted, and exit code 1 says that something is wrong")
def no_policy(w):
    for damage in (lambda: os.truncate(w.policy, 0), lambda: os.remove(w.policy), lambda: shutil.rmtree(os.path.dirname(w.policy))):
        with w.kept(*w.policy_files()):
            damage()
            said = w.boot(expect=1)
            w.expect_armed(said)
            assert "policy.db" in said and "what knockd has noted last" in said, said
            if not os.path.exists(os.path.dirname(w.policy)):
                os.mkdir(os.path.dirname(w.policy), 0o750)
                shutil.chown(os.path.dirname(w.policy), group="otk")


@suite.case("policy.db without its -wal file is an older one: the guard stays, at boot and with knockd, until `guard off`")
def lost_log(w):
    with w.kept(*w.policy_files(), w.noted):
        w.guard("off")  # with no knockd there, all of it is in the file itself then
        w.daemon.start()
        w.arm()
        w.daemon.stop()
        for path in w.policy_files()[1:]:
            os.remove(path)
        assert not json.loads(w.guard("show", "--json"))["on"], "this test needs changes that are in the -wal file alone"
        said = w.boot(expect=1)
        w.expect_armed(said)
        assert "older than what knockd has noted" in said, said
        begin = w.daemon.log_size()
        w.daemon.start("stays as it was")
        w.daemon.wait_for_log(f"the guard is armed: {PORT}/tcp", begin)
        assert not w.through(PORT)
        assert "older than the guard that knockd keeps" in w.guard("on", "--confirm", "5m", expect=1)
        for name in ("anna2", "bert2", "carl2", "dora2"):  # what was lost is put back: as many changes as were lost, and more
            w.installation.knockmgr("user", "add", name)
        w.daemon.stop()
        begin = w.daemon.log_size()
        w.daemon.start("stays as it was")
        w.daemon.wait_for_log(f"the guard is armed: {PORT}/tcp", begin)
        assert not w.through(PORT) and json.loads(w.guard("show", "--json"))["kept"]
        assert "is removed" in w.guard("off")
        w.wait_until_through(PORT)
        w.daemon.stop()
        assert AFTER_OFF in w.boot()


@suite.case("what knockd has noted is gone or damaged: otk.toml counts; is that bad, too, the guard is armed without always_allow")
def not_noted(w):
    for damage in (os.remove, lambda path: os.truncate(path, 10)):
        with w.kept(w.noted, w.toml):
            damage(w.noted)
            w.expect_armed(w.boot())
            w.installation.write_configuration(BAD)
            said = w.boot(expect=1)
            w.expect_armed(said, friend=False)
            assert "unknown key 'zoens'" in said and "no network of always_allow" in said, said


@suite.case("nobody knows what was decided: not armed, exit code 1, and it says what is missing")
def nothing_known(w):
    with w.kept(w.noted, *w.policy_files()):
        os.remove(w.noted)
        os.remove(w.policy)
        for path in w.policy_files()[1:]:
            os.remove(path)
        said = w.boot(expect=1)
        assert "there is no policy/policy.db in it" in said and w.through(PORT), said


@suite.case("the file system is still read-only, and policy.db has no -wal and -shm files: armed")
def read_only(w):
    with w.kept(*w.policy_files()):
        merge_log(w.policy)
        with contextlib.ExitStack() as undo:
            Disk(undo, w.installation.state).read_only()
            said = w.boot()
            w.expect_armed(said)
            assert said == f"the guard is armed: {PORT}/tcp\n", said


def merge_log(policy):
    """All that stands in the -wal file is in the file itself afterwards, and the files beside it are gone."""
    with contextlib.closing(sqlite3.connect(policy)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert not os.path.exists(f"{policy}-wal") and not os.path.exists(f"{policy}-shm")


@suite.case("mode sets was accepted: nothing is armed, whatever otk.toml says now")
def mode_sets(w):
    with w.kept(w.noted, w.toml):
        w.installation.configure({"firewall": {"mode": "sets"}})
        w.daemon.start()
        w.daemon.stop()
        w.installation.write_configuration(BAD)
        assert 'mode is "sets"' in w.boot() and w.through(PORT)


@suite.case("confirmed, and switched off, while knockd is down: noted by knockmgr")
def without_knockd(w):
    with w.kept(w.noted, *w.policy_files()):
        w.daemon.start()
        w.guard("off")
        w.guard("on", "--confirm", "5m")
        w.daemon.kill()
        w.guard("confirm")
        os.rename(w.policy, f"{w.policy}.away")
        w.expect_armed(w.boot(expect=1))
        os.rename(f"{w.policy}.away", w.policy)
        w.guard("off")
        os.rename(w.policy, f"{w.policy}.away")
        assert AFTER_OFF in w.boot(expect=1) and w.through(PORT)
        os.rename(f"{w.policy}.away", w.policy)


@suite.case("`guard off` ends a guard whose policy.db is damaged, and says that this was not all")
def off_without_policy(w):
    with w.kept(w.noted, *w.policy_files()):
        w.boot()
        os.truncate(w.policy, 0)
        said = w.guard("off", expect=1)
        assert "its table removed" in said and w.through(PORT), said
        assert AFTER_OFF in w.boot(expect=1) and w.through(PORT)


@suite.case("the guard was not armed at boot: knockd arms it, and raises guard-lost; armed at boot, it does not")
def not_armed(w):
    before = len(w.alerts())
    w.boot()
    w.daemon.start()
    w.wait_until_shut(PORT)
    w.daemon.stop()
    w.script("flush ruleset\n")
    begin = w.daemon.log_size()
    w.daemon.start()
    w.wait_until_shut(PORT)
    wait.until(lambda: len(w.alerts()) > before, "the alert is raised")
    assert [alert for alert in w.alerts()[before:] if "nothing had armed it" not in alert] == [], w.alerts()
    assert w.alerts()[-1].startswith("guard-lost nobody: "), w.alerts()
    assert "the guard was lost: nothing had armed it when knockd started" in w.daemon.log(begin)
    w.daemon.stop()


@suite.case("guard alert: runs the program that knockd accepted, also when otk.toml is bad, unless knockd keeps the guard")
def alert(w):
    with w.kept(w.toml):
        w.installation.write_configuration(BAD)
        before = len(w.alerts())
        w.script("flush ruleset\n")
        w.guard("alert")
        w.guard("arm")
        w.guard("alert")
        told = w.alerts()[before:]
        assert [line.split(":")[0] for line in told] == ["guard-lost nobody"] * 2, told
        assert "there is none, so its ports are open" in told[0] and f"it stands, with {PORT}/tcp" in told[1], told
    w.daemon.start()
    w.settle()
    before = len(w.alerts())
    assert "knockd runs" in w.guard("alert") and len(w.alerts()) == before, w.alerts()
    w.daemon.stop()


@suite.case("guard alert: a program that closes its output and goes on is ended after 30 s, and that is said")
def endless_alert(w):
    with w.kept(w.noted):
        with open(w.noted, encoding="utf-8") as file:
            noted = json.load(file)
        noted["alert"] = ["/bin/sh", "-c", 'exec >&- 2>&-; echo $$ > "$0"; exec sleep 3600', w.file]
        with open(w.noted, "w", encoding="utf-8") as file:
            json.dump(noted, file)
        w.script("flush ruleset\n")
        assert "/bin/sh did not end within 30 s" in w.guard("alert", expect=1)
        pid = w.alerts()[-1]
        wait.until(lambda: not os.path.exists(f"/proc/{pid}"), "the program is gone")


if __name__ == "__main__":
    suite.main()
