"""otk: an installation of its own, filled with the grants of tests/load/chains.h."""

import contextlib
import json
import sqlite3
import subprocess

from otk_e2e import installation, wait
from otk_e2e.network import run

from . import chains
from .network import PORT, settled
from .requests import ZONE, by_dns, by_icmp, by_udp
from .side import Side

CONFIGURATION = {"accept": {"algorithms": ["sha256"]}, "dns": {"zones": [ZONE]}, "udp": {"ports": [PORT]},
                 "firewall": {"mode": "none"}}


class Otk(Side):
    name = "otk"
    ports = (PORT,)
    carriers = ("udp", "icmp", "dns")

    def __init__(self, rig, undo, directory, grants=1, commands=None):
        super().__init__(rig, undo, directory)
        self.grants = grants
        self._next = 0
        self.installation = installation.Installation(undo)
        self.installation.configure(CONFIGURATION)
        for name, what in (commands or {"load": ["--exec", "--as", "nobody", "--", *self.command]}).items():
            self.installation.knockmgr("command", "add", name, *what)
        run([rig.program("tests/load/populate"), self.installation.state, "--grants", grants, "--length", chains.LENGTH])

    def look_alikes(self, carrier):
        return ["--carrier", carrier, *(["--zone", ZONE] if carrier == "dns" else [])]

    def values(self, number):
        """Knocks that were not sent yet: the first of each grant, then the second of each, and so on."""
        first, self._next = self._next, self._next + number
        return [chains.knock(place % self.grants, place // self.grants + 1) for place in range(first, first + number)]

    def requests(self, number, carrier="udp"):
        make = {"udp": lambda value: by_udp(value, PORT), "icmp": by_icmp, "dns": by_dns}[carrier]
        return [[make(value)] for value in self.values(number)]

    def launch(self):
        with open(f"{self.directory}/log", "ab") as log:
            words = self.rig.server.words([self.installation.programs["knockd"], "--dir", self.installation.state])
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def wait_ready(self):
        def ready():
            with open(f"{self.directory}/log", encoding="utf-8", errors="replace") as file:
                return "knockd: ready" in file.read()

        wait.until(ready, "knockd is ready", 120)

    def counters(self):
        """Of the status file, which is written once a second: when they rest."""
        return settled(self._counters, quiet=2.2, most=8)

    def _counters(self):
        try:
            with open(f"{self.installation.state}/monitor/status.json", encoding="utf-8") as file:
                return json.load(file).get("counters", {})
        except FileNotFoundError:
            return {}

    def spent(self):
        return self._counters().get("spent", 0)

    def moments_of_spending(self):
        """ns since 1970, of each accepted knock in the ledger. It is stopped for that: a reader that is root would leave
        files that the writer cannot use."""
        self.stop()
        with contextlib.closing(sqlite3.connect(f"{self.installation.state}/ledger/ledger.db")) as ledger:
            return [at for at, in ledger.execute("SELECT at FROM event WHERE kind = 2")]
