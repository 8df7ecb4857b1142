"""Everything that most suites need: a server that runs knockd, a client, users with rights, and ways to knock."""

import itertools
import os

from . import chain, packets, wait
from .clock import TestClock
from .daemon import Daemon
from .installation import ZONE, Installation
from .network import Network

CONFIGURATION = {"accept": {"algorithms": ["sha256", "md5", "sha1"]}, "dns": {"zones": [ZONE]}}
# Adds a line to the file $0 for each run: what the command was given, so that runs can be counted.
RECORDER = 'echo "$*" >> "$0"'


class World:
    def __init__(self, undo, configuration=None, start=True):
        self.undo = undo
        self.network = Network(undo)
        self.server = self.network.host("server")
        self.client = self.network.host("client")
        self.installation = Installation(undo)
        self.default_configuration = self.installation.configuration()
        self.installation.configure(CONFIGURATION if configuration is None else configuration)
        self.clock = TestClock(undo, self.installation.directory, self.installation.programs["test-clock"])
        self.daemon = Daemon(undo, self.server, self.installation.programs["knockd"], self.installation.state,
                             self.clock.environment)
        self._serial = itertools.count(1)
        self._marker = None
        if start:
            self.daemon.start()

    def story(self):
        """For the report of a failed case."""
        log = self.daemon.log().splitlines()[-40:]
        ledger = self.installation.knockmgr("log", expect=None).splitlines()[:40]
        return "\n".join(["knockd said:", *log, "knockmgr log:", *ledger])

    def right(self, *options, algorithm="sha256", tokens=(), length=100, warm=True, script=None,
              of_command=("--as", "nobody"), its_chain=None):
        """A new user, a new command that records its runs, and a grant with a new chain. `options` are the grant's,
        `of_command` the command's; `script` replaces the recorder's, with the file as $0 and the tokens as $1 and so
        on. Warm: the daemon has taken the grant up and accepted its first knock, so that now one packet is one run."""
        right = Right(self, next(self._serial), its_chain or chain.Chain(algorithm, length))
        argv = ["/bin/sh", "-c", script or RECORDER, right.file, *tokens]
        self.installation.knockmgr("user", "add", right.user)
        self.installation.knockmgr("command", "add", right.command, "--exec", *of_command, "--", *argv)
        self.installation.knockmgr("grant", "add", right.user, right.command, "--token", right.chain.token(), *options)
        if warm:
            right.knock_until_it_runs()
        return right

    def access(self, *of_command, options=(), algorithm="sha256", length=100, its_chain=None):
        """A new user, a new command of any kind, such as ("--open", "22/tcp", "--hold", "5s"), and a grant with a new
        chain. `options` are the grant's."""
        access = Access(self, next(self._serial), its_chain or chain.Chain(algorithm, length))
        self.installation.knockmgr("user", "add", access.user)
        self.installation.knockmgr("command", "add", access.command, *of_command)
        self.installation.knockmgr("grant", "add", access.user, access.command, "--token", access.chain.token(), *options)
        return access

    def knock_udp(self, payload, family=4, host=None):
        packets.send_udp(host or self.client, self.server.address(family), payload)

    def settle(self):
        """Returns when everything that was sent before has been dealt with: packets are handled in their order, so
        the run of a knock sent now comes after them; and no command runs any more."""
        if self._marker is None:
            self._marker = self.right(length=1000)
        self._marker.knock_until_it_runs()
        wait.until(lambda: not self.daemon.commands(), "all commands end")


class Access:
    """What a user has: a grant and its chain."""

    def __init__(self, world, number, its_chain):
        self._world = world
        self.user = f"user{number}"
        self.command = f"command{number}"
        self.chain = its_chain

    def rows(self, kind=None):
        rows = self._world.installation.log("--user", self.user)
        return [row for row in rows if kind is None or row["kind"] == kind]

    def newest_end(self):
        """How the command of the newest accepted knock ended, when that is in the ledger; with the knock's row."""
        def end():
            newest = self.rows("accepted")[-1]
            return newest["end"] and dict(newest["end"], of=newest["row"])

        return wait.until(end, f"the end of {self.command} is in the ledger")

    def spend(self, knock=None):
        """Sends the next knock, by knock(value), again until the ledger has it, as users are told to do. Gives its row
        when the monitor has done what it does about it, or the row of its refusal."""
        before = {row["row"] for row in self.rows()}
        value = self.chain.next()

        def done():
            (knock or self._world.knock_udp)(value)
            new = [row for row in self.rows() if row["row"] not in before and row["kind"] in ("accepted", "refused")]
            return new and (new[-1]["kind"] == "refused" or new[-1]["end"]) and new[-1]

        return wait.until(done, f"a knock of {self.user} is in the ledger, with its end")


class Right(Access):
    def __init__(self, world, number, its_chain):
        super().__init__(world, number, its_chain)
        self.file = f"{world.installation.directory}/runs{number}"
        with open(self.file, "wb"):
            os.chmod(self.file, 0o666)  # the command runs as nobody

    def runs(self):
        """What each run was given, oldest first."""
        with open(self.file, encoding="ascii") as file:
            return file.read().splitlines()

    def knock_until_it_runs(self, knock=None):
        """The rule for users: the same number again, until it works."""
        before = len(self.runs())
        value = self.chain.next()

        def again():
            (knock or self._world.knock_udp)(value)
            return len(self.runs()) > before

        wait.until(again, f"{self.user} may trigger {self.command}")

    def wait_for_runs(self, count):
        wait.until(lambda: len(self.runs()) >= count,
                   lambda: f"{count} runs of {self.command}; there were {len(self.runs())}")

    def expect_one_run(self, knock):
        """knock(value) sends the next knock; the command must run once and not again. Gives what the run was given."""
        before = len(self.runs())
        knock(self.chain.next())
        self.wait_for_runs(before + 1)
        self._world.settle()
        runs = self.runs()
        if len(runs) != before + 1:
            raise AssertionError(f"one knock, {len(runs) - before} runs of {self.command}")
        return runs[-1]

    def expect_no_run(self, knock):
        before = len(self.runs())
        knock(self.chain.next())
        self._world.settle()
        if len(self.runs()) != before:
            raise AssertionError(f"{self.command} ran, and should not have")
