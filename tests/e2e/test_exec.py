#!/usr/bin/python3
"""What a command is given, as whom it runs, how long, and what is kept of it (DESIGN 9)."""

import errno
import os
import pwd
import shutil
import signal
import socket

from otk_e2e import tap, wait, world
from otk_e2e.daemon import is_running

suite = tap.Suite(world.World)
TOKENS = ("{address}", "{user}", "{command}", "{carrier}", "{count}", "{argument}")


@suite.case("tokens stand in argv, each a whole argument, and in the environment")
def tokens(w):
    # Written at once: an earlier knock's command may still run.
    arguments = 'line=; for word in "$@"; do line="${line}[$word]"; done; '
    right = w.right(tokens=TOKENS, script=arguments + 'echo "$line$(env | grep ^OTK_ | sort | tr "\\n" " ")" >> "$0"')
    given = right.expect_one_run(w.knock_udp)
    words = (w.client.ipv4, right.user, right.command, "udp", str(right.chain.count), "")
    expected = "".join(f"[{word}]" for word in words)
    names = ("ADDRESS", "USER", "COMMAND", "CARRIER", "COUNT", "ARGUMENT")
    expected += "".join(sorted(f"OTK_{name}={word} " for name, word in zip(names, words)))
    assert given == expected, f"{given!r} is not {expected!r}"


@suite.case("nothing but OTK_* and PATH is in the environment")
def clean_environment(w):
    right = w.right(script='echo "$(tr "\\0" "\\n" </proc/$$/environ | cut -d= -f1 | grep -v ^OTK_ | tr "\\n" " ")" >> "$0"')
    given = right.expect_one_run(w.knock_udp).split()
    assert given == ["PATH"], given


@suite.case("it runs as the named user, with that user's groups, in /, and with nothing open but 0, 1 and 2")
def named_user(w):
    descriptors = 'for n in $(seq 0 200); do [ -e /proc/$$/fd/$n ] && open="$open $n"; done'
    right = w.right(script=descriptors + '; echo "$(id -u) $(id -g) $(id -G) $(pwd)$open" >> "$0"')
    nobody = pwd.getpwnam("nobody")
    groups = " ".join(map(str, os.getgrouplist("nobody", nobody.pw_gid)))
    given = right.expect_one_run(w.knock_udp)
    assert given == f"{nobody.pw_uid} {nobody.pw_gid} {groups} / 0 1 2", given
    privileged = w.right(script='id -u >> "$0"', of_command=("--as", "root"))
    assert privileged.expect_one_run(w.knock_udp) == "0"


@suite.case("exit code 0, another one, and a signal are told apart in the ledger")
def outcomes(w):
    for script, outcome, status in (("exit 0", "exited", 0), ("exit 7", "exited", 7), ("kill -TERM $$", "killed", 15)):
        right = w.right(script='echo run >> "$0"; ' + script)
        right.expect_one_run(w.knock_udp)
        row = right.newest_end()
        assert (row["outcome"], row["status"]) == (outcome, status), row


@suite.case("a program that has gone since is reported with the reason")
def not_started(w):
    program = f"{w.installation.directory}/gone"
    shutil.copy("/bin/true", program)
    w.installation.knockmgr("user", "add", "gone")
    w.installation.knockmgr("command", "add", "gone", "--exec", "--as", "nobody", "--", program)
    its_chain = world.chain.Chain()
    w.installation.knockmgr("grant", "add", "gone", "gone", "--token", its_chain.token())
    os.remove(program)
    value = its_chain.next()

    def rows():
        w.knock_udp(value)
        return [row["end"] for row in w.installation.log("--user", "gone") if row.get("end")]

    (row,) = wait.until(rows, "the failed start is in the ledger")
    assert row["outcome"] == "not started" and row["status"] == errno.ENOENT, row
    w.right().expect_one_run(w.knock_udp)


