#!/usr/bin/python3
"""What a command starts ends with it: at its time limit, at a stop, and when knockd is killed or hangs; a setsid, an ignored
SIGTERM and a dead parent are no way out."""

from otk_boot.server import Server
from otk_e2e import tap, wait

LONG = "/usr/local/bin/long"
# Each sleep is a process that a signal to the process group, or to the command alone, would miss.
SCRIPT = """#!/bin/sh
setsid sh -c 'trap "" TERM; exec sleep 1111' &
setsid setsid sleep 2222 &
sh -c 'trap "" TERM; sleep 3333; true' &
exec sleep 4444
"""
SLEEPS = {"1111", "2222", "3333", "4444"}


class World(Server):
    def __init__(self, undo):
        super().__init__(undo)
        self.write(LONG, SCRIPT, "755")
        self.long = self.access("--exec", "--as", "nobody", "--limit", "1h", "--", LONG)
        self.short = self.access("--exec", "--as", "nobody", "--limit", "2s", "--", LONG)

    def sleeps(self):
        return {words[1] for words in self.machine.processes().values() if words[0] == "sleep" and words[1] in SLEEPS}

    def begin(self, access):
        assert not self.sleeps(), self.sleeps()
        value = access.chain.next()

        def all_there():
            self.knock_udp(value)
            return self.sleeps() == SLEEPS

        wait.until(all_there, lambda: f"all four processes run; there are {self.sleeps()}")

    def expect_none(self):
        wait.until(lambda: not self.sleeps(), lambda: f"nothing is left; there are {self.sleeps()}")

    def expect_interrupted(self):
        assert self.long.newest_end()["outcome"] == "interrupted", self.long.rows()

    def expect_ended_with_knockd(self, signal):
        """A long command runs, knockd gets the signal, and systemd starts it again."""
        self.begin(self.long)
        restarts = int(self.show("otk", "NRestarts"))
        self.machine.signal(signal, self.main_pid())
        wait.until(lambda: int(self.show("otk", "NRestarts")) > restarts and self.show("otk", "ActiveState") == "active",
                   "otk is started again")
        self.expect_none()
        self.expect_interrupted()


suite = tap.Suite(World)


@suite.case("its time limit")
def limit(w):
    w.begin(w.short)
    w.expect_none()
    assert w.short.newest_end()["outcome"] == "timed out", w.short.rows()


@suite.case("`systemctl stop`: all is gone when it returns, and the next start finds nothing left over")
def stop(w):
    w.begin(w.long)
    w.systemctl("stop", "otk")
    assert not w.sleeps(), w.sleeps()
    begin = w.now()
    w.systemctl("start", "otk")
    said = w.journal("--unit", "otk", "--since", begin)
    assert "left-over process" not in said, said
    w.expect_interrupted()


@suite.case("SIGKILL of knockd: all is gone once it was started again")
def killed(w):
    w.expect_ended_with_knockd("KILL")


@suite.case("the watchdog: likewise")
def watchdog(w):
    w.drop_in("[Service]\nWatchdogSec=2s\n")
    w.systemctl("restart", "otk")
    w.expect_ended_with_knockd("STOP")


@suite.case("what was left running on purpose outlives its command, a stop and a start; without --leave-running it does not")
def left_running(w):
    for option, lives in (((), False), (("--leave-running",), True)):
        starter = w.access("--exec", "--as", "nobody", *option, "--", "/bin/sh", "-c", "setsid sleep 2222 >/dev/null 2>&1 & sleep 0.2")
        row = starter.spend()
        assert row["end"]["outcome"] == "exited", row
        assert w.sleeps() == ({"2222"} if lives else set()), (option, w.sleeps())
    w.systemctl("restart", "otk")
    assert w.sleeps() == {"2222"}, w.sleeps()


@suite.case("a command that eats all memory is killed alone (OOMPolicy=), MemoryMax= and TasksMax= of a drop-in")
def limits_of_memory(_):
    raise tap.Skip("not tried: the machine's control groups have no controllers of memory and processes, which belong to "
                   "the host's; this takes a virtual machine")


if __name__ == "__main__":
    suite.main()
