"""grant add, set and show: days and hours, rates, and doors that are claimed."""

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from harness import CALLER, Installation, expect, expect_in, run_all

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def with_door(otk, *options):
    """A grant for a forwarding door."""
    otk.must("user", "add", "anna")
    otk.must("command", "add", "door", "--forward", "127.0.0.1:22", "--hold", "60s")
    otk.must("grant", "add", "anna", "door", "--generate", "--length", "5", *options)


def rules(otk, command="hello"):
    return otk.must("grant", "show", "anna", command, "--json").json()["rules"]


def text(otk, command="hello"):
    return otk.must("grant", "show", "anna", command).out


def test_hours():
    """hours are spans of the week, given at once or one by one, shown with their time zone, and cleared"""
    with Installation() as otk:
        otk.with_grant("--hours", "mon-fri 08:00-18:00; sat 10:00-12:00", "--hours", "daily 22:00-06:00", "--zone",
                       "Europe/Berlin")
        expect((rules(otk)["hours"], rules(otk)["time_zone"]),
               (["mon-fri 08:00-18:00", "sat 10:00-12:00", "daily 22:00-06:00"], "Europe/Berlin"))
        expect_in("Europe/Berlin", text(otk))
        expect_in("mon-fri 08:00-18:00, sat 10:00-12:00, daily 22:00-06:00 Europe/Berlin", otk.must("grant", "list").out)
        otk.must("grant", "set", "anna", "hello", "--zone", "America/New_York")
        expect((len(rules(otk)["hours"]), rules(otk)["time_zone"]), (3, "America/New_York"))
        otk.must("grant", "set", "anna", "hello", "--hours", "mon")
        expect((rules(otk)["hours"], rules(otk)["time_zone"]), (["mon"], "America/New_York"))
        otk.must("grant", "set", "anna", "hello", "--hours", "any")
        expect((rules(otk)["hours"], rules(otk)["time_zone"]), ([], None))
        otk.must("grant", "set", "anna", "hello", "--hours", "tue")  # the zone went with the hours
        expect((rules(otk)["hours"], rules(otk)["time_zone"]), (["tue"], "UTC"))
        otk.must("grant", "set", "anna", "hello", "--zone", "Asia/Tokyo")
        otk.must("grant", "set", "anna", "hello", "--zone", "UTC")
        expect(rules(otk)["time_zone"], "UTC")


def test_bad_hours():
    """hours and zones that cannot be are refused with an example"""
    with Installation() as otk:
        otk.with_grant()
        for spec in ("", "mon 08:00", "08:00-25:00", "xyz", "mon-fri", "mon 08:00-18:00;", "08:00-18:00, mon"):
            if otk.run("grant", "set", "anna", "hello", "--hours", spec).code == 0:
                expect(spec, "mon-fri")  # days alone are whole days
                otk.must("grant", "set", "anna", "hello", "--hours", "any")
                continue
            otk.refused(2, "mon-fri 08:00-18:00", "grant", "set", "anna", "hello", "--hours", spec)
        otk.refused(2, "32 is the most", "grant", "set", "anna", "hello", "--hours", ";".join(["mon"] * 33))
        otk.refused(2, "there are no --hours", "grant", "set", "anna", "hello", "--zone", "Europe/Berlin")
        for zone in ("Europe/Bern", "CEST+", "../../etc/passwd", "", "/etc/localtime"):
            otk.refused(2, "no time zone", "grant", "set", "anna", "hello", "--hours", "mon", "--zone", zone)


def test_both_clocks():
    """grant show tells what time it is where the hours are meant, and in UTC"""
    with Installation() as otk:
        otk.with_grant("--hours", "daily 00:00-24:00", "--zone", "Asia/Kathmandu")
        before = datetime.now(timezone.utc)
        line = next(line for line in text(otk).splitlines() if line.startswith("now:"))
        after = datetime.now(timezone.utc)
        there = {moment.astimezone(ZoneInfo("Asia/Kathmandu")).strftime("%a %H:%M") for moment in (before, after)}
        expect(any(each in line for each in there), True)
        expect(any(f"{moment:%Y-%m-%dT%H:%M}" in line for moment in (before, after)), True)
        expect_in("Asia/Kathmandu", line)
        expect_in("within the hours", line)


