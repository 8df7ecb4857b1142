#!/usr/bin/python3
"""The rules of a grant, by real knocks: hours by the clocks of a time zone, so many an hour or a day, who may claim a door.
A rule that refuses spends the knock and is named by the ledger, by explain and in the journal (DESIGN 10)."""

import datetime
import json
import os
import signal
import socket
import zoneinfo

from otk_e2e import tap, wait, world
from otk_e2e.doors import wait_for_door

suite = tap.Suite(world.World)
UTC = datetime.timezone.utc
BERLIN, KATHMANDU = zoneinfo.ZoneInfo("Europe/Berlin"), zoneinfo.ZoneInfo("Asia/Kathmandu")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOURS = 3600
# The server's clock on the wall when a case begins: a Thursday, winter in Berlin, 22:30 there.
EVENING = datetime.datetime(2031, 1, 16, 21, 30, tzinfo=UTC)


def refused(w, access, reason):
    """What the ledger has of the knock that is refused now; it is spent, and explain and the journal name the rule."""
    begin, before = w.daemon.log_size(), access.chain.count
    access.spend()
    row = access.rows()[-1]
    refusal = row["refusal"] if row["kind"] == "refused" else row["end"]["refusal"]
    assert refusal == reason and row["number"] == before - 1, row
    said = w.installation.knockmgr("explain", access.chain.current.hex())
    assert reason in said and "it is spent" in said, said
    (line,) = lines_about(w, begin, reason)
    assert f"{access.user}/{access.command}" in line, line
    return row


def lines_about(w, begin, reason):
    return [line for line in w.daemon.log(begin).splitlines() if reason in line]


def passes(access):
    row = access.spend()
    assert row["kind"] == "accepted" and row["end"]["outcome"] == "exited", row


def true_command(w, *options):
    return w.access("--exec", "--as", "nobody", "--", "/bin/true", options=options)


def span_of(local, minutes):
    """A span of that day's name, from so many minutes before until as many after."""
    begin, end = local - datetime.timedelta(minutes=minutes), local + datetime.timedelta(minutes=minutes)
    return f"{DAYS[begin.weekday()]} {begin:%H:%M}-{end:%H:%M}"


@suite.case("hours are those of the zone: at this moment inside in one and outside by the clocks of another")
def hours_now(w):
    now = datetime.datetime.now(UTC)
    here = span_of(now.astimezone(KATHMANDU), 60)
    passes(true_command(w, "--hours", here, "--zone", "Asia/Kathmandu"))
    refused(w, true_command(w, "--hours", here), "outside hours")
    refused(w, true_command(w, "--hours", here, "--zone", "Europe/Berlin"), "outside hours")
    passes(true_command(w, "--hours", "sat 00:00-00:01; " + span_of(now, 60)))


@suite.case("a refusal outside the hours shows both clocks, in the log and in explain, and the knock is spent")
def both_zones(w):
    w.clock.set_to(EVENING)
    access = true_command(w, "--hours", "mon-fri 08:00-18:00", "--zone", "Asia/Kathmandu")
    row = refused(w, access, "outside hours")
    clocks = ("Fri 03:15 +0545", "Thu 21:30 UTC")
    for text in (row["end"]["text"], w.installation.knockmgr("log", "--user", access.user),
                 w.installation.knockmgr("explain", access.chain.current.hex()), w.daemon.log()):
        assert all(clock in text for clock in clocks), text
    w.clock.set_to(EVENING + datetime.timedelta(hours=5))  # 08:15 there
    spent = access.chain.current
    w.clock.advance(61)
    w.knock_udp(spent)
    wait.until(lambda: access.rows("replay"), "the knock that was refused is known as a replay")
    passes(access)


@suite.case("the one journal line of a refusal names carrier and source as well, and that nothing proves the source")
def journal_line(w):
    w.clock.set_to(EVENING)
    for options, reason in ((("--carriers", "icmp"), "carrier not allowed"), (("--hours", "mon"), "outside hours")):
        begin, access = w.daemon.log_size(), true_command(w, *options)
        refused(w, access, reason)
        (line,) = lines_about(w, begin, reason)
        assert "udp" in line and f"{w.client.ipv4} (unproven)" in line, line


def expect_at(w, access, verdicts):
    for when, inside in verdicts:
        w.clock.set_to(when)
        if inside:
            passes(access)
        else:
            refused(w, access, "outside hours")


