#!/usr/bin/python3
"""What knockd counts is what was sent: in `knockmgr status --json` and in the file for Prometheus alike."""

import json
import os
import signal

from otk_e2e import dns, dynamic, metrics, packets, tap, wait, world
from otk_e2e.installation import ZONE

FLOOD = 300  # packets a second
RUNNING = 2  # commands at once

# Key of status --json -> metric.
CAPTURE = {"packets_seen": "otk_packets_seen_total", "packets_lost": "otk_packets_dropped_total",
           "unread": "otk_packets_malformed_total", "noise": "otk_packets_noise_total", "hits": "otk_packets_hit_total",
           "held_back": "otk_packets_held_back_total", "switches": "otk_capture_switches_total",
           "dns_answered": "otk_dns_answers_total", "dns_not_answered": "otk_dns_unanswered_total",
           "syns": "otk_packets_syn_total", "asked": "otk_dynamic_questions_total", "replied": "otk_dynamic_answers_total"}
VALIDATE = {"spent": "otk_knocks_spent_total", "commits": "otk_ledger_commits_total",
            "largest_batch": "otk_ledger_largest_batch", "duplicates": "otk_duplicates_total",
            "replays": "otk_replays_total", "late": "otk_late_knocks_total", "not_spent": "otk_knocks_not_spent_total",
            "stale": "otk_stale_hits_total", "not_signed": "otk_knocks_not_signed_total",
            "signature_checks": "otk_signature_checks_total", "exchanges": "otk_key_exchanges_total"}
KNOCKD = {"accepted": "otk_knocks_honoured_total", "refused": "otk_knocks_refused_total",
          "contested": "otk_knocks_contested_total", "not_started": "otk_commands_not_started_total",
          "child_crashes": "otk_helper_crashes_total", "deaf_ms": "otk_capture_down_milliseconds_total",
          "floods": "otk_floods_total", "alerts_raised": "otk_alerts_total",
          "alerts_held_back": "otk_alerts_held_back_total", "guard_losses": "otk_guard_lost_total"}
JUDGED = ("spent", "duplicates", "replays", "late", "not_spent", "stale", "not_signed")  # each hit is one of these
COUNTERS = {**CAPTURE, **VALIDATE, **KNOCKD}
GAUGES = {"grants": "otk_grants", "commands_running": "otk_commands_running", "commands_waiting": "otk_commands_waiting",
          "hits_waiting": "otk_hits_waiting", "messages_waiting": "otk_messages_waiting", "ends_waiting": "otk_ends_waiting",
          "alerts_waiting": "otk_alerts_waiting", "doors": "otk_doors", "requests_waiting": "otk_dynamic_requests_waiting",
          "requests_open": "otk_dynamic_requests_open", "few_left": "otk_grants_few_left", "exhausted": "otk_grants_exhausted",
          "ledger_failing": "otk_ledger_failing", "guard_wanted": "otk_guard_wanted", "guard_armed": "otk_guard_armed"}
OF_OUR_OWN = {"otk_up", "otk_accepting", "otk_start_time_seconds", "otk_flood"}


