#!/usr/bin/python3
"""A recursive resolver between the user and knockd: unbound, with a stub zone and with a real delegation, minimising
names strictly, a little, or not at all. Ten knocks in a row arrive through it, each run once."""

import contextlib

from otk_e2e import chain, resolver, tap, world
from otk_e2e.installation import ZONE

suite = tap.Suite(world.World)
KNOCKS = 10


def ten_knocks(w, host):
    right = w.right(length=2 * KNOCKS)
    for _ in range(KNOCKS):
        name = f"{chain.base32(right.chain.next()).lower()}.{ZONE}"
        said = w.client.run("dig", f"@{host.ipv4}", name)
        assert "status: NOERROR" in said, said
        right.wait_for_runs(right.chain.length - right.chain.count)
    w.settle()
    runs = right.chain.length - right.chain.count
    assert len(right.runs()) == runs, f"{runs} knocks and {len(right.runs())} runs"
    carriers = {row["carrier"] for row in right.rows("accepted")[1:]}
    assert carriers == {"dns"}, carriers
    assert {row["source"] for row in right.rows("accepted")[1:]} == {host.ipv4}
    assert not right.rows("contested") and not right.rows("replay"), right.rows()


def stub_zone(how):
    @suite.case(f"a stub zone, minimising names {how}")
    def case(w):
        with contextlib.ExitStack() as undo:
            host = w.network.host("resolver")
            resolver.start_unbound(w, undo, host, resolver.minimisation(how) + resolver.stub_zone(w))
            ten_knocks(w, host)


def delegated_zone(how):
    @suite.case(f"a delegated zone, minimising names {how}")
    def case(w):
        with contextlib.ExitStack() as undo:
            host, root = w.network.host("resolver"), w.network.host("other")
            zone = 'auth-zone:\n  name: "."\n  zonefile: "DIRECTORY/root.zone"\n  for-upstream: no\n  for-downstream: yes\n'
            resolver.start_unbound(w, undo, root, zone)
            hints = f"stub-zone:\n  name: .\n  stub-addr: {root.ipv4}\n  stub-prime: no\n"
            resolver.start_unbound(w, undo, host, resolver.minimisation(how) + hints)
            ten_knocks(w, host)


for manner in resolver.MINIMISING:
    stub_zone(manner)
    delegated_zone(manner)


@suite.case("the system's own look-up through the resolver: getent hosts, with a user who only knows names")
def system_lookup(w):
    with contextlib.ExitStack() as undo:
        host = w.network.host("resolver")
        resolver.start_unbound(w, undo, host, resolver.minimisation("strictly") + resolver.stub_zone(w))
        w.network.resolv_conf(w.client, host.ipv4)
        right = w.right()
        right.expect_one_run(lambda value: w.client.run("getent", "ahosts", f"{chain.base32(value)}.{ZONE}", codes=(2,)))
        right.expect_one_run(lambda value: w.client.run("ping", "-c1", f"{chain.base32(value)}.{ZONE}", codes=(2,)))


if __name__ == "__main__":
    suite.main()