@suite.case("a change to summer time and back: the same hours on the wall are other hours of the world")
def summer_time(w):
    access = true_command(w, "--hours", "daily 08:00-09:00", "--zone", "Europe/Berlin")

    def at(*when):
        return datetime.datetime(*when, tzinfo=UTC)

    # In 2031 summer time there is from March 30 to October 26, 01:00 UTC.
    expect_at(w, access, (
        (at(2031, 3, 29, 6, 30), False), (at(2031, 3, 29, 7, 30), True), (at(2031, 3, 29, 8, 30), False),
        (at(2031, 3, 30, 5, 30), False), (at(2031, 3, 30, 6, 30), True), (at(2031, 3, 30, 7, 30), False),
        (at(2031, 10, 25, 6, 30), True), (at(2031, 10, 25, 7, 30), False),
        (at(2031, 10, 26, 6, 30), False), (at(2031, 10, 26, 7, 30), True)))


@suite.case("the hour that summer time leaves out is nobody's, and the one that it gives back counts twice")
def odd_hours(w):
    access = true_command(w, "--hours", "sun 02:00-03:00", "--zone", "Europe/Berlin")

    def at(*when):
        return datetime.datetime(*when, tzinfo=UTC)

    expect_at(w, access, (
        (at(2031, 3, 30, 0, 59), False), (at(2031, 3, 30, 1, 1), False),
        (at(2031, 10, 25, 23, 59), False), (at(2031, 10, 26, 0, 1), True), (at(2031, 10, 26, 1, 1), True),
        (at(2031, 10, 26, 2, 1), False)))


@suite.case("a span over midnight goes on until the next morning, and no further")
def over_midnight(w):
    access = true_command(w, "--hours", "thu 22:00-06:00", "--zone", "Europe/Berlin")
    hour = datetime.timedelta(hours=1)
    expect_at(w, access, ((EVENING - hour, False), (EVENING, True), (EVENING + 7 * hour, True), (EVENING + 8 * hour, False),
                          (EVENING + 24 * hour, False), (EVENING - 17 * hour, False)))


@suite.case("the n+1st within an hour is refused, also after everything was killed; an hour after the first one passes")
def per_hour(w):
    access = true_command(w, "--per-hour", "2")
    passes(access)
    w.clock.advance(1800)
    passes(access)
    refused(w, access, "too many an hour")
    os.kill(w.daemon.helper("knockd-validate"), signal.SIGKILL)
    refused(w, access, "too many an hour")
    w.daemon.kill()
    w.daemon.start()
    refused(w, access, "too many an hour")
    w.clock.advance(1800)
    passes(access)
    refused(w, access, "too many an hour")


@suite.case("the n+1st within 24 hours is refused, with its own rule named, also after a restart; a day later it passes")
def per_day(w):
    access = true_command(w, "--per-hour", "2", "--per-day", "3")
    for _ in range(3):
        passes(access)
        w.clock.advance(2 * HOURS)
    w.daemon.kill()
    w.daemon.start()
    refused(w, access, "too many a day")
    w.clock.advance(18 * HOURS)
    passes(access)


@suite.case("a knock that comes outside the hours is not accepted, and does not count as one of the hour")
def hours_before_rates(w):
    w.clock.set_to(EVENING)
    access = true_command(w, "--hours", "thu 23:00-24:00", "--zone", "Europe/Berlin", "--per-hour", "1")
    refused(w, access, "outside hours")
    w.clock.set_to(EVENING + datetime.timedelta(minutes=35))
    passes(access)


def connects(host, address, port):
    with host.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        attempt.settimeout(2)
        try:
            attempt.connect((address, port))
            return attempt.recv(5) == b"hello"
        except OSError:
            return False


SERVICE = """
import socket
listener = socket.create_server(("127.0.0.1", 2201))
while True:
    connection = listener.accept()[0]
    connection.sendall(b"hello")
    connection.close()
"""


