"""Valid knocks of different users as fast as a flood comes: how many a second are durably spent."""

from .chains import LENGTH
from .network import cpu_seconds, flood_done, settled
from .otk import Otk
from .side import running
from .tables import table

# The cheapest thing that a spent knock can trigger is to close a door that is not open. What commands cost is another
# question.
COMMANDS = {"door": ["--open", "22/tcp", "--hold", "60s"], "load": ["--close", "door"]}
SECONDS = 60  # at most


def measure(rig, knocks, rate):
    """One knock each of so many users, at that rate."""
    with running(Otk, rig, knocks, commands=COMMANDS) as side:
        before, cpu = side.counters(), cpu_seconds(side.pids())
        sent = flood_done(rig.generator(rate, SECONDS, "--knocks", f"0:{knocks}", "--length", LENGTH, count=knocks))
        settled(side.spent, quiet=3.0, most=SECONDS)
        after, cpu_after = side.counters(), cpu_seconds(side.pids())
        moments = side.moments_of_spending()
    span = (max(moments) - min(moments)) / 1e9 if moments else 0
    return {"rate": sent["rate"], "sent": sent["knocks"], "spent": len(moments),
            "per_second": (len(moments) - 1) / span if span else None,
            "cpu": {name: cpu_after[name] - cpu.get(name, 0) for name in cpu_after},
            "counted": {name: after[name] - before.get(name, 0) for name in after}}


def throughput_table(results):
    rows = [[one["rate"], one["sent"], one["spent"], one["counted"].get("packets_lost"), one["counted"].get("not_spent"),
             one["counted"].get("commits"), one["per_second"],
             " ".join(f"{name.removeprefix('knockd-')} {seconds:.1f}" for name, seconds in sorted(one["cpu"].items()))]
            for one in results]
    return table("Throughput: knocks of different users, one each",
                 ("knocks/s sent", "sent", "durably spent", "lost by kernel", "counted as not spent", "commits", "spent/s",
                  "CPU s by process"), rows)
