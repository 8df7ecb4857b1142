#!/usr/bin/python3
"""knockmgr watch shows live what arrives and what is decided (DESIGN 12)."""

import json
import os
import signal
import subprocess

from otk_e2e import tap, wait, world

suite = tap.Suite(world.World)


class Watch:
    """A running watch; each of its lines is a JSON object."""

    def __init__(self, w, *options):
        self._process = subprocess.Popen([w.installation.programs["knockmgr"], "watch", "--json", *options], text=True,
                                         stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                         env=dict(os.environ, OTK_DIR=w.installation.state))
        self.seen = []
        self.until(lambda line: line["kind"] == "watching")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.communicate()

    def until(self, wanted):
        while True:
            text = self._process.stdout.readline()
            assert text, f"watch ended: {self._process.stderr.read()}"
            self.seen.append(json.loads(text))
            if wanted(self.seen[-1]):
                return self.seen[-1]

    def end(self):
        self._process.send_signal(signal.SIGINT)
        out, err = self._process.communicate(timeout=wait.DEADLINE)
        self.seen += [json.loads(line) for line in out.splitlines()]
        return self._process.returncode, err


@suite.case("a knock, its end and a refusal are shown as they happen, in their order")
def live(w):
    right = w.right()
    with Watch(w, "--user", right.user) as watch:
        right.expect_one_run(w.knock_udp)
        accepted = watch.until(lambda line: line["kind"] == "accepted")
        assert (accepted["user"], accepted["number"]) == (right.user, right.chain.count), accepted
        ended = watch.until(lambda line: line["kind"] == "ended")
        assert ended["of"] == accepted["row"], ended
        w.installation.knockmgr("grant", "disable", right.user, right.command)
        w.right()  # whatever was changed before is in force
        right.expect_no_run(w.knock_udp)
        refused = watch.until(lambda line: line["kind"] == "refused")
        assert refused["refusal"] == "grant disabled", refused
        code, err = watch.end()
    assert (code, err) == (0, ""), (code, err)
    users = {line.get("user") for line in watch.seen if "row" in line}
    assert users == {right.user}, users


@suite.case("what arrives is told: noise, duplicates, and that knockd ends and comes again")
def arrivals(w):
    right = w.right()
    arrived = {"packets": 0, "noise": 0, "duplicates": 0}

    def count(line):
        if line["kind"] == "arrived":
            for key in arrived:
                arrived[key] += line[key]
        return arrived["noise"] >= 30 and arrived["duplicates"] >= 1

    with Watch(w) as watch:
        watch.until(lambda line: line["kind"] == "daemon" and "accepts" in line["text"])
        right.expect_one_run(w.knock_udp)
        w.knock_udp(right.chain.current)
        for _ in range(30):
            w.knock_udp(os.urandom(16))
        watch.until(count)
        assert arrived["packets"] >= 32, arrived
        w.daemon.stop()
        watch.until(lambda line: line["kind"] == "daemon" and "not running" in line["text"])
        w.daemon.start()
        missing = {"started", "daemon"}  # its row, and that it accepts again; in any order

        def again(line):
            if line["kind"] != "daemon" or "accepts" in line["text"]:
                missing.discard(line["kind"])
            return not missing

        watch.until(again)


@suite.case("many knocks are shown at a bounded rate, and what is left out is counted")
def rate(w):
    right = w.right()
    before = len(right.rows("accepted"))
    with Watch(w, "--rate", "1", "--command", right.command) as watch:
        for _ in range(30):
            right.knock_until_it_runs()
        wait.until(lambda: all(row["end"] for row in right.rows("accepted")), "every end is in the ledger")
        expected = 2 * (len(right.rows("accepted")) - before)
        told = {"rows": 0}

        def all_told(line):
            told["rows"] += line["kind"] in ("accepted", "ended")
            # The lines about knockd and about what arrives may be left out as well.
            told["rows"] += line["lines"] if line["kind"] == "left out" else 0
            return told["rows"] >= expected

        watch.until(all_told)
        shown = sum("row" in line for line in watch.seen)
        assert shown < expected, f"all {shown} were shown"


@suite.case("it reads the ledger as the account that owns it, confined to its folder")
def confined(w):
    with Watch(w) as watch:
        del watch
        readers = [pid for pid in filter(str.isdigit, os.listdir("/proc")) if is_reader(pid, w)]
        assert len(readers) == 1, readers


def is_reader(pid, w):
    """A child of knockmgr whose root directory is the ledger's folder."""
    try:
        with open(f"/proc/{pid}/comm", encoding="ascii") as file:
            name = file.read().strip()
        return name == "knockmgr" and os.path.samefile(f"/proc/{pid}/root", f"{w.installation.state}/ledger")
    except (FileNotFoundError, ProcessLookupError):
        return False


if __name__ == "__main__":
    suite.main()