@suite.case("the time limit ends the whole process group, children included")
def time_limit(w):
    script = 'sleep 3600 & echo "$$ $!" >> "$0"; trap "" TERM; wait; sleep 3600'
    right = w.right(script=script, of_command=("--as", "nobody", "--limit", "1s"), warm=False)
    right.knock_until_it_runs()
    pids = [int(word) for word in right.runs()[0].split()]
    wait.until(lambda: not any(is_running(pid) for pid in pids), "the command and its child are gone")
    row = right.newest_end()
    assert row["outcome"] == "timed out", row


@suite.case("output and error output are kept, up to 64 KiB")
def output(w):
    right = w.right(script='echo "to output"; echo "to error" >&2; echo run >> "$0"')
    right.expect_one_run(w.knock_udp)
    said = w.installation.knockmgr("log", "--output", right.newest_end()["of"])
    assert "to output" in said and "to error" in said, said
    flood = w.right(script='head -c 300000 /dev/zero | tr "\\0" x; echo run >> "$0"')
    flood.expect_one_run(w.knock_udp)
    said = w.installation.knockmgr("log", "--output", flood.newest_end()["of"])
    assert 64_000 < said.count("x") <= 64 * 1024 + 100 and "truncated" in said, (said.count("x"), said[-200:])


def run_asleep(w, number):
    """A right of which so many runs sleep; one user may have twelve of the sixteen places."""
    sleeper = w.right(script='echo $$ >> "$0"; exec sleep 3600', of_command=("--as", "nobody", "--limit", "1h"), warm=False)
    sleeper.knock_until_it_runs()
    for running in range(2, number + 1):
        w.knock_udp(sleeper.chain.next())
        sleeper.wait_for_runs(running)
    return sleeper


def pids_of(sleepers):
    return [int(line) for sleeper in sleepers for line in sleeper.runs()]


@suite.case("many run at once and block nothing: a knock is accepted while fifteen sleep")
def at_once(w):
    sleepers = [run_asleep(w, 12), run_asleep(w, 3)]
    quick = w.right(warm=False)
    quick.knock_until_it_runs()
    pids = pids_of(sleepers)
    assert len(pids) == 15 and all(is_running(pid) for pid in pids), pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


@suite.case("fifty knocks of five users in one burst: every one is run, once")
def burst(w):
    rights = [w.right(tokens=("{count}",)) for _ in range(5)]
    with w.client.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(10):  # of each: as many as the window has room for, however late the first is spent
            for right in rights:
                sender.sendto(right.chain.next(), (w.server.ipv4, 62201))
    for right in rights:
        right.wait_for_runs(11)
    w.settle()
    for right in rights:
        assert sorted(map(int, right.runs())) == list(range(right.chain.count, 100)), right.runs()


@suite.case("at the limit of running commands the next one waits for its turn, and then runs")
def at_the_limit(w):
    first, second = run_asleep(w, 12), run_asleep(w, 4)
    begin = w.daemon.log_size()
    w.knock_udp(second.chain.next())
    w.daemon.wait_for_log(f"knock {second.chain.count} from {w.client.ipv4} (unproven) by udp: accepted", begin)
    assert len(pids_of([first, second])) == 16 and len(w.daemon.commands()) == 16, w.daemon.commands()
    os.kill(pids_of([first])[0], signal.SIGKILL)
    second.wait_for_runs(5)
    for pid in pids_of([first])[1:] + pids_of([second]):
        os.kill(pid, signal.SIGKILL)


@suite.case("who, what, from where, by which carrier, which knock and how it ended: knockmgr log")
def who_and_what(w):
    right = w.right()
    right.expect_one_run(w.knock_udp)
    right.newest_end()
    said = w.installation.knockmgr("log", "--user", right.user)
    for word in (right.user, right.command, w.client.ipv4, "udp", str(right.chain.count)):
        assert word in said, f"{word} is missing in:\n{said}"
    row = right.rows("accepted")[-1]
    facts = (row["user"], row["command"], row["source"], row["carrier"], row["number"])
    assert facts == (right.user, right.command, w.client.ipv4, "udp", right.chain.count), row


if __name__ == "__main__":
    suite.main()
