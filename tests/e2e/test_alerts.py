#!/usr/bin/python3
"""Alerts: a program of the administrator's is run when something happens that he wants to be told (DESIGN 10)."""

import os
import signal

from otk_e2e import packets, tap, wait, world

# What each alert appends to the file of the suite.
WORDS = '$OTK_ALERT|$OTK_USER|$OTK_COMMAND|$OTK_CARRIER|$OTK_SOURCE|$OTK_ADDRESS|$OTK_HELD_BACK|$(id -un)|$OTK_TEXT'
NAMES = ("alert", "user", "command", "carrier", "source", "address", "held_back", "account", "text")
ALL = ["used", "replay", "late", "contested", "refused", "silence", "few-left", "exhausted", "interrupted", "flood-begun",
       "flood-ended", "child-crashed"]
FLOOD = 200  # packets a second


class AlertingWorld(world.World):
    def __init__(self, undo):
        super().__init__(undo, start=False)
        self.file = f"{self.installation.directory}/alerts"
        with open(self.file, "wb"):
            os.chmod(self.file, 0o666)
        self.alerting(ALL)
        self.daemon.start()

    def alerting(self, kinds):
        alerts = {"command": ["/bin/sh", "-c", f'echo "{WORDS}" >> "$0"', self.file], "on": kinds, "per_hour": 1000,
                  "few_left": 3, "flood": FLOOD, "silence": "2h"}
        self.installation.configure({**world.CONFIGURATION, "alerts": alerts})

    def alerts(self):
        with open(self.file, encoding="utf-8") as file:
            return [dict(zip(NAMES, line.rstrip("\n").split("|", len(NAMES) - 1))) for line in file]

    def about(self, right, kind=None):
        return [alert for alert in self.alerts() if alert["user"] == right.user and kind in (None, alert["alert"])]

    def alert(self, kind, user=""):
        def there():
            found = [alert for alert in self.alerts() if (alert["alert"], alert["user"]) == (kind, user)]
            return found and found[-1]

        return wait.until(there, lambda: f"an alert {kind}; there were {self.alerts()}")


suite = tap.Suite(AlertingWorld)


@suite.case("a used knock: all that is known is handed over, and the program runs as the account of the configuration")
def used(w):
    right = w.right()
    alert = w.alert("used", right.user)
    text = alert.pop("text")
    assert alert == {"alert": "used", "user": right.user, "command": right.command, "carrier": "udp",
                     "source": w.client.ipv4, "address": w.client.ipv4, "held_back": "0", "account": "nobody"}, alert
    assert "(unproven)" in text, text


@suite.case("of the same kind, user and command there is one in a minute; the next one says how many were held back")
def held_back(w):
    right = w.right()
    w.alert("used", right.user)
    for _ in range(3):
        right.expect_one_run(w.knock_udp)
    assert len(w.about(right, "used")) == 1, w.about(right)
    w.clock.advance(61)
    right.expect_one_run(w.knock_udp)
    wait.until(lambda: len(w.about(right, "used")) == 2, lambda: f"a second alert: {w.about(right)}")
    # Between the two, knocks of the suite's own user may have been held back as well.
    assert sum(int(alert["held_back"]) for alert in w.alerts()) >= 3, w.alerts()


@suite.case("a refusal, a replay, a late and a contested knock, each with the source that its packet claims")
def reports(w):
    right = w.right()
    (lost,) = right.chain.skip(1)
    right.knock_until_it_runs()
    w.knock_udp(lost)
    assert w.alert("late", right.user)["source"] == w.client.ipv4
    w.knock_udp(right.chain.current, host=w.network.host("other"))
    assert w.alert("contested", right.user)["source"] == w.network.host("other").ipv4
    w.clock.advance(121)
    w.knock_udp(right.chain.current)
    w.alert("replay", right.user)
    w.installation.knockmgr("grant", "disable", right.user, right.command)
    w.right()  # in force by now
    w.knock_udp(right.chain.next())
    assert "disabled" in w.alert("refused", right.user)["text"]


@suite.case("few knocks are left, and the last one is used")
def few_left(w):
    right = w.right(length=5)  # its first knock leaves three
    assert "3 knocks" in w.alert("few-left", right.user)["text"]
    for _ in range(3):
        right.expect_one_run(w.knock_udp)
    w.alert("exhausted", right.user)


@suite.case("a use after a long silence")
def silence(w):
    right = w.right()
    right.expect_one_run(w.knock_udp)
    assert not w.about(right, "silence"), w.about(right)
    w.clock.advance(3 * 3600)
    right.expect_one_run(w.knock_udp)
    w.alert("silence", right.user)


@suite.case("a helper that was killed")
def crashed(w):
    os.kill(w.daemon.helper("knockd-validate"), signal.SIGKILL)
    assert "knockd-validate" in w.alert("child-crashed")["text"]
    w.right()  # it is there again


@suite.case("a flood begins and ends")
def flood(w):
    def send():
        for _ in range(FLOOD):
            packets.send_udp(w.client, w.server.ipv4, os.urandom(16))
        return any(alert["alert"] == "flood-begun" for alert in w.alerts())

    wait.until(send, "a flood is noticed")
    assert str(FLOOD) in w.alert("flood-begun")["text"]
    w.alert("flood-ended")


@suite.case("what the configuration does not name is not told, from a reload on")
def not_wanted(w):
    begin = w.daemon.log_size()
    w.alerting(["replay"])
    w.daemon.process.send_signal(signal.SIGHUP)
    w.daemon.wait_for_log("configuration", begin)
    right = w.right()
    w.settle()
    assert not w.about(right), w.about(right)


if __name__ == "__main__":
    suite.main()
