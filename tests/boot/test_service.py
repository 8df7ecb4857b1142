#!/usr/bin/python3
"""otk.service as systemd runs it: when it counts as started, reload, watchdog, crashes, restart limits, stop."""

from otk_boot.server import GUARDED, Server
from otk_e2e import tap, wait

CONFIGURATION = "/etc/otk/otk.toml"
SECOND_PORT = 62202  # for knocks; the default is 62201


def make_world(undo):
    w = Server(undo)
    w.right = w.access("--exec", "--as", "nobody", "--", "/bin/true")
    w.right.spend()
    return w


suite = tap.Suite(make_world)


def expect_accepted(w, access=None):
    row = (access or w.right).spend()
    assert row["kind"] == "accepted" and row["end"]["outcome"] in ("exited", "opened"), row


@suite.case("when `systemctl start` returns, the very next packet is a knock that counts")
def readiness(w):
    w.systemctl("stop", "otk")
    w.systemctl("start", "otk")
    before = len(w.right.rows("accepted"))
    w.knock_udp(w.right.chain.next())
    assert w.show("otk", "StatusText") == "accepting knocks", w.show("otk", "StatusText")
    wait.until(lambda: len(w.right.rows("accepted")) == before + 1, "that one packet is accepted")
    assert w.machine.state() == "running", w.systemctl("--failed")


@suite.case("a reload takes the new configuration up and keeps the process and an open door")
def reload(w):
    guest = w.access("--open", f"{GUARDED}/tcp", "--hold", "1h")
    w.guard_on()
    expect_accepted(w, guest)
    assert w.through()
    pid = w.main_pid()
    w.write(CONFIGURATION, w.read(CONFIGURATION).replace("ports = [62201]", f"ports = [62201, {SECOND_PORT}]"))
    w.systemctl("reload", "otk")
    w.right.spend(lambda value: w.knock_udp(value, port=SECOND_PORT))
    assert w.main_pid() == pid and w.through()


@suite.case("a hanging knockd is ended by systemd's watchdog, started again, and takes the next knock")
def watchdog(w):
    w.drop_in("[Service]\nWatchdogSec=2s\n", name="watchdog")
    w.systemctl("restart", "otk")
    hanging = w.main_pid()
    w.machine.signal("STOP", hanging)
    wait_for_another(w, hanging)
    assert "watchdog" in w.journal("--unit", "otk"), w.journal("--unit", "otk")
    expect_accepted(w)
    w.machine.run("rm", "/run/systemd/system/otk.service.d/watchdog.conf")
    w.systemctl("daemon-reload")
    w.systemctl("restart", "otk")


def wait_for_another(w, pid):
    wait.until(lambda: w.main_pid() not in (0, pid) and w.show("otk", "ActiveState") == "active",
               lambda: f"otk is started again; it is {w.show('otk', 'ActiveState')}")


@suite.case("killed, knockd is started again; the door stays open meanwhile, and the next knock counts")
def killed(w):
    restarts = int(w.show("otk", "NRestarts"))
    pid = w.main_pid()
    w.machine.signal("KILL", pid)
    assert w.through()
    wait_for_another(w, pid)
    assert int(w.show("otk", "NRestarts")) == restarts + 1
    assert w.through()
    expect_accepted(w)


@suite.case("each helper killed is started again by knockd, which lives on")
def killed_helpers(w):
    pid = w.main_pid()
    for name in ("knockd-capture", "knockd-validate"):
        helper = w.helper(name)
        w.machine.signal("KILL", helper)
        wait.until(lambda: w.helper(name) != helper, f"another {name} runs")
        expect_accepted(w)
    assert w.main_pid() == pid


@suite.case("one that cannot start is tried five times and no more, and is then a failed unit")
def restart_limit(w):
    w.drop_in("[Service]\nRestartSec=100ms\n", name="quick")
    with w.changed(CONFIGURATION, w.read(CONFIGURATION) + "\n[unknown]\nkey = 1\n"):
        w.systemctl("restart", "otk", codes=None)
        wait.until(lambda: w.show("otk", "ActiveState") == "failed", lambda: f"it is given up: {w.show('otk', 'ActiveState')}")
    assert "Start request repeated too quickly" in w.journal("--unit", "otk")
    w.expect_guarded()
    w.systemctl("reset-failed", "otk")
    w.systemctl("start", "otk")
    expect_accepted(w)


@suite.case("without an installation it does not start, which is no failure, and `systemctl status otk` says what makes one")
def nothing_to_serve(w):
    w.systemctl("stop", "otk")
    w.machine.run("sh", "-c", "mv /etc/otk /var/tmp/etc-otk && mv /var/lib/otk /var/tmp/lib-otk")
    w.systemctl("start", "otk")
    assert w.show("otk", "ActiveState") == "inactive", w.show("otk", "ActiveState")
    said = w.systemctl("status", "--no-pager", "otk", codes=(3,))
    assert "knockmgr init" in said, said
    assert w.machine.state() == "running", w.systemctl("--failed")
    w.machine.run("mv", "/var/tmp/etc-otk", "/etc/otk")
    w.systemctl("start", "otk", codes=(1,))  # a part of one is a failure
    w.machine.run("mv", "/var/tmp/lib-otk", "/var/lib/otk")
    w.systemctl("reset-failed", "otk")
    w.systemctl("start", "otk")
    expect_accepted(w)


def rest(w):
    return {pid: words for pid, words in w.machine.processes().items() if "knockd" in words[0]}


@suite.case("a stop leaves no process but relays, and the guard; the next start complains of nothing")
def stop(w):
    w.systemctl("stop", "otk")
    # Helpers that were just killed may take a moment to be gone.
    wait.until(lambda: not rest(w), lambda: f"no process of otk is left; there are {rest(w)}")
    assert w.through(), "the client's door is open still"
    begin = w.now()
    w.systemctl("start", "otk")
    said = w.journal("--unit", "otk", "--since", begin)
    assert "left-over process" not in said, said


if __name__ == "__main__":
    suite.main()