class CountingWorld(world.World):
    def __init__(self, undo):
        super().__init__(undo, start=False)
        self.folder = f"{self.installation.directory}/textfile"
        os.mkdir(self.folder)
        self.file = f"{self.folder}/otk.prom"
        self.configure(self.file)
        self.wire = packets.Wire(undo, self.client, self.server)
        self.other = self.network.host("other")
        self.malformed_sent = 0
        # What is counted is what the test sends: systems with IPv6 tell each other which groups they listen to, in
        # packets with a header of hop-by-hop options, which knockd looks into.
        self.network.without_ipv6()
        self.daemon.start()

    def configure(self, file):
        self.installation.configure({**world.CONFIGURATION, "metrics": {"file": file}, "alerts": {"flood": FLOOD},
                                     "dynamic": {"enabled": True},
                                     "limits": {"running_commands": RUNNING}})

    def reload(self):
        begin = self.daemon.log_size()
        self.daemon.process.send_signal(signal.SIGHUP)
        self.daemon.wait_for_log("knockd: ready", begin)

    def status(self):
        return json.loads(self.installation.knockmgr("status", "--json"))["daemon"]

    def metrics(self):
        with open(self.file, encoding="ascii") as file:
            return metrics.read(file.read())

    def quiet_counters(self):
        """The counters when all that was sent is in them, and what validate heard from capture is accounted for. They come
        once a second, so one more packet of a kind that is counted by itself is sent behind all others; each such packet was
        waited for, or is known to be one of many, so that none is taken for another."""
        self.malformed()

        def settled():
            counters = self.status()["counters"]
            judged = sum(counters[key] for key in JUDGED)
            return counters["unread"] >= self.malformed_sent and counters["hits"] == judged and counters

        counters = wait.until(settled, lambda: f"the counters settle: {self.status()}")
        assert counters["unread"] == self.malformed_sent, counters
        parts = ("unread", "noise", "hits", "held_back", "syns", "asked")
        assert counters["packets_seen"] == sum(counters[key] for key in parts), counters
        return counters

    def noise(self):
        self.knock_udp(os.urandom(16))

    def malformed(self):
        """UDP's header ends behind the ports."""
        self.malformed_sent += 1
        whole = packets.udp_message(b"", 62201)
        self.wire.send(packets.IPV4, packets.ipv4_packet(self.client.ipv4, self.server.ipv4, packets.UDP, whole[:4]))

    def spend(self, right):
        """The next knock, sent once."""
        value = right.chain.next()
        self.knock_udp(value)
        wait.until(lambda: any(row["number"] == right.chain.count for row in right.rows()), "the knock is in the ledger")
        return value

    def again(self, value, times, host=None):
        """A known value, slowly: capture reports one a second of the same value and source."""
        for _ in range(times):
            self.clock.advance(2)
            self.knock_udp(value, host=host)
            self.quiet_counters()


suite = tap.Suite(CountingWorld)


@suite.case("dynamic mode: SYNs, questions and answers are counted, and how its requests stand is shown")
def of_dynamic_mode(w):
    access = dynamic.access_to(w, "127.0.0.1:22")
    w.right()  # in force by now
    w.settle()
    before = w.quiet_counters()
    talked = dynamic.Conversation(w, dynamic.request(access, address=w.client.ipv4))
    talked.send(talked.request.packet)
    wait.until(lambda: access.rows("accepted"), "the request is accepted")

    def shown(waiting, standing_open):
        status, found = w.status(), w.metrics()
        return ((status["requests_waiting"], status["requests_open"]) == (waiting, standing_open) and
                (found["otk_dynamic_requests_waiting"], found["otk_dynamic_requests_open"]) == (waiting, standing_open))

    wait.until(lambda: shown(1, 0), lambda: f"it waits: {w.status()}")
    talked.syns()
    talked.syns(slice(0, 2), sequence_by=1)
    wait.until(lambda: dynamic.outcomes(access) == ["opened"], "its door is open")
    wait.until(lambda: shown(0, 1), lambda: f"it is open: {w.status()}")
    for number in range(3):
        talked.send(talked.request.ask())
        wait.until(lambda: talked.answers(), f"answer {number}")
    talked.send(talked.request.ask(counter=1))  # counted, and not answered
    talked.send(os.urandom(16) + talked.request.ask()[16:])  # of no request
    packets.send_udp(w.client, w.server.ipv4, os.urandom(16) + talked.request.packet[16:])  # of no chain
    after = w.quiet_counters()

    expected = {"packets_seen": 1 + 5 + 4 + 2 + 1, "unread": 1, "noise": 2, "hits": 1, "syns": 5, "asked": 4, "replied": 3,
                "spent": 1, "commits": 1, "accepted": 1, "signature_checks": 1, "exchanges": 1}
    grown = {key: after[key] - before[key] for key in COUNTERS if key != "largest_batch"}
    assert grown == {**dict.fromkeys(grown, 0), **expected}, grown

    old = talked.request.ask(counter=1)
    for _ in range(200):  # in less than a second, or in a few
        talked.send(old)
    later = w.quiet_counters()
    asked, held_back = (later[key] - after[key] for key in ("asked", "held_back"))
    assert asked + held_back == 200 and held_back > 0 and later["replied"] == after["replied"], later
    door = json.loads(w.installation.knockmgr("doors", "--json"))[0]
    w.installation.knockmgr("doors", "close", str(door["row"]), "--yes")
    wait.until(lambda: shown(0, 0), lambda: f"it is over: {w.status()}")


