#!/usr/bin/python3
"""The guard locks nobody out and goes without trace: the trial, its confirmation, the boot (DESIGN 9)."""

import json
import os
import signal

from otk_e2e import guard, tap, wait

PORT = 2200
OTHERS = """
table inet theirs {
    set friends { type ipv4_addr; elements = { 192.0.2.77 } }
    chain input { type filter hook input priority 0; policy accept; ip saddr @friends accept; }
}
"""


def make_world(undo):
    w = guard.make_world(undo)
    w.stranger = w.network.host("other")
    w.script(OTHERS)
    w.listen(PORT)
    w.way = w.access("--open", f"{PORT}/tcp", "--hold", "1h")
    return w


suite = tap.Suite(make_world)


def state(w):
    return json.loads(w.guard("show", "--json"))


@suite.case("nothing is armed by itself, and a knock then says that the guard is off")
def by_itself(w):
    assert "otk" not in w.rules() and not state(w)["on"]
    row = w.way.spend()
    assert row["end"]["outcome"] == "opened" and "the guard is off" in row["end"]["text"], row
    w.installation.knockmgr("doors", "close", "--all", "--yes")
    assert w.through(PORT)


@suite.case("guard on wants a time, a running knockd and the mode; it says what is missing")
def refusals(w):
    assert "--confirm" in w.guard("on", expect=2)
    assert "10s and 24h" in w.guard("on", "--confirm", "1s", expect=2)
    assert "the guard is off" in w.guard("confirm", expect=1)
    w.daemon.stop()
    assert "knockd does not run" in w.guard("on", "--confirm", "5m", expect=1)
    w.installation.configure({"firewall": {"mode": "none"}})
    assert 'mode is "none"' in w.guard("on", "--confirm", "5m", expect=1)
    w.installation.configure({"firewall": {"mode": "guard"}})
    w.daemon.start()
    assert "otk" not in w.rules()


@suite.case("on for a trial, confirmed, off: shut, shut, and the ruleset is as it was, to the letter")
def whole_life(w):
    before = w.rules()
    said = w.guard("on", "--confirm", "5m")
    assert f"guarded: {PORT}/tcp" in said and "guard confirm" in said, said
    assert not w.through(PORT) and state(w)["ends_by_itself"]
    w.guard("confirm")
    assert not w.through(PORT) and not state(w)["ends_by_itself"] and state(w)["guarded"] == [f"{PORT}/tcp"]
    assert "confirmed already" in w.guard("on", "--confirm", "5m", expect=1)
    assert "is removed" in w.guard("off")
    assert w.through(PORT) and w.rules() == before, w.rules()
    assert "off already" in w.guard("off")


@suite.case("a trial that nobody confirms is over by itself, and the ruleset is as it was")
def rolled_back(w):
    before = w.rules()
    w.guard("on", "--confirm", "5m")
    assert not w.through(PORT)
    w.clock.advance(301)
    w.wait_until_through(PORT)
    wait.until(lambda: w.rules() == before, lambda: f"the ruleset is as it was:\n{w.rules()}")
    w.guard("off")


@suite.case("the kernel itself ends a trial when every process is dead; then confirming is refused")
def rolled_back_by_the_kernel(w):
    w.guard("on", "--confirm", "10s")
    assert not w.through(PORT)
    for pid in [w.daemon.process.pid, *w.daemon.children().values()]:
        os.kill(pid, signal.SIGKILL)
    w.daemon.process.wait()
    w.wait_until_through(PORT)
    wait.until(lambda: "too late" in w.guard("confirm", expect=1), "the time of the trial is over")
    w.daemon.start()
    wait.until(lambda: "otk" not in w.rules(), "knockd removes what the kernel has ended")
    assert w.through(PORT)
    w.guard("off")


@suite.case("guard off removes the guard also when knockd is dead; guard arm brings back only what is on")
def without_knockd(w):
    before = w.rules()
    w.arm()
    w.daemon.kill()
    assert not w.through(PORT)
    w.guard("off")
    assert w.through(PORT) and w.rules() == before
    assert "nothing to arm" in w.guard("arm")
    assert w.rules() == before
    w.daemon.start()


@suite.case("at boot the guard is armed before knockd; knockd takes it over, and nothing is called lost")
def boot(w):
    w.arm()
    w.daemon.stop()
    w.script("flush ruleset\n" + OTHERS)
    assert w.through(PORT)
    assert f"{PORT}/tcp" in w.guard("arm")
    assert not w.through(PORT)
    begin = w.daemon.log_size()
    w.daemon.start()
    w.settle()
    assert not w.through(PORT) and "lost" not in w.daemon.log(begin), w.daemon.log(begin)
    w.way.spend()
    assert w.through(PORT) and not w.through(PORT, w.stranger)
    w.installation.knockmgr("doors", "close", "--all", "--yes")


@suite.case("networks of always_allow are never shut out; the change takes effect by SIGHUP")
def always_allow(w):
    assert not w.through(PORT, w.stranger)
    w.installation.configure({"firewall": {"mode": "guard", "always_allow": [f"{w.stranger.ipv4}", "2001:db8:1::/48"]}})
    w.daemon.process.send_signal(signal.SIGHUP)
    w.wait_until_through(PORT, w.stranger)
    assert not w.through(PORT)


@suite.case("mode none ends a guard that is there")
def mode_none(w):
    w.installation.configure({"firewall": {"mode": "none"}})
    w.daemon.restart()
    assert w.through(PORT) and "table inet otk" not in w.rules()


if __name__ == "__main__":
    suite.main()
