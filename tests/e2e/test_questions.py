#!/usr/bin/python3
"""What docs/QUESTIONS.md claims and no other suite shows: failures explain themselves, and an account that nobody uses is
not attacked unnoticed."""

import os
import shutil

from otk_e2e import dns, packets, tap, wait, world
from otk_e2e.installation import ZONE

WORDS = '$OTK_ALERT|$OTK_USER|$OTK_COMMAND'


class QuestionedWorld(world.World):
    def __init__(self, undo):
        super().__init__(undo, start=False)
        self.file = f"{self.installation.directory}/alerts"
        with open(self.file, "wb"):
            os.chmod(self.file, 0o666)
        alerts = {"command": ["/bin/sh", "-c", f'echo "{WORDS}" >> "$0"', self.file], "per_hour": 1000}
        self.installation.configure({**world.CONFIGURATION, "alerts": alerts})
        self.daemon.start()

    def alerts(self):
        with open(self.file, encoding="ascii") as file:
            return file.read().splitlines()

    def knock_dns(self, value):
        packets.send_udp(self.client, self.server.ipv4, dns.question(f"{value.hex()}.{ZONE}"), 53)


suite = tap.Suite(QuestionedWorld)


def uses_address(w, *options):
    return w.access("--exec", "--as", "nobody", "--", "/bin/echo", "{address}", options=options)


def check_explained(w, access, knock, carrier, reason):
    begin = w.daemon.log_size()
    row = access.spend(knock)
    subject, short = f"{access.user}/{access.command}: ", reason.split(": ")[-1]
    origin = f"{subject}knock {access.chain.count} from {w.client.ipv4} (unproven) by {carrier}: "

    def lines():
        return [line for line in w.daemon.log(begin).splitlines() if subject in line]

    wait.until(lambda: any(short in line for line in lines()), lambda: f"{short} in {lines()}")
    assert [line for line in lines() if origin in line and f"(row {row['row']})" in line], (origin, lines())
    assert len([line for line in lines() if short in line]) == 1, lines()
    said = w.installation.knockmgr("explain", access.chain.current.hex())
    assert reason in said and f"number {access.chain.count} of {access.user}/{access.command}" in said, said


@suite.case("each kind of failure has one line in the journal that says who, what, how, from where and why, and explain "
            "gives the same reason")
def explained(w):
    check_explained(w, uses_address(w, "--carriers", "icmp"), w.knock_udp, "udp", "refused: carrier not allowed")
    check_explained(w, uses_address(w, "--from", "198.51.100.0/24"), w.knock_udp, "udp", "refused: source not allowed")
    check_explained(w, uses_address(w, "--not-before", "2d"), w.knock_udp, "udp", "refused: not yet valid")
    check_explained(w, uses_address(w), w.knock_dns, "dns", "refused: address missing")
    disabled = uses_address(w)
    w.installation.knockmgr("user", "disable", disabled.user)
    check_explained(w, disabled, w.knock_udp, "udp", "refused: user disabled")
    failing = w.access("--exec", "--as", "nobody", "--", "/bin/false")
    check_explained(w, failing, w.knock_udp, "udp", "exit 1")
    program = f"{w.installation.directory}/program"
    shutil.copy("/bin/true", program)
    gone = w.access("--exec", "--as", "nobody", "--", program)
    os.remove(program)
    check_explained(w, gone, w.knock_udp, "udp", "not started")


@suite.case("a knock from the sheet of a user who is disabled or expired triggers nothing, is recorded, and tells the "
            "administrator")
def old_sheet(w):
    for change in (lambda right: ("user", "disable", right.user),
                   lambda right: ("grant", "set", right.user, right.command, "--expires", "1h")):
        right = w.right()
        w.installation.knockmgr(*change(right))
        w.clock.advance(7200)
        right.expect_no_run(w.knock_udp)
        (row,) = right.rows("refused")
        assert row["source"] == w.client.ipv4, row
        line = f"refused|{right.user}|{right.command}"
        wait.until(lambda line=line: line in w.alerts(), lambda: f"an alert {line}; there were {w.alerts()}")


if __name__ == "__main__":
    suite.main()
