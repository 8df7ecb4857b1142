"""From the packet to the command, idle: what the command stamped minus the moment just before the last datagram was sent;
beside it what the machine needs for the parts. Doors: tests/bench/latency.py."""

import json
import os
import statistics
import subprocess
import sys
import tempfile

from .network import settled
from .requests import Requests
from .tables import number, table


def measure(side, requests, gap=0.137):
    """One request at a time."""
    sender = Requests(side.rig, side.requests(requests), gap)
    before = side.run_count()
    sender.begin(after=0.5)
    sender.finish()
    settled(side.run_count)
    ran = side.runs()[before:]
    delays = sorted(_delays(sender.sent_at, ran))
    return {"daemon": side.name, "requests": requests, "honoured": len(ran),
            "median": statistics.median(delays) if delays else None,
            "most": delays[len(delays) * 95 // 100] if delays else None}


def _delays(sent, ran):
    """Milliseconds. Each run belongs to the newest request before it; the gap between requests is far longer than any delay
    seen."""
    for moment in ran:
        earlier = [one for one in sent if one <= moment]
        if earlier:
            yield (moment - earlier[-1]) / 1e6


def machine(rig, runs):
    """Microseconds on the daemon's core: one durable commit, one nftables change, one start of the command."""
    with tempfile.TemporaryDirectory(prefix="otk-bench-") as folder:
        words = ["taskset", "-c", str(rig.server.core), rig.program("tests/bench/machine_limits"), folder,
                 rig.program("tests/bench/stamp"), str(runs)]
        return json.loads(subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout)


def doors(rig, knocks):
    """What latency.py prints, and from its lines the medians in milliseconds and how often the machine's limit that is."""
    script = os.path.join(os.path.dirname(__file__), "..", "latency.py")
    words = [sys.executable, script, "--knocks", str(knocks), "--core", str(rig.server.core)]
    text = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout
    found = {}
    for line in text.splitlines():
        for what in ("nftables element", "started command"):
            if line.startswith(what):
                median, _, limit, ratio = map(float, line.split()[-4:])
                found[what] = {"median": median / 1000, "limit": limit / 1000, "ratio": ratio}
    return {"text": text, **found}


def delay_table(results):
    rows = [[one["daemon"], number(one["median"]), number(one["most"]), f"{one['honoured']} of {one['requests']}"]
            for one in results]
    return table("Idle: milliseconds from packet to command", ("daemon", "median", "95 %", "honoured"), rows)