@suite.case("the counters are what was sent, each by its name, in status --json and in the metrics file")
def counted(w):
    right, disabled = w.right(), w.right()
    w.installation.knockmgr("grant", "disable", disabled.user, disabled.command)
    w.right()  # in force by now
    w.settle()
    before = w.quiet_counters()

    values = [w.spend(right) for _ in range(5)]
    w.again(values[4], 4)
    jumped = right.chain.skip(2)
    w.spend(right)
    for value in jumped:
        w.again(value, 1)
    for _ in range(3):
        w.spend(disabled)
    w.clock.advance(121)
    for value in values[:3]:
        w.again(value, 2)
    w.again(right.chain.current, 1, w.other)
    fresh = w.spend(right)
    w.again(fresh, 1, w.other)
    for _ in range(7):
        w.noise()
        packets.send_echo(w.client, w.server.ipv4, os.urandom(16))
    for _ in range(6):
        w.malformed()
    for number in range(4):
        with dns.send(w.client, w.server.ipv4, dns.question(f"www{number}.{ZONE}")) as asker:
            asker.settimeout(wait.DEADLINE)
            asker.recv(65535)
    after = w.quiet_counters()

    fences = 4 + 2 + 6 + 1 + 1 + 1  # a malformed packet for each time that again() looked, and the last one
    known = 4 + 2 + 6 + 1 + 1
    knocks = 5 + 1 + 3 + 1
    expected = {"packets_seen": knocks + known + fences + 14 + 6 + 4, "unread": fences + 6, "noise": 14 + 4,
                "hits": knocks + known, "dns_answered": 4, "spent": knocks, "duplicates": 4 + 1, "replays": 6 + 1, "late": 2,
                "accepted": 7, "refused": 3, "contested": 1}
    grown = {key: after[key] - before[key] for key in COUNTERS if key not in ("commits", "largest_batch")}
    assert grown == {**dict.fromkeys(grown, 0), **expected}, grown
    commits = after["commits"] - before["commits"]
    assert 1 <= commits <= knocks + known and 1 <= after["largest_batch"] <= after["hits"], after

    names = {COUNTERS[key]: value for key, value in after.items()}
    wait.until(lambda: w.metrics().items() >= names.items(), lambda: f"the file has {names}: {w.metrics()}")


@suite.case("each counter and gauge of status --json is in the file, and nothing else but what concerns knockd itself")
def complete(w):
    status, found = w.status(), w.metrics()
    assert set(status["counters"]) == set(COUNTERS), status
    assert GAUGES.keys() <= status.keys(), status
    assert set(found) == set(COUNTERS.values()) | set(GAUGES.values()) | OF_OUR_OWN, found
    assert (found["otk_up"], found["otk_accepting"], found["otk_flood"]) == (1, 1, 0), found
    assert os.stat(w.file).st_mode & 0o7777 == 0o644
    assert os.listdir(w.folder) == ["otk.prom"], os.listdir(w.folder)


@suite.case("a burst of one known value is counted packet by packet, though not judged so")
def burst(w):
    right = w.right()
    w.spend(right)
    before = w.quiet_counters()
    for _ in range(200):
        w.knock_udp(right.chain.current)
    after = w.quiet_counters()
    duplicates, held_back = (after[key] - before[key] for key in ("duplicates", "held_back"))
    assert duplicates + held_back == 200 and held_back > 0, (before, after)
    assert after["unread"] - before["unread"] == 1 and after["packets_seen"] - before["packets_seen"] == 201, (before, after)


