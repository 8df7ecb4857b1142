#!/usr/bin/python3
"""The life of the packages on a running machine: installed, used, upgraded, removed, installed again, purged. The cases
build on each other. The packages are those of OTK_BOOT_PACKAGES; the version before is the same with a lower number."""

import os
import re
import shutil
import subprocess

from otk_boot import tree
from otk_boot.server import GUARDED, Server
from otk_e2e import tap, wait
from otk_e2e.network import run

CONFIGURATION = "/etc/otk/otk.toml"
SLEEP, LEFT = ["/bin/sleep", "3600"], ["sleep", "4800"]
PROGRAMS = ("/usr/sbin/knockd", "/usr/sbin/knockmgr")


class World(Server):
    def __init__(self, undo):
        newer = tree.packages()
        super().__init__(undo, install=False)
        self.newer = self.tree.add_packages(newer)
        self.older = [self.relabel(path) for path in newer]

    def relabel(self, path):
        """The same package with a lower version; gives where it is in the machine."""
        inside = f"/var/tmp/before-{os.path.basename(path)}"
        contents = f"{self.tree.path}/var/tmp/contents"
        run(["dpkg-deb", "--raw-extract", path, contents])
        with open(f"{contents}/DEBIAN/control", "r+", encoding="utf-8") as file:
            text = re.sub(r"^Version: (.*)$", r"Version: \1~before", file.read(), flags=re.MULTILINE)
            file.seek(0)
            file.write(text)
        run(["dpkg-deb", "--root-owner-group", "--build", contents, self.tree.path + inside])
        shutil.rmtree(contents)
        return inside

    def dpkg(self, *words):
        return self.machine.run("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", *words)

    def version(self):
        return self.machine.run("dpkg-query", "--show", "--showformat", "${Version}", "otk-server")

    def set_up(self):
        self.right = self.access("--exec", "--as", "nobody", "--", "/bin/true")
        self.guest = self.access("--open", f"{GUARDED}/tcp", "--hold", "1h")
        self.sleeper = self.access("--exec", "--as", "nobody", "--limit", "1h", "--", *SLEEP)
        self.starter = self.access("--exec", "--as", "nobody", "--leave-running", "--", "/bin/sh", "-c",
                                   f"{' '.join(LEFT)} >/dev/null 2>&1 & sleep 0.1")
        self.guard_on()
        assert self.guest.spend()["end"]["outcome"] == "opened" and self.through()

    def runs(self, words):
        return words in self.machine.processes().values()

    def expect_well(self):
        assert self.show("otk", "StatusText") == "accepting knocks", self.systemctl("status", "otk", codes=None)
        assert self.right.spend()["kind"] == "accepted"
        assert self.through(), "the client's door is open"
        self.expect_guarded()

    def expect_nothing_runs(self):
        rest = [words for words in self.machine.processes().values() if "knock" in words[0]]
        assert not rest, rest
        assert "otk" not in self.machine.run("nft", "list", "tables")


suite = tap.Suite(World)


@suite.case("installed: nothing runs, nothing is shut, no unit has failed, and `systemctl status otk` says what is to be done")
def installed(w):
    said = w.dpkg("--install", *w.older)
    assert "knockmgr init" in said, said
    for unit in ("otk", "otk-guard"):
        assert w.show(unit, "ActiveState") == "inactive" and w.show(unit, "UnitFileState") == "enabled", unit
    w.expect_nothing_runs()
    assert w.machine.state() == "running", w.systemctl("--failed")
    said = w.systemctl("status", "--no-pager", "otk", codes=(3,))
    assert "knockmgr init" in said, said
    w.reboot()
    w.expect_nothing_runs()
    assert w.machine.state() == "running", w.systemctl("--failed")


@suite.case("after `knockmgr init` it starts, and takes knocks")
def begun(w):
    w.knockmgr("init")
    w.systemctl("start", "otk")
    w.set_up()
    w.expect_well()


@suite.case("upgrade: knocks before, during and after it count once; the door stays open, and what was left running runs")
def upgrade(w):
    w.starter.spend()
    w.start_command(w.sleeper, SLEEP)
    assert w.runs(LEFT)
    before = w.version()
    numbers = [w.right.spend()["number"]]
    dpkg = subprocess.Popen(w.machine.words(["dpkg", "--install", *w.newer]), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    while dpkg.poll() is None:
        numbers.append(w.right.spend()["number"])
        assert w.through(), "the client's door stays open"
        w.expect_guarded()
    assert dpkg.returncode == 0, dpkg.stdout.read()
    assert w.version() != before
    w.expect_well()
    accepted = [row["number"] for row in w.right.rows("accepted")]
    assert set(numbers) <= set(accepted) and len(accepted) == len(set(accepted)), (numbers, accepted)
    assert w.runs(LEFT) and not w.runs(SLEEP)
    assert w.sleeper.newest_end()["outcome"] == "interrupted"
    w.knockmgr("log", "--verify")


@suite.case("upgrade to one that does not accept otk.toml: it says so, and the old one runs on with all its commands")
def refused(w):
    w.dpkg("--install", *w.older)
    w.start_command(w.sleeper, SLEEP)
    pid = w.main_pid()
    with w.changed(CONFIGURATION, w.read(CONFIGURATION) + "\n[zoens]\n"):
        said = w.dpkg("--install", *w.newer)
        assert "zoens" in said and "not restarted" in said, said
        assert w.main_pid() == pid and w.runs(SLEEP) and w.through()
        w.expect_guarded()
    w.expect_well()
    w.systemctl("restart", "otk")
    w.expect_well()


@suite.case("removed: nothing runs, no port stays shut, the state is kept, and what was opened to everybody is said")
def removed(w):
    said = w.dpkg("--remove", "otk-server")
    assert "OPEN" in said, said
    w.expect_nothing_runs()
    assert w.through(family=6), "the guarded port is open to everybody"
    assert w.machine.call("ls", *PROGRAMS)[0] != 0
    w.machine.run("ls", CONFIGURATION, "/var/lib/otk/policy/policy.db")
    assert w.machine.state() == "running", w.systemctl("--failed")
    w.reboot()
    w.expect_nothing_runs()
    assert w.machine.state() == "running", w.systemctl("--failed")


@suite.case("installed again: guard and daemon are there at once, with users, doors and spends as they were")
def again(w):
    spent = w.right.chain.current
    w.dpkg("--install", *w.newer)
    wait.until(lambda: w.show("otk", "ActiveState") == "active", "otk runs")
    wait.until(lambda: not w.through(family=6), "the guard is back")
    w.knock_udp(spent)
    w.expect_well()
    assert [row["number"] for row in w.right.rows("accepted")].count(w.right.chain.count + 1) == 1


@suite.case("purged: it says what it deletes, and nothing of it is left")
def purged(w):
    said = w.dpkg("--purge", "otk-server")
    assert "/etc/otk" in said and "/var/lib/otk" in said, said
    w.expect_nothing_runs()
    assert w.through(family=6)
    for path in ("/etc/otk", "/var/lib/otk", *PROGRAMS):
        assert w.machine.call("ls", path)[0] != 0, path
    assert "otk" not in w.systemctl("list-unit-files", "--no-pager", "otk*", codes=None).replace("0 unit files", "")
    assert w.machine.state() == "running", w.systemctl("--failed")


if __name__ == "__main__":
    suite.main()
