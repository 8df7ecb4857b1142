"""What users cost: processor time of one look-alike, start to the first honoured request, resident memory."""

import time

from .flood import one_flood
from .fwknopd import Fwknopd
from .network import resident_mib, until
from .otk import Otk
from .requests import Requests
from .side import made
from .tables import table


def start_to_first(side):
    """Seconds until a request is honoured that is sent again and again from the start on."""
    [request] = side.requests(1)
    before = side.run_count()
    sender = Requests(side.rig, [request], gap=0)
    begun = time.monotonic()
    side.launch()

    def honoured():
        sender.send(request)
        time.sleep(0.01)
        return side.run_count() > before

    until(honoured, f"{side.name} honours its first request", 120)
    sender.close()
    side.wait_ready()
    return time.monotonic() - begun


def measure(side, users, rate, seconds):
    """Users are grants, or access stanzas."""
    started = start_to_first(side)
    time.sleep(1)
    idle_mib = resident_mib(side.pids())
    flood = one_flood(side, "udp", rate, seconds, 20)
    worker = max(flood["cpu"], key=flood["cpu"].get)
    got = flood["packets"] - flood["counted"].get("packets_lost", 0)
    return {"daemon": side.name, "users": users, "start": started, "mib": max(idle_mib, resident_mib(side.pids())),
            "ns": flood["cpu"][worker] / got * 1e9, "rate": flood["reached"], "share": flood["share"], "process": worker}


def run(rig, options):
    for grants in options.users:
        with made(Otk, rig, grants) as side:
            yield measure(side, grants, 200_000, options.seconds)
    for stanzas in options.stanzas:
        with made(Fwknopd, rig, stanzas) as side:
            # A rate that it can do: what a look-alike costs is to be seen here, not how it fails.
            yield measure(side, stanzas, min(1_000, max(20_000 // stanzas, 20)), options.seconds)


def scale_table(results):
    rows = [[one["daemon"], one["users"], one["ns"], one["start"], one["mib"], one["rate"]] for one in results]
    return table("Scale: what users cost", ("daemon", "users", "CPU ns per look-alike", "start to first honoured, s",
                                            "memory, MiB", "look-alikes/s"), rows)
