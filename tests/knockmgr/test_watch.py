"""watch: what it shows, how much of it, and how it ends. What happens is written by scene.cpp."""

import json
import os
import re
import select
import shutil
import signal
import subprocess

from harness import IS_ROOT, KNOCKMGR, Daemon, Installation, expect, expect_in, run_all

LIMIT = 60  # seconds, after which a program that hangs is a failure


class Watch:
    """`with Watch(otk, ...)`: a running watch; `until` reads its lines."""

    def __init__(self, otk, *words):
        self._words = [KNOCKMGR, "watch", *words, "--dir", otk.dir]
        self.lines = []

    def __enter__(self):
        self.process = subprocess.Popen(self._words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.until("watching")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def until(self, part):
        """The lines up to one with that part in it."""
        seen = []
        while not (seen and part in seen[-1]):
            line = self.process.stdout.readline()
            assert line, f"watch ended before it said {part!r}: {seen}, {self.process.stderr.read()}"
            seen.append(line.rstrip("\n"))
        self.lines += seen
        return seen

    def end(self, number=None):
        """The exit code and what it still said."""
        if number is not None:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=LIMIT)
        self.lines += out.splitlines()
        return self.process.returncode, out, err


def grant(otk, length=20):
    return [knock["value"] for knock in otk.with_grant("--length", str(length))["knocks"]]


def test_rows():
    """watch shows each row as it comes, with what the ledger says about it"""
    with Installation() as otk:
        values = grant(otk)
        with Watch(otk) as watch:
            otk.play_scene_of(values)
            watch.until("number 15")
            lines = [re.sub(r"^\S+ +", "", line) for line in watch.lines if " row " in line]
        expect(watch.lines[0], "watching from row 2 on; Ctrl-C ends it")
        source = "from 192.0.2.7 (unproven)"
        for wanted in (f"row 2  anna/hello  number 19 by udp {source}: accepted", "row 3  anna/hello: row 2: exit 3 in 12 ms",
                       f"row 4  anna/hello  number 19 by udp {source}: contested: the knock of row 2 came again",
                       f"row 5  anna/hello  number 19 by udp {source}: replay of row 2",
                       f"row 6  anna/hello  number 18 by udp {source}: refused: source not allowed",
                       f"row 7  anna/hello  number 16 by udp {source}: accepted, jumped over 1",
                       f"row 8  anna/hello  number 17 by udp {source}: late: a later knock had jumped over it",
                       "row 9  anna/hello: row 7: interrupted",
                       f"row 10  anna/hello  number 15 by udp {source}, named 203.0.113.9: accepted, for 203.0.113.9"):
            expect(lines.count(wanted), 1)
        numbers = [int(line.split()[1]) for line in lines if line.startswith("row ")]
        expect(numbers, list(range(2, 11)))


def test_json():
    """watch --json prints one object in each line"""
    with Installation() as otk:
        values = grant(otk)
        with Watch(otk, "--json") as watch:
            otk.play_scene_of(values)
            watch.until('"number":15')
            objects = [json.loads(line) for line in watch.lines]
        expect((objects[0]["kind"], objects[0]["from"]), ("watching", 2))
        rows = [found for found in objects if "row" in found]
        expect([(row["row"], row["kind"]) for row in rows],
               [(2, "accepted"), (3, "ended"), (4, "contested"), (5, "replay"), (6, "refused"), (7, "accepted"), (8, "late"),
                (9, "interrupted"), (10, "accepted")])
        expect((rows[0]["value"], rows[0]["outcome"], rows[4]["refusal"]), (values[0], "accepted", "source not allowed"))
        expect("end" in rows[0], False)


def test_filters():
    """watch shows only rows of the user and the command that were named"""
    with Installation() as otk:
        values = grant(otk)
        otk.must("user", "add", "bert")
        otk.must("command", "add", "other", "--exec", "--as", "nobody", "--", "/bin/true")
        with Watch(otk) as everything, Watch(otk, "--user", "anna", "--command", "hello") as hers, \
                Watch(otk, "--user", "bert") as his, Watch(otk, "--command", "other") as others:
            otk.play_scene_of(values)
            everything.until("row 10 ")
            hers.until("row 10 ")
            for watch in (his, others):  # it looks once more before it ends
                code, out, err = watch.end(signal.SIGINT)
                expect((code, " row " in out, err), (0, False, ""))
        otk.refused(1, "did you mean 'anna'", "watch", "--user", "ana")
        otk.refused(1, "there is no command", "watch", "--command", "nothing")


