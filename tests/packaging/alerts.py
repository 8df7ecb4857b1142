#!/usr/bin/python3
"""The alerts for Prometheus: promtool takes them, and runs each on series on which it must fire, with the text that a
person then reads, and on series on which it must not. Argument: the file of the rules."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "shape"))
from tap import Report  # noqa: E402

WHERE = 'instance="server:9100",job="node"'
FILE = "/var/lib/prometheus/node-exporter/otk.prom"
DAY = 24 * 60  # minutes
PIECES = DAY // 10  # of a day, where days are looked at

# Each: alert, what happens, minute at which it is looked at, the series, and what the text has for its value (None: it must
# not fire). Samples are a minute apart, or ten where it is about days, in promtool's notation: 1x10 is 1 and ten times more
# the same, 0+5x10 grows by 5, `stale` and _ are an end and nothing.
CASES = [
    ("OtkNotAccepting", "nothing is accepted for two minutes", 5, {"otk_accepting": "1 1 0x10"}, "0"),
    ("OtkNotAccepting", "a restart", 5, {"otk_accepting": "1 1 1 1 0 1x10"}, None),
    ("OtkGone", "the figures vanish", 15, {"otk_up": "1x10 stale _x10"}, "1"),
    ("OtkGone", "the figures are there again after a restart", 15, {"otk_up": "1x8 stale 1x10"}, None),
    ("OtkGone", "they vanished more than a day ago", DAY + 20, {"otk_up": f"1x1 stale _x{PIECES}"}, None),
    ("OtkStandsStill", "the file is not written any more", 15, {"node_textfile_mtime_seconds": "600x15"}, "5m 0s"),
    ("OtkStandsStill", "the file is written", 15, {"node_textfile_mtime_seconds": "0+60x15"}, None),
    ("OtkStandsStill", "somebody else's file is old", 15, {"node_textfile_mtime_seconds/apt.prom": "600x15"}, None),
    ("OtkCommitsFail", "a knock could not be spent a moment ago", 5,
     {"otk_ledger_failing": "0 0 0 0 0 1", "otk_knocks_not_spent_total": "0x10"}, "1"),
    ("OtkCommitsFail", "one could not be spent between two looks", 5,
     {"otk_ledger_failing": "0x10", "otk_knocks_not_spent_total": "7 7 7 8x10"}, "1.25"),
    ("OtkCommitsFail", "knocks are spent", 5, {"otk_ledger_failing": "0x10", "otk_knocks_not_spent_total": "7x10"}, None),
    ("OtkCommitsFail", "a restart of knockd-validate", 5,
     {"otk_ledger_failing": "0x10", "otk_knocks_not_spent_total": "7 7 7 0x10"}, None),
    ("OtkGuardDown", "the guard cannot be armed", 5, {"otk_guard_wanted": "1x10", "otk_guard_armed": "0x10"}, "1"),
    ("OtkGuardDown", "the guard stands", 5, {"otk_guard_wanted": "1x10", "otk_guard_armed": "1x10"}, None),
    ("OtkGuardDown", "no guard is wanted", 5, {"otk_guard_wanted": "0x10", "otk_guard_armed": "0x10"}, None),
    ("OtkGuardDown", "a start", 5, {"otk_guard_wanted": "1x10", "otk_guard_armed": "1 1 1 1 1 0 1x10"}, None),
    ("OtkGuardLost", "the ruleset is flushed", 10, {"otk_guard_lost_total": "0 0 0 1x10"}, "1.1"),
    ("OtkGuardLost", "nobody touches it", 10, {"otk_guard_lost_total": "3x10"}, None),
    ("OtkFlood", "a flood goes on", 5, {"otk_flood": "0 0 1x10"}, "1"),
    ("OtkFlood", "a flood that is over at once", 5, {"otk_flood": "0 0 0 0 1 0"}, None),
    ("OtkLosesPackets", "the kernel drops", 5, {"otk_packets_dropped_total": "0+30x10"}, "150"),
    ("OtkLosesPackets", "the kernel has dropped long ago", 5, {"otk_packets_dropped_total": "9000x10"}, None),
    ("OtkDeaf", "a crash of knockd-capture", 15, {"otk_capture_down_milliseconds_total": "0x7 900x10"}, "900"),
    ("OtkDeaf", "no crash", 15, {"otk_capture_down_milliseconds_total": "900x20"}, None),
    ("OtkHearsNothing", "packets stop to come", 2 * DAY + 90,
     {"otk_packets_seen_total": f"0+5x{PIECES - 6} {5 * (PIECES - 6)}x{2 * PIECES}"}, "0"),
    ("OtkHearsNothing", "a quiet network", 2 * DAY + 90, {"otk_packets_seen_total": f"3x{3 * PIECES}"}, None),
    ("OtkHearsNothing", "a packet now and then", 2 * DAY + 90, {"otk_packets_seen_total": f"0+1x{3 * PIECES}"}, None),
    ("OtkHelperEnds", "a crash", 30, {"otk_helper_crashes_total": "0x10 1x30"}, "1"),
    ("OtkHelperEnds", "no crash", 30, {"otk_helper_crashes_total": "2x40"}, None),
    ("OtkKnocksRunOut", "two grants have few knocks", 30, {"otk_grants_few_left": "2x40"}, "2"),
    ("OtkKnocksRunOut", "there are enough knocks", 30, {"otk_grants_few_left": "0x40"}, None),
    ("OtkKnocksExhausted", "a grant has none", 30, {"otk_grants_exhausted": "1x40"}, "1"),
    ("OtkKnocksExhausted", "it is renewed at once", 30, {"otk_grants_exhausted": "0x20 1 1 1 0x20"}, None),
    ("OtkCommandsWait", "the queue is never empty", 10, {"otk_commands_waiting": "0 0 3+1x10"}, "6"),
    ("OtkCommandsWait", "the queue is emptied again and again", 10, {"otk_commands_waiting": "3 4 0 5 6 0 3 4 0 7 8"}, None),
    ("OtkCommandsNotStarted", "a program is missing", 10, {"otk_commands_not_started_total": "0 0 0 2x10"}, "2"),
    ("OtkCommandsNotStarted", "all start", 10, {"otk_commands_not_started_total": "5x10"}, None),
    ("OtkEndsNotStored", "a disk is full", 20, {"otk_ends_waiting": "0 2+1x30"}, "11"),
    ("OtkEndsNotStored", "they are stored", 20, {"otk_ends_waiting": "0 2 0 1 0 2 0 0x30"}, None),
]


def alerts_of(text):
    """Name -> severity and annotations. The file is ours, so its form may be relied on; promtool judges it as a whole."""
    found = {}
    for block in re.split(r"(?m)^ +- alert: ", text)[1:]:
        name = block.split("\n", 1)[0]
        severity = re.search(r"severity: (\w+)", block).group(1)
        found[name] = (severity, dict(re.findall(r'(summary|description): "(.*)"', block)))
    return found


def sample_name(series):
    name, _, file = series.partition("/")
    labels = WHERE + (f',file="{FILE if not file else FILE.replace("otk.prom", file)}"' if name.startswith("node_") else "")
    return f"{name}{{{labels}}}", labels


def expected(case, alerts):
    name, _, _, series, value = case
    severity, annotations = alerts[name]
    labels = {key: text.strip('"') for key, text in
              (pair.split("=") for pair in sample_name(next(iter(series)))[1].split(","))}
    texts = {}
    for key, text in annotations.items():
        text = text.replace("{{ $labels.instance }}", "server:9100")
        texts[key] = re.sub(r"\{\{ \$value( \| \w+)? \}\}", value, text)
    return {"exp_labels": {**labels, "severity": severity}, "exp_annotations": texts}


def test_of(case, alerts):
    name, _, minute, series, value = case
    return {"interval": "10m" if minute > DAY else "1m",
            "input_series": [{"series": sample_name(one)[0], "values": values} for one, values in series.items()],
            "alert_rule_test": [{"eval_time": f"{minute}m", "alertname": name,
                                 "exp_alerts": [] if value is None else [expected(case, alerts)]}]}


def complaints(cases, rules, alerts):
    """Of all of them, each day in steps of ten minutes."""
    days = [case for case in cases if case[2] > DAY]
    return [line for step, some in (("1m", [case for case in cases if case not in days]), ("10m", days)) if some
            for line in complaints_at(step, some, rules, alerts)]


def complaints_at(step, cases, rules, alerts):
    tests = [test_of(case, alerts) for case in cases]
    with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="ascii") as file:  # JSON is YAML
        json.dump({"rule_files": [rules], "evaluation_interval": step, "tests": tests}, file)
        file.flush()
        return promtool("test", "rules", file.name)


def promtool(*words):
    done = subprocess.run(["promtool", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout.splitlines() if done.returncode != 0 else []


def main():
    rules = str(pathlib.Path(sys.argv[1]).resolve())
    if shutil.which("promtool") is None:
        print("1..0 # SKIP promtool is missing (Debian: prometheus)")
        return
    alerts = alerts_of(pathlib.Path(rules).read_text(encoding="ascii"))
    report = Report()
    report.case("promtool takes the rules", promtool("check", "rules", rules))
    for fires in (True, False):
        covered = {case[0] for case in CASES if (case[4] is not None) == fires}
        report.case(f"each alert has a case in which it {'fires' if fires else 'does not fire'}",
                    sorted(alerts.keys() ^ covered))
    well = not complaints(CASES, rules, alerts)  # all at once is quick; one by one tells which
    for case in CASES:
        report.case(f"{case[0]} {'fires' if case[4] is not None else 'is silent'}: {case[1]}",
                    [] if well else complaints([case], rules, alerts))
    report.end()


if __name__ == "__main__":
    main()