def test_state_outside_hours():
    """a listing and explain say that the hours would refuse a knock now"""
    with Installation() as otk:
        added = otk.with_grant("--hours", "daily 00:00-24:00", "--zone", "Europe/Berlin")
        value = added["knocks"][0]["value"]
        expect_in("it would be looked at", otk.must("explain", value).out)
        today = datetime.now(ZoneInfo("Europe/Berlin"))
        # Neither today nor the days beside it: the test may run over midnight.
        others = [DAYS[(today + timedelta(days=days)).weekday()] for days in (2, 3, 4, 5)]
        otk.must("grant", "set", "anna", "hello", "--hours", ",".join(others))
        expect(otk.must("grant", "list", "--json").json()[0]["state"], "outside hours")
        expect_in("outside the hours", text(otk))
        expect_in("refused if it came now: outside hours", otk.must("explain", value).out)


def test_rates():
    """rates are numbers of knocks, shown and cleared"""
    with Installation() as otk:
        otk.with_grant("--per-hour", "5", "--per-day", "20")
        expect((rules(otk)["per_hour"], rules(otk)["per_day"]), (5, 20))
        expect_in("5 an hour, 20 a day", text(otk))
        expect_in("at most 5 an hour, 20 a day", otk.must("grant", "list").out)
        otk.must("grant", "set", "anna", "hello", "--per-hour", "any")
        expect((rules(otk)["per_hour"], rules(otk)["per_day"]), (None, 20))
        for option in ("--per-hour", "--per-day"):
            otk.refused(2, "would refuse every knock", "grant", "set", "anna", "hello", option, "0")
            for value in ("-1", "x", "", "1.5", "1000001"):
                otk.refused(2, option, "grant", "set", "anna", "hello", option, value)


def test_claim():
    """a door may be claimed by the first that connect; only a forwarding door"""
    with Installation() as otk:
        with_door(otk, "--address", "claim", "--claims", "3")
        expect((rules(otk, "door")["address"], rules(otk, "door")["claims"]), ("claim", 3))
        expect_in("the first 3 addresses that connect", text(otk, "door"))
        otk.must("grant", "set", "anna", "door", "--claims", "1")
        expect(rules(otk, "door")["claims"], 1)
        expect_in("the first address that connects", text(otk, "door"))
        otk.must("grant", "set", "anna", "door", "--claims", "4")
        otk.must("grant", "set", "anna", "door", "--address", "source")
        expect(rules(otk, "door")["claims"], None)
        otk.must("grant", "set", "anna", "door", "--address", "claim")
        expect(rules(otk, "door")["claims"], 1)
        for claims in ("0", "5", "x", ""):
            otk.refused(2, "--claims", "grant", "set", "anna", "door", "--claims", claims)
        otk.refused(2, "--address is not claim", "grant", "set", "anna", "door", "--address", "source", "--claims", "2")


def test_claim_of_what_is_no_door():
    """commands of other kinds cannot be claimed"""
    with Installation() as otk:
        otk.with_grant()
        otk.must("command", "add", "ssh", "--open", "22/tcp", "--hold", "60s")
        otk.must("command", "add", "let-in", "--exec", "--as", CALLER, "--", "/bin/echo", "{address}")
        for command in ("hello", "ssh", "let-in"):
            verb = ("set",) if command == "hello" else ("add", "--generate")
            otk.refused(2, "--address claim is for forwarding doors", "grant", *verb, "anna", command, "--address", "claim")


def test_rules_that_nobody_can_fulfil():
    """rules by which every knock would be refused are refused themselves"""
    with Installation() as otk:
        with_door(otk)
        otk.refused(2, "every knock would be refused", "grant", "set", "anna", "door", "--carriers", "dns")
        for rule in ("source", "named", "claim"):
            otk.must("grant", "set", "anna", "door", "--carriers", "dns", "--address", rule)
        tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
        not_then = ",".join(DAYS[(tomorrow.weekday() + days) % 7] for days in (3, 4, 5))
        otk.refused(2, "no time is within the hours", "grant", "set", "anna", "door", "--hours", not_then,
                    "--not-before", f"{tomorrow:%Y-%m-%d}", "--expires", f"{tomorrow + timedelta(days=1):%Y-%m-%d}")
        otk.must("grant", "set", "anna", "door", "--hours", not_then, "--expires", "14d")


run_all(globals())
