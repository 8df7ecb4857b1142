#!/usr/bin/python3
"""For those who watch: what the dashboard for Grafana and the alerts for Prometheus name is what knockd writes, each panel
shows something, the guide has each series, and the figures that alerts rely on tell the truth."""

import json
import os
import pathlib
import re
import signal

from otk_e2e import chain, guard, metrics, promql, tap, wait, world

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
DASHBOARD = TOP / "packaging/dashboards/otk.json"
RULES = TOP / "packaging/prometheus/otk.yml"
GUIDE = TOP / "docs/guide-monitoring.md"
FEW = 2  # knocks
PORT = 2200
# Labels that Prometheus and node_exporter give; knockd's own series have none.
LABELS = {"instance", "job", "alertname", "alertstate", "file"}


class WatchedWorld(guard.Guarded):
    def __init__(self, undo):
        super().__init__(undo, {})
        self.folder = f"{self.installation.directory}/textfile"
        os.mkdir(self.folder)
        self.configure("guard")

    def configure(self, mode):
        self.installation.configure({**world.CONFIGURATION, "firewall": {"mode": mode}, "alerts": {"few_left": FEW},
                                     "metrics": {"file": f"{self.folder}/otk.prom"}})
        begin = self.daemon.log_size()
        self.daemon.process.send_signal(signal.SIGHUP)
        self.daemon.wait_for_log("knockd: ready", begin)

    def metrics(self):
        try:
            with open(f"{self.folder}/otk.prom", encoding="ascii") as file:
                return metrics.read(file.read())
        except FileNotFoundError:
            return {}

    def wait_for(self, **wanted):
        """Values of series, without their common beginning; None: there is no such series."""
        def there():
            found = self.metrics()
            return found and all(found.get(f"otk_{name}") == value for name, value in wanted.items())

        wait.until(there, lambda: f"the figures say {wanted}: {self.metrics()}")

    def short(self, knocks):
        """A user with so many knocks, as validate has heard."""
        access = self.access("--exec", "--as", "nobody", "--", "/bin/true", its_chain=chain.Chain(length=knocks + 1))
        return access


suite = tap.Suite(WatchedWorld)


@suite.case("the dashboard and the alerts name no series that knockd does not write, and no label that nobody gives")
def named(w):
    w.wait_for(up=1, accepting=1, grants_few_left=0)
    written = w.metrics().keys()
    for where, expression in [*promql.panels(DASHBOARD), *promql.rules(RULES).items()]:
        named_here = promql.names(expression)
        assert named_here, f"{where}: no series in {expression}"
        assert named_here <= written | promql.FOREIGN.keys(), f"{where}: nobody writes {named_here - written}"
        assert promql.selectors(expression) <= LABELS, f"{where}: {expression}"
    assert len(promql.rules(RULES)) == RULES.read_text(encoding="ascii").count("alert:"), "each rule is looked at"


@suite.case("each panel of the dashboard shows something for these figures")
def shown(w):
    expressions = [promql.filled_in(expression) for _, expression in promql.panels(DASHBOARD)]
    assert len(expressions) > 20, expressions
    none = promql.empty(expressions, w.metrics())
    assert not none, none
    assert promql.empty(["otk_nothing", "rate(otk_up[5m]) > 1"], w.metrics()) == ["otk_nothing", "rate(otk_up[5m]) > 1"]


@suite.case("the guide has each series that is written, and no other")
def documented(w):
    table = set(re.findall(r"(?m)^\| `(otk_\w+)` ", GUIDE.read_text(encoding="utf-8")))
    assert table == w.metrics().keys(), table ^ w.metrics().keys()
    named_there = set(re.findall(r"otk_[a-z_]+", GUIDE.read_text(encoding="utf-8")))
    assert named_there <= w.metrics().keys(), named_there - w.metrics().keys()


@suite.case("grants that will soon run out, and those that have, are counted; not when they are renewed or disabled")
def running_out(w):
    access = w.short(FEW + 1)
    other = w.short(1)
    w.wait_for(grants_few_left=1, grants_exhausted=0)
    access.spend()
    w.wait_for(grants_few_left=2, grants_exhausted=0)
    other.spend()
    w.wait_for(grants_few_left=1, grants_exhausted=1)
    w.daemon.restart()
    w.wait_for(grants_few_left=1, grants_exhausted=1)
    w.installation.knockmgr("grant", "disable", access.user, access.command)
    w.wait_for(grants_few_left=0, grants_exhausted=1)
    w.installation.knockmgr("grant", "renew", other.user, other.command, "--token", chain.Chain(length=50).token())
    w.wait_for(grants_few_left=0, grants_exhausted=0)
    w.installation.knockmgr("grant", "enable", access.user, access.command)
    w.wait_for(grants_few_left=1, grants_exhausted=0)
    w.installation.knockmgr("grant", "remove", access.user, access.command, "--yes")
    w.wait_for(grants_few_left=0, grants_exhausted=0)


@suite.case("whether the guard is wanted, and whether it stands; how often it was lost")
def guarded(w):
    w.wait_for(guard_wanted=0, guard_armed=0, guard_lost_total=0)
    w.access("--open", f"{PORT}/tcp", "--hold", "1h")
    w.arm()
    w.wait_for(guard_wanted=1, guard_armed=1, guard_lost_total=0)
    w.rules("flush", "ruleset")
    w.wait_for(guard_wanted=1, guard_armed=1, guard_lost_total=1)
    status = json.loads(w.installation.knockmgr("status", "--json"))["daemon"]
    assert (status["guard_wanted"], status["guard_armed"], status["counters"]["guard_losses"]) == (1, 1, 1), status
    w.guard("off")
    w.wait_for(guard_wanted=0, guard_armed=0)
    w.configure("none")
    w.wait_for(up=1, guard_wanted=None, guard_armed=None)


if __name__ == "__main__":
    suite.main()
