"""status, on a history that scene.cpp wrote and on what knockd says of itself."""

import glob
import json
import os
import time

from harness import Daemon, Installation, expect, expect_in, run_all


def status(otk, code):
    done = otk.run("status", "--json")
    expect(done.code, code)
    return json.loads(done.out)


def test_status():
    """status counts, knows the ledger, and lists chains that run out"""
    with Installation() as otk:
        otk.play_scene(length=16)
        found = status(otk, 1)
        expect((found["running"], found["accepting"], found["daemon"]), (False, False, None))
        expect((found["users"], found["commands"], found["grants"]), (1, 1, 1))
        expect((found["ledger"]["readable"], found["ledger"]["id_matches_policy"]), (True, True))
        expect(found["few_knocks_left"], [{"user": "anna", "command": "hello", "knocks_left": 10}])
        expect_in("not running", otk.run("status").out)


def test_status_of_a_dead_daemon():
    """a status file that its writer left behind is not taken for a running daemon"""
    with Installation() as otk:
        def write(text):
            with open(f"{otk.dir}/monitor/status.json", "w", encoding="utf-8") as file:
                file.write(text)
        for pid in (os.getpid(), 2**22 + 1, -1, 0, "x"):
            write(json.dumps({"pid": pid, "started": "2026-11-21T19:00:00Z", "acceptance": "open"}))
            expect(status(otk, 1)["running"], False)
        expect_in("ended without a word", otk.run("status").out)
        write("{ not json")
        expect(status(otk, 1)["running"], False)
        expect_in("not what knockd writes", otk.run("status").out)


def fields_of(text):
    """Name -> the lines under it, of what `status` prints for people."""
    fields, name = {}, None
    for line in text.splitlines():
        if not line.startswith(" "):
            name, line = line.split(":", 1)
            fields[name] = []
        fields[name].append(line.strip())
    return fields


def test_status_counters():
    """status shows the counters by names that people understand, in columns, and since when they count"""
    with Installation() as otk:
        counters = {"packets_seen": 120041, "dns_not_answered": 42, "packets_lost": 0, "late": 40, "accepted": 43, "refused": 7,
                    "alerts_raised": 44, "floods": 2}
        with Daemon(otk, counters=counters, doors=3, guard="armed", flood=True, commands_running=5, commands_waiting=0,
                    capture_started="2026-11-21T19:00:01Z"):
            found, text = status(otk, 0), otk.must("status").out
        expect((found["running"], found["accepting"], found["daemon"]["counters"]["dns_not_answered"]), (True, True, 42))
        says = fields_of(text)
        expect(says["packets"], ["since 2026-11-21T19:00:01Z (knockd-capture)", "120041  seen",
                                 "0  dropped by the kernel for want of room", "42  DNS questions not answered"])
        expect_in("\n                120041  seen\n                     0  dropped", text)
        expect(says["values"], ["since knockd-validate started", "40  late: jumped over by a later one"])
        expect(says["knocks"], ["since 2026-11-21T19:00:00Z (knockd)", "43  honoured", "7  refused"])
        expect(says["doors"], ["3 open or waiting to be undone"])
        expect(says["commands"], ["5 running"])
        expect(says["guard"], ["armed"])
        expect(says["flood"], ["YES: more packets a second than [alerts] flood that are no knock; 2 since 2026-11-21T19:00:00Z"])
        expect(says["alerts"], ["44 raised, unknown held back"])
        expect(says["lost"], ["nothing since 2026-11-21T19:00:01Z"])
        expect(says["queues"], ["empty"])


def test_status_of_a_daemon_that_hangs():
    """a daemon that has not been heard for long is told, whatever it said last"""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = file.read().strip()
    now = lambda: int(time.monotonic() * 1000)
    with Installation() as otk, Daemon(otk, boot=boot, written=now()) as daemon:
        found = status(otk, 0)
        expect((found["running"], found["accepting"], found["silent_for"]), (True, True, None))
        daemon.say(written=now() - 3_600_000)
        found = status(otk, 1)
        expect((found["running"], found["accepting"]), (True, False))
        assert 3600 <= found["silent_for"] < 4000, found["silent_for"]
        done = otk.run("status")
        expect(done.code, 1)
        expect_in(f"NOT HEARD for {found['silent_for'] // 100}", done.out)
        expect_in("monitor/status.json", done.out)
        daemon.say(written=now() + 3_600_000)  # no reason to say anything
        expect(status(otk, 0)["silent_for"], None)
        daemon.say(written=1, boot="of an earlier boot")
        expect(status(otk, 0)["silent_for"], None)


def test_status_of_losses():
    """what was lost and what waits is told before all counters, by how much and since when"""
    with Installation() as otk:
        counters = {"packets_seen": 9900, "packets_lost": 100, "not_spent": 1}
        with Daemon(otk, counters=counters, capture_started="2026-11-21T19:00:01Z", commands_waiting=3, hits_waiting=0,
                    ends_waiting=12):
            says = fields_of(otk.must("status").out)
        expect(says["lost"], ["100 of 10000 packets (1.00 %) since 2026-11-21T19:00:01Z; a knock among them must be sent again",
                              "and 1 knock could not be spent since knockd-validate started: look into the journal"])
        expect(says["queues"], ["3 commands that wait to be run", "12 ends of commands not yet in the ledger"])


def test_status_of_an_older_daemon():
    """what knockd does not say is not known, and nothing is made up for it"""
    with Installation() as otk:
        with Daemon(otk):
            says = fields_of(otk.must("status").out)
        for name in ("flood", "lost", "queues", "guard"):
            expect(says[name], ["unknown"])
        expect(says["doors"], ["unknown open or waiting to be undone"])
        expect(says["alerts"], ["unknown raised, unknown held back"])


def test_status_of_few_knocks():
    """which grants run out is decided by few_left of the configuration"""
    with Installation("[alerts]\nfew_left = 3\n") as otk:
        otk.with_grant("--length", "5")
        otk.with_grant("--length", "4", user="bert", command="other")
        expect([(grant["user"], grant["knocks_left"]) for grant in status(otk, 1)["few_knocks_left"]], [("bert", 3)])


def test_status_of_time_zones():
    """the server's time zone is shown, and grants whose zone this system does not know"""
    with Installation() as otk:
        otk.with_grant("--hours", "mon-fri 08:00-18:00", "--zone", "Europe/Berlin")
        otk.with_grant("--hours", "mon-fri 08:00-18:00", user="bert", command="other")
        link = os.path.realpath("/etc/localtime")
        zone = status(otk, 1)["time_zone"]
        expect(zone is None or link.endswith(zone) or os.path.islink("/etc/localtime"), True)
        expect(status(otk, 1)["time_zone_not_known"], [])
        os.mkdir(f"{otk.base}/no-zones")
        done = otk.run("status", "--json", environment={"TZDIR": f"{otk.base}/no-zones"})
        expect(done.json()["time_zone_not_known"], [{"user": "anna", "command": "hello"}])
        expect_in("REFUSED always", otk.run("status", environment={"TZDIR": f"{otk.base}/no-zones"}).out)


def test_status_of_a_foreign_ledger():
    """a ledger of another installation is noticed"""
    with Installation() as otk, Installation() as other:
        os.replace(f"{other.dir}/ledger/ledger.db", f"{otk.dir}/ledger/ledger.db")
        for left in glob.glob(f"{otk.dir}/ledger/ledger.db-*"):
            os.unlink(left)
        expect(status(otk, 1)["ledger"]["id_matches_policy"], False)
        expect(otk.run("log", "--verify").code, 1)


run_all(globals())