@suite.case("--address claim: for doors that lead on only, and the first that connects is the one who may")
def claim(w):
    knockmgr = w.installation.knockmgr
    knockmgr("user", "add", "claimer")
    knockmgr("command", "add", "run-it", "--exec", "--as", "nobody", "--", "/bin/echo", "{address}")
    knockmgr("command", "add", "open-it", "--open", "22/tcp", "--hold", "1h")
    for command in ("run-it", "open-it"):
        said = knockmgr("grant", "add", "claimer", command, "--generate", "--address", "claim", expect=None)
        assert w.installation.exit_code in (1, 2) and "forward" in said, said
    w.server.start(["python3", "-c", SERVICE], w.undo)
    other = w.network.host("other")
    access = w.access("--forward", "127.0.0.1:2201", "--hold", "1h", options=("--address", "claim"))
    access.spend()
    port = int(wait_for_door(w, access)["port"].removesuffix("/tcp"))
    wait.until(lambda: connects(other, w.server.ipv4, port), "the first one, who need not have knocked, gets through")
    assert connects(other, w.server.ipv4, port) and not connects(w.client, w.server.ipv4, port)


@suite.case("grant set takes effect while knockd runs: the next knock is judged by the new rules, in both directions")
def grant_set(w):
    w.clock.set_to(EVENING)
    access = true_command(w)
    passes(access)
    for options, reason, undone in (
            (("--hours", "mon 00:00-01:00"), "outside hours", ("--hours", "any")),
            (("--per-hour", "1"), "too many an hour", ("--per-hour", "any")),
            (("--per-day", "2"), "too many a day", ("--per-day", "any")),
            (("--from", "198.51.100.0/24"), "source not allowed", ("--from", "any"))):
        w.clock.advance(120)
        w.installation.knockmgr("grant", "set", access.user, access.command, *options)
        if reason.startswith("too many"):  # knocks are counted from when there is such a rule, one of the hour's already
            in_force(w)
            passes(access)
        in_force(w)
        refused(w, access, reason)
        w.installation.knockmgr("grant", "set", access.user, access.command, *undone)
        in_force(w)
        passes(access)


def in_force(w):
    """Changes are seen in their order: a grant that is added now works only when those before it are in force."""
    w.right()


@suite.case("every rule is in grant show and in its --json; `any` and `none` take it away again")
def shown(w):
    access = w.access("--forward", "127.0.0.1:2202", "--hold", "1h", options=(
        "--address", "claim", "--claims", "3", "--from", "192.0.2.0/24", "--from", "2001:db8::/64", "--carriers", "dns,udp",
        "--hours", "mon-fri 08:00-18:00", "--hours", "sat 22:00-06:00", "--zone", "Asia/Kathmandu", "--per-hour", "7",
        "--per-day", "11", "--not-before", "2026-02-03", "--expires", "2099-12-31T18:00Z"))
    text = w.installation.knockmgr("grant", "show", access.user, access.command)
    for part in ("claim: the first 3", "192.0.2.0/24 2001:db8::/64", "udp,dns", "mon-fri 08:00-18:00", "sat 22:00-06:00",
                 "Asia/Kathmandu", "7 an hour, 11 a day", "2026-02-03T00:00:00Z", "2099-12-31T18:00:00Z"):
        assert part in text, f"{part} is missing in\n{text}"
    assert rules(w, access) == {
        "address": "claim", "claims": 3, "named_within": [], "from": ["192.0.2.0/24", "2001:db8::/64"],
        "carriers": ["udp", "dns"], "hours": ["mon-fri 08:00-18:00", "sat 22:00-06:00"], "time_zone": "Asia/Kathmandu",
        "per_hour": 7, "per_day": 11, "not_before": "2026-02-03T00:00:00.000Z",
        "expires": "2099-12-31T18:00:00.000Z",
        "plain": None, "no_clock": None, "ignore_isn": None}, rules(w, access)  # of chains with a public key
    w.installation.knockmgr("grant", "set", access.user, access.command, "--address", "named", "--named-within",
                            "203.0.113.0/24")
    changed = rules(w, access)
    assert (changed["address"], changed["claims"], changed["named_within"]) == ("named", None, ["203.0.113.0/24"]), changed
    assert "203.0.113.0/24" in w.installation.knockmgr("grant", "show", access.user, access.command)
    w.installation.knockmgr("grant", "set", access.user, access.command, "--named-within", "any", "--address", "knock",
                            "--from", "any", "--carriers", "any", "--hours", "any", "--per-hour", "any", "--per-day", "any",
                            "--not-before", "none", "--expires", "none")
    assert rules(w, access) == rules(w, w.access("--open", "22/tcp", "--hold", "1h")), rules(w, access)


def rules(w, access):
    return json.loads(w.installation.knockmgr("grant", "show", access.user, access.command, "--json"))["rules"]


if __name__ == "__main__":
    suite.main()
