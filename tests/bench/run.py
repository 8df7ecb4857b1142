#!/usr/bin/python3
"""Runs the daemons side by side and prints tables; tools/bench calls it. As root. Nothing passes or fails.

The whole takes about a quarter of an hour; --quick about six minutes. Two cores: the daemon with all its processes on one, the
generator on the other; this program itself, which sends the few valid requests, keeps off the daemon's."""

import argparse
import contextlib
import json
import os
import shutil
import signal
import sys
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
# pylint: disable=wrong-import-position
from rig import delays, flood, ratios, scale, throughput
from rig.debian_knockd import DebianKnockd
from rig.fwknopd import Fwknopd
from rig.network import Rig
from rig.otk import Otk
from rig.side import running

NAMES = ("machine", "flood", "others", "scale", "latency", "throughput")
ALL_RATES = [10_000, 100_000, 500_000, 1_000_000, 0]


def numbers(text):
    """10000,100000,most"""
    return [0 if word == "most" else int(word) for word in text.split(",")]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="shorter floods, fewer rates, at most 100,000 users")
    parser.add_argument("--only", default=",".join(NAMES), help=f"of: {','.join(NAMES)}")
    parser.add_argument("--seconds", type=int, help="of one flood (default 5; quick 3)")
    parser.add_argument("--requests", type=int, help="valid ones in one flood (default 200; quick 100)")
    parser.add_argument("--rates", type=numbers, default=ALL_RATES, help="look-alikes a second, `most` is as fast as it goes")
    parser.add_argument("--users", type=numbers, help="grants of the scale scenario (default 1,1000,100000,1000000)")
    parser.add_argument("--cores", type=numbers, default=[1, 2], help="the daemon's and the generator's (default 1,2)")
    parser.add_argument("--json", metavar="FILE", help="all results, machine-readable")
    options = parser.parse_args()
    options.only = options.only.split(",")
    if not set(options.only) <= set(NAMES):
        parser.error(f"--only: of {', '.join(NAMES)}")
    options.seconds = options.seconds or (3 if options.quick else 5)
    options.requests = options.requests or (100 if options.quick else 200)
    options.users = options.users or [1, 1_000, 100_000, *([] if options.quick else [1_000_000])]
    options.few_rates = [100_000] if options.quick else [100_000, 500_000, 0]
    options.ladder = [100, 1_000, 10_000, 100_000, 1_000_000]
    options.knockd_ladder = [5, 20, 100, 1_000]  # it fails so early with look-alikes of the user's own address
    options.knock_rates = [20_000, 50_000]  # a second
    options.stanzas = [1, 100, 1_000]
    options.others_requests = 50
    return options


def take_place(daemon_core):
    """This process, with its thread of requests, keeps off the daemon's core. It and all that it starts come before what does
    not belong to the measurement: the machine may have other work."""
    os.sched_setaffinity(0, os.sched_getaffinity(0) - {daemon_core} or {daemon_core})
    os.setpriority(os.PRIO_PROCESS, 0, -20)


def floods(rig, options):
    with running(Otk, rig, 100_000) as side:
        yield from flood.otk_floods(side, options)


def others(rig, options):
    for kind, more, ladder in ((Fwknopd, {}, options.ladder), (Fwknopd, {"tuned": True}, options.ladder),
                               (DebianKnockd, {}, options.ladder), (DebianKnockd, {"of_the_user": True}, options.knockd_ladder)):
        for rate in ladder:
            # Each rate meets a fresh daemon: what the flood before left in its queue is not this one's.
            with running(kind, rig, **more) as side:
                result = flood.one_flood(side, "udp", rate, options.seconds, options.others_requests)
            yield result
            if result["share"] < 0.5:
                break


def latencies(rig, options):
    for kind, more in ((Otk, {"grants": 1_000}), (Fwknopd, {}), (Fwknopd, {"tuned": True}), (DebianKnockd, {})):
        with running(kind, rig, **more) as side:
            yield delays.measure(side, options.requests // 2)


def show(text):
    print(text, flush=True)


def machine(rig, options, results):
    results["machine"] = flood.bare_limit(rig, options)
    show(flood.bare_table(results["machine"]))


def flooded(rig, options, results):
    results["flood"] = list(floods(rig, options))
    show(flood.flood_table("Flood: otk", results["flood"]))


def flooded_others(rig, options, results):
    results["others"] = list(others(rig, options))
    show(flood.flood_table("Flood: the others", results["others"]))


def users(rig, options, results):
    results["scale"] = list(scale.run(rig, options))
    show(scale.scale_table(results["scale"]))


def idle(rig, options, results):
    results["latency"] = list(latencies(rig, options))
    show(delays.delay_table(results["latency"]))
    results["limits"] = delays.machine(rig, options.requests)
    results["doors"] = delays.doors(rig, options.requests)
    show(f"```\n{results['doors']['text']}```\n")


def throughputs(rig, options, results):
    results["throughput"] = [throughput.measure(rig, 100_000, rate) for rate in options.knock_rates]
    show(throughput.throughput_table(results["throughput"]))


SCENARIOS = {"machine": machine, "flood": flooded, "others": flooded_others, "scale": users, "latency": idle,
             "throughput": throughputs}


def run(rig, options, results):
    """One that cannot be measured is said to be so, and the rest goes on."""
    for name in options.only:
        load = os.getloadavg()[0]
        try:
            SCENARIOS[name](rig, options, results)
        except Exception:  # pylint: disable=broad-exception-caught
            show(f"{name} could not be measured:\n{traceback.format_exc()}")
        show(f"(load of the machine before and after {name}: {load:.1f}, {os.getloadavg()[0]:.1f})\n")
    show(ratios.ratio_table(results))


def main():
    options = arguments()
    build = os.path.abspath(os.environ["OTK_BUILD"])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda which, _frame: sys.exit(128 + which))
    for program in ("fwknopd", "fwknop", "taskset", "nft", "ip"):
        if shutil.which(program) is None:
            sys.exit(f"run.py: {program} is missing: tools/bench installs the packages of group bench")
    results = {}
    with contextlib.ExitStack() as undo:
        take_place(options.cores[0])
        run(Rig(undo, build, *options.cores), options, results)
    if options.json:
        with open(options.json, "w", encoding="ascii") as file:
            json.dump(results, file, indent=2)


if __name__ == "__main__":
    main()