@suite.case("commands that run and that wait are shown while they do")
def queues(w):
    script = f'echo run >> "$0"; while [ ! -e {w.folder}.go ]; do sleep 0.05; done'
    first, second = (w.right(script=script) for _ in range(RUNNING))
    for right in (first, first, second):
        w.spend(right)

    def shown(running, waiting):
        status, found = w.status(), w.metrics()
        return ((status["commands_running"], status["commands_waiting"]) == (running, waiting) and
                (found["otk_commands_running"], found["otk_commands_waiting"]) == (running, waiting))

    wait.until(lambda: shown(RUNNING, 3), lambda: f"the queue is shown: {w.status()}, {w.metrics()}")
    assert "3 commands that wait to be run" in w.installation.knockmgr("status")
    with open(f"{w.folder}.go", "wb"):
        pass
    wait.until(lambda: shown(0, 0), lambda: f"the queue is empty: {w.status()}, {w.metrics()}")
    assert "queues:         empty" in w.installation.knockmgr("status")


@suite.case("a flood is in the journal and in the counters though no alert program is configured")
def flood(w):
    begin = w.daemon.log_size()

    def send(what):
        for _ in range(FLOOD):
            w.noise()
        return what in w.daemon.log(begin)

    wait.until(lambda: send("knockd: flood-begun: "), "a flood is told")
    line = next(line for line in w.daemon.log(begin).splitlines() if "flood-begun" in line)
    assert "packets a second are no knock: " in line and f"[alerts] flood is {FLOOD}" in line, line
    wait.until(lambda: w.metrics()["otk_flood"] == 1 and w.metrics()["otk_floods_total"] == 1, "the flood is in the file")
    assert "YES" in w.installation.knockmgr("status")
    w.daemon.wait_for_log("knockd: flood-ended: ", begin)
    wait.until(lambda: w.metrics()["otk_flood"] == 0 and w.metrics()["otk_floods_total"] == 1, "its end is in the file")


@suite.case("a helper that is started again counts from zero, and the crash is counted")
def crash(w):
    before = w.status()
    os.kill(w.daemon.helper("knockd-capture"), signal.SIGKILL)
    wait.until(lambda: w.status()["capture_started"] != before["capture_started"], "capture is started again")
    right = w.right()
    w.settle()
    after = wait.until(lambda: w.status()["counters"]["packets_seen"] > 0 and w.status(), "capture counts again")
    assert after["counters"]["packets_seen"] < before["counters"]["packets_seen"], after
    assert after["counters"]["child_crashes"] == before["counters"]["child_crashes"] + 1, after
    assert after["counters"]["accepted"] > before["counters"]["accepted"], after
    assert after["validate_started"] == before["validate_started"] and len(right.runs()) >= 1, after


@suite.case("another file from a reload on; a folder that is missing is told, and when it is there again")
def elsewhere(w):
    folder = f"{w.installation.directory}/elsewhere"
    begin = w.daemon.log_size()
    w.configure(f"{folder}/new.prom")
    assert "WARNING  metrics file" in w.installation.call("knockd", "--check"), "knockd --check warns of it"
    w.reload()
    wait.until(lambda: os.listdir(w.folder) == [], "the former file is gone")
    w.daemon.wait_for_log("the metrics are not written: ", begin)
    w.right()  # knocks work without them
    os.mkdir(folder)
    assert "ok       metrics file" in w.installation.call("knockd", "--check")
    w.daemon.wait_for_log(f"the metrics are written to {folder}/new.prom again", begin)
    assert w.daemon.log(begin).count("the metrics are ") == 2, w.daemon.log(begin)
    w.file = f"{folder}/new.prom"
    assert w.metrics()["otk_up"] == 1
    w.configure("")
    w.reload()
    wait.until(lambda: os.listdir(folder) == [], "no file where none is wanted")


@suite.case("a link in the file's place is replaced and not followed; at the orderly end the file goes")
def end(w):
    w.file = f"{w.folder}/otk.prom"
    kept = f"{w.installation.directory}/kept"
    with open(kept, "w", encoding="ascii") as file:
        file.write("kept")
    os.symlink(kept, w.file)
    w.configure(w.file)
    w.reload()
    wait.until(lambda: not os.path.islink(w.file), "the link is replaced")
    assert w.metrics()["otk_up"] == 1
    assert w.daemon.stop() == 0
    assert os.listdir(w.folder) == [], os.listdir(w.folder)
    with open(kept, encoding="ascii") as file:
        assert file.read() == "kept"


if __name__ == "__main__":
    suite.main()
