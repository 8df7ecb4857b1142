"""log and explain: doors and undos, from their knock to their end, and rows that were removed after their time."""

import re
from datetime import datetime, timezone

from harness import Installation, expect, expect_in, run_all

UTC = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def outcomes(otk):
    return {row["row"]: row["outcome"] for row in otk.must("log", "--json").json() if row["kind"] not in ("created",)}


def rows_by_number(otk):
    """The knocks of the log by their numbers on the sheet."""
    return {row["number"]: row for row in otk.must("log", "--json").json() if "value" in row}


def test_log_of_doors():
    """the log says which door a knock opened, until when it is open, and why it ended"""
    with Installation() as otk:
        otk.play_scene("doors")
        rows = rows_by_number(otk)
        expect(rows[19]["outcome"], "opened 22/tcp for 192.0.2.7/32 for 60 s")
        expect((rows[19]["hold"], rows[19]["over"]["kind"], rows[19]["over"]["text"]),
               (None, "closed", "its time was over"))
        # The door of the second knock was prolonged by the third: both tell its deadline.
        expect(bool(re.fullmatch(f"opened 22/tcp for 192.0.2.7/32 for 60 s, until {UTC}", rows[18]["outcome"])), True)
        expect(bool(re.fullmatch(f"prolonged 22/tcp for 192.0.2.7/32 for 60 s, until {UTC}", rows[17]["outcome"])), True)
        expect(rows[18]["hold"], rows[17]["hold"])
        expect(rows[18]["hold"]["row"], rows[18]["row"])
        expect(datetime.fromisoformat(rows[18]["hold"]["until"]) > datetime.now(timezone.utc), True)
        closed = [row for row in otk.must("log", "--json").json() if row["kind"] == "closed"]
        expect([(row["of"], row["user"], row["command"], row["outcome"]) for row in closed],
               [(rows[19]["row"], "anna", "hello", f"row {rows[19]['row']} closed: its time was over")])


def test_log_of_undos():
    """the log says what was undone, why and how that ended, and what is still to be undone"""
    with Installation() as otk:
        otk.play_scene("doors")
        rows = rows_by_number(otk)
        expect(rows[16]["over"]["end"]["status"], 7)
        expect((rows[15]["over"]["kind"], rows[15]["over"]["end"]), ("undo", None))
        undos = [row for row in otk.must("log", "--json").json() if row["kind"] == "undo"]
        expect([row["outcome"] for row in undos],
               [f"row {rows[16]['row']} undone: exit 7 in 12 ms (revoked)",
                f"row {rows[15]['row']} undone: running (its time was over)"])
        expect((undos[0]["end"]["outcome"], undos[1]["end"]), ("exited", None))
        expect_in("gone again", otk.must("log", "--output", str(undos[0]["row"])).out)
        expect(rows[14]["hold"]["row"], rows[14]["row"])


def test_log_of_other_ends():
    """refusals by the monitor, closing knocks, doors that could not be opened and moved chains have their words"""
    with Installation() as otk:
        otk.play_scene("doors")
        rows = rows_by_number(otk)
        expect(rows[13]["outcome"], "refused: outside hours: Sat 17:30 CET, 2026-11-21T16:30:00Z")
        expect(rows[12]["outcome"], "closed 2 doors")
        expect(rows[11]["outcome"], "not started: there is no table inet filter")
        expect(rows[10]["outcome"], "refused: too many an hour")
        expect((rows[8]["kind"], "carrier" in rows[8], "source" in rows[8]), ("resynced", False, False))
        text = otk.must("log").out
        expect(bool(re.search(r"anna +hello +- +8 +- +moved forward by root, request 3, jumped over 1\n", text)), True)


def test_explain_doors():
    """explain says whether the door is still open, and what came after"""
    with Installation() as otk:
        values, _ = otk.play_scene("doors")
        def explained(number):
            return otk.must("explain", values[19 - number]).out
        expect(bool(re.search(f"opened 22/tcp .*\n  closed at {UTC} \\(row \\d+\\): its time was over\n",
                              explained(19))), True)
        expect(bool(re.search(f"\n  still open until {UTC}\n", explained(18))), True)
        expect(bool(re.search(f"\n  lasts until {UTC}\n", explained(17))), True)
        expect(bool(re.search(f"\n  undone at {UTC} \\(row \\d+\\): exit 7 in 12 ms: revoked\n", explained(16))), True)
        expect(bool(re.search(f"\n  undone at {UTC} \\(row \\d+\\): running: its time was over\n", explained(15))), True)
        expect(bool(re.search(f"\n  its time was over at {UTC}; a running knockd", explained(14))), True)


def test_explain_refusals():
    """explain tells the rule that refused, with both clocks where hours did"""
    with Installation() as otk:
        values, _ = otk.play_scene("doors")
        text = otk.must("explain", values[19 - 13]).out
        for part in ("Sat 17:30 CET", "2026-11-21T16:30:00Z", "hours"):
            expect_in(part, text)
        expect(len(text.splitlines()) >= 4, True)  # the rule has a line of its own
        expect(otk.must("explain", values[19 - 10], "--json").json()["verdict"], "refused")
        resynced = otk.must("explain", values[19 - 8], "--json").json()
        expect(resynced["verdict"], "resynced")
        expect("unproven" in otk.must("explain", values[19 - 8]).out, False)


def test_verify_of_a_pruned_ledger():
    """a ledger whose old rows were removed verifies from the oldest that is left on, and says so"""
    with Installation() as otk:
        otk.play_scene("pruned")
        verified = otk.must("log", "--verify", "--json").json()
        numbers = [row["row"] for row in otk.must("log", "--json", "--last", "all").json()]
        expect((verified["whole"], verified["first_row"]), (True, 5))
        expect(min(numbers) >= 5, True)
        for part in (f"whole from row 5 on: {verified['rows']} rows", "rows up to 4 were removed"):
            expect_in(part, otk.must("log", "--verify").out)
    with Installation() as otk:
        otk.play_scene()
        expect(otk.must("log", "--verify", "--json").json()["first_row"], 1)
        expect("removed" in otk.must("log", "--verify").out, False)


run_all(globals())
