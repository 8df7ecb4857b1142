"""One table of ratios from whatever was measured: otk against the others, and against the machine's own limits."""

from .flood import withstood
from .tables import number, percent, table

COLUMNS = ("", "otk", "fwknopd", "fwknopd tuned", "knockd", "the machine", "otk : fwknopd", "otk : machine")


def _of(results, daemon, **wanted):
    for one in results:
        if one["daemon"] == daemon and all(one.get(key) == value for key, value in wanted.items()):
            return one
    return None


def _field(result, name):
    return result[name] if result else None


def _ratio(one, other):
    if not one or not other:
        return None
    return f"{number(one / other)} x" if one >= other else f"1/{number(other / one)}"


def _row(title, otk, fwknopd, tuned, knockd, machine):
    return [title, otk, fwknopd, tuned, knockd, machine, _ratio(otk, fwknopd), _ratio(otk, machine)]


def _flood_rows(results):
    floods = [one for one in results.get("flood", []) if one["carrier"] == "udp"]
    others = results.get("others", [])
    by_name = {name: [one for one in others if one["daemon"] == name] for name in ("fwknopd", "fwknopd tuned", "knockd")}
    rates = [withstood(some) for some in (floods, *by_name.values())]
    limit = results.get("machine", {}).get("limit")
    yield _row("look-alikes/s with 95 % of requests honoured", *rates, limit)
    if floods and limit:
        wanted = min(1_000_000, 0.8 * limit)
        near = min(floods, key=lambda one: abs(one["reached"] - wanted))
        yield [f"honoured at {number(near['reached'])}/s (80 % of the machine's limit is {number(0.8 * limit)})",
               percent(near["share"]), *[None] * 6]


def _scale_rows(results):
    scale = results.get("scale", [])
    if not scale:
        return
    for users in sorted({one["users"] for one in scale}):
        otk, fwknopd = _of(scale, "otk", users=users), _of(scale, "fwknopd", users=users)
        yield _row(f"CPU ns per look-alike, {users:,} users", _field(otk, "ns"), _field(fwknopd, "ns"), None, None, None)
    for name, title in (("start", "start to first honoured, s"), ("mib", "memory, MiB")):
        for users in sorted({one["users"] for one in scale}):
            otk, fwknopd = _of(scale, "otk", users=users), _of(scale, "fwknopd", users=users)
            yield _row(f"{title}, {users:,} users", _field(otk, name), _field(fwknopd, name), None, None, None)


def _delay_rows(results):
    latency, limits = results.get("latency", []), results.get("limits")
    medians = [_field(_of(latency, name), "median") for name in ("otk", "fwknopd", "fwknopd tuned", "knockd")]
    limit = (limits["commit"] + limits["start"]) / 1000 if limits else None
    yield _row("ms from packet to command, idle, median", *medians, limit)
    door = results.get("doors", {}).get("nftables element")
    if door:
        yield _row("ms from packet to nftables element, idle, median", door["median"], None, None, None, door["limit"])


def ratio_table(results):
    rows = []
    if "flood" in results or "others" in results:
        rows += _flood_rows(results)
    rows += _scale_rows(results)
    if "latency" in results:
        rows += _delay_rows(results)
    if "throughput" in results:
        best = max(one["per_second"] or 0 for one in results["throughput"])
        rows.append(_row("durable spends/s", best, None, None, None, None))
    return table("In one table", COLUMNS, rows)