def test_rate():
    """watch shows at most --rate lines a second; what is over is counted and said, and nothing is lost from the count"""
    with Installation() as otk:
        values = grant(otk)
        with Watch(otk, "--json", "--rate", "2") as watch:
            otk.play_scene_of(values)
            left_out = shown = 0
            while shown + left_out < 10:  # nine rows, and the line that knockd is not running
                found = json.loads(watch.until("kind")[-1])
                shown += found["kind"] != "left out"
                left_out += found.get("lines", 0)
            assert left_out > 0, watch.lines
            code, out, _ = watch.end(signal.SIGINT)
            expect(code, 0)
            for line in out.splitlines():
                expect("row" in json.loads(line), False)
        for rate in ("0", "-1", "x", "10001"):
            otk.refused(2, "--rate", "watch", "--rate", rate)


def test_arrivals():
    """watch tells what arrives as it changes, from knockd's own counters, also when they begin anew"""
    def arrived(watch):
        return json.loads(watch.until('"arrived"')[-1])

    with Installation() as otk, Daemon(otk, counters={"packets_seen": 100, "noise": 90, "duplicates": 1}) as daemon:
        with Watch(otk, "--json") as watch:
            expect_in("accepts knocks", json.loads(watch.until('"daemon"')[-1])["text"])
            daemon.say(counters={"packets_seen": 150, "noise": 130, "packets_lost": 3, "duplicates": 5})
            found = arrived(watch)
            expect([found[key] for key in ("packets", "noise", "lost", "duplicates")], [50, 40, 3, 4])
            daemon.say(counters={"packets_seen": 7, "noise": 5, "duplicates": 6})
            found = arrived(watch)
            expect([found[key] for key in ("packets", "noise", "lost", "duplicates")], [7, 5, 0, 1])
            daemon.say(acceptance="no ledger")
            expect_in("does not accept", json.loads(watch.until('"daemon"')[-1])["text"])
            os.unlink(f"{otk.dir}/monitor/status.json")
            expect_in("not running", json.loads(watch.until('"daemon"')[-1])["text"])
            daemon.say(acceptance="open", counters={"packets_seen": 2})
            expect(arrived(watch)["packets"], 2)


def test_arrivals_for_people():
    """what arrives is one line for people, too"""
    with Installation() as otk, Daemon(otk, counters={"packets_seen": 1}) as daemon:
        with Watch(otk) as watch:
            watch.until("knockd accepts knocks")
            daemon.say(counters={"packets_seen": 2, "noise": 1})
            expect_in("arrived: 1 packet, 1 of them noise, 0 lost, 0 duplicates", watch.until("arrived")[-1])


def test_ends():
    """watch ends cleanly by Ctrl-C, by kill, and after --for"""
    with Installation() as otk:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with Watch(otk) as watch:
                code, _, err = watch.end(number)
                expect((number, code, err), (number, 0, ""))
        with Watch(otk) as watch:  # a terminal sends it to both processes
            children = children_of(watch.process.pid)
            expect(len(children), 1)
            os.kill(children[0], signal.SIGINT)
            code, _, err = watch.end(signal.SIGINT)
            expect((code, err), (0, ""))
        with Watch(otk, "--for", "1s") as watch:
            code, _, err = watch.end()
            expect((code, err), (0, ""))
        for text in ("0s", "x", "1", "-5s"):
            otk.refused(2, "--for", "watch", "--for", text)


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


def test_leaves_nobody_behind():
    """when watch itself is killed, the process that reads the ledger ends, too"""
    with Installation() as otk:
        with Watch(otk) as watch:
            child, = children_of(watch.process.pid)
            ended = os.pidfd_open(child)
            watch.process.kill()
            expect(select.select([ended], [], [], LIMIT)[0], [ended])
            os.close(ended)


def test_ledger_goes():
    """watch ends with an error when the ledger goes, or another one is put in its place"""
    with Installation() as otk:
        values = grant(otk)
        ledger = f"{otk.dir}/ledger/ledger.db"
        with Watch(otk) as watch:
            shutil.copy(ledger, f"{ledger}.copy")
            if IS_ROOT:
                shutil.chown(f"{ledger}.copy", "nobody")
            os.rename(f"{ledger}.copy", ledger)
            code, _, err = watch.end()
            expect(code, 1)
            expect_in(f"{ledger}: the ledger that was watched is gone", err)
        with Watch(otk) as watch:
            os.unlink(ledger)
            code, _, err = watch.end()
            expect(code, 1)
            expect_in("is gone", err)
        done = otk.run("watch", "--for", "1s")
        expect(done.code, 1)
        expect_in("the ledger is missing", done.err)
        assert values


def test_closed_pipe():
    """watch into a program that reads no further ends as quietly as others do"""
    with Installation() as otk:
        values = grant(otk)
        with Watch(otk) as watch:
            watch.process.stdout.close()
            otk.play_scene_of(values)
            expect(watch.process.wait(timeout=LIMIT), -signal.SIGPIPE)
            expect(watch.process.stderr.read(), "")
            watch.process.stdout = open(os.devnull, encoding="ascii")  # for communicate


run_all(globals())
