"""Valid requests among look-alikes, each sent once: how many are honoured, and what the look-alikes cost."""

from .network import PORT, cpu_seconds, flood_done, settled
from .requests import Requests
from .tables import percent, table

ENOUGH = 0.95  # honoured: what counts as withstanding a flood


def name_of_rate(rate):
    return f"{rate:,}" if rate else "most"


def one_flood(side, carrier, rate, seconds, number):
    """`number` requests spread over a flood of so many seconds; rate 0 is as fast as it goes, None is none at all."""
    requests = Requests(side.rig, side.requests(number, carrier), gap=(seconds - 0.5) / number)
    runs, cpu, counters = side.run_count(), cpu_seconds(side.pids()), side.counters()
    generator = None if rate is None else side.rig.generator(rate, seconds, *side.look_alikes(carrier))
    requests.begin(after=0.3)
    sent = flood_done(generator) if generator else {"rate": 0, "packets": 0, "seconds": seconds}
    cpu_in_flood = cpu_seconds(side.pids())
    requests.finish()
    honoured = settled(side.run_count) - runs
    return {"daemon": side.name, "carrier": carrier, "asked": rate, "reached": sent["rate"], "packets": sent["packets"],
            "seconds": sent["seconds"], "requests": number, "honoured": honoured, "share": honoured / number,
            "cpu": {name: cpu_in_flood[name] - cpu.get(name, 0) for name in cpu_in_flood},
            "counted": _difference(counters, side.counters())}


def _difference(before, after):
    return {name: after[name] - before.get(name, 0) for name in after}


def row_of(result):
    busy = sum(result["cpu"].values()) / result["seconds"]
    # A spare that was used up took its time with it.
    processes = " ".join(f"{name.removeprefix('knockd-')} {100 * max(spent, 0.0) / result['seconds']:.0f} %"
                         for name, spent in sorted(result["cpu"].items()))
    return [f"{result['daemon']}, {result['carrier']}", name_of_rate(result["asked"]) if result["asked"] is not None else "none",
            result["reached"], percent(result["share"]), result["counted"].get("packets_lost"), f"{100 * busy:.0f} %", processes]


COLUMNS = ("daemon, carrier", "look-alikes/s asked", "reached", "honoured", "lost by kernel", "core busy", "by process")


def otk_floods(side, options):
    """All its carriers at all rates; each a result of one_flood()."""
    for carrier in side.carriers:
        rates = options.rates if carrier == "udp" else [rate for rate in options.rates if rate in options.few_rates]
        for rate in rates:
            yield one_flood(side, carrier, rate, options.seconds, options.requests)


def withstood(results):
    """The highest rate reached at which enough was honoured, without a lower one at which it was not; 0: none."""
    if not results:
        return None
    best = 0
    for result in sorted(results, key=lambda one: one["reached"]):
        if result["share"] < ENOUGH:
            return best
        best = result["reached"]
    return best


def bare_limit(rig, options):
    """What the bare loop gets at each rate; the limit is the highest rate at which it lost nothing to speak of."""
    rig.firewall([PORT])
    results = [rig.bare_capture(rate, options.seconds) for rate in options.rates]
    clean = [result["rate"] for result in results if result["share"] > 0.999]
    return {"results": results, "limit": max(clean, default=0)}


def bare_table(bare):
    rows = [[name_of_rate(one["asked"]), one["rate"], percent(one["share"]), one["lost"]] for one in bare["results"]]
    return table("The machine: a bare libpcap loop on the daemon's core",
                 ("packets/s asked", "reached", "received", "lost by kernel"), rows)


def flood_table(title, results):
    return table(f"{title}: valid requests among look-alikes, each sent once", COLUMNS, [row_of(result) for result in results])
