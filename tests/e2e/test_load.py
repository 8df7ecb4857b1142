#!/usr/bin/python3
"""Correctness under load, by counts and never by times: 100,000 knocks among ten times as much garbage, read from a file and
heard on a veth; every one is honoured once, whatever is killed meanwhile."""

import collections
import os
import re
import signal
import subprocess

from otk_e2e import chain, load, tap, wait

CLOSERS, RUNNERS = 1960, 40  # whose command runs no process, and whose command adds a line to a file
ROUNDS = 50                  # each is one knock of everybody
KNOCKS = (CLOSERS + RUNNERS) * ROUNDS
GARBAGE = 10                 # packets for each knock
LENGTH = ROUNDS + 10         # some more, for what comes after
RATE = 100_000               # packets a second, which any machine takes: nothing here is about speed


class LoadedWorld(load.World):
    def __init__(self, undo):
        super().__init__(undo)
        self.members = load.populate(self, CLOSERS, LENGTH, load.closing_command(self))
        self.file = f"{self.installation.directory}/runs"
        with open(self.file, "wb"):
            os.chmod(self.file, 0o666)  # the command runs as nobody
        script = 'echo "$1 $2" >> "$0"'
        self.installation.knockmgr("command", "add", "note", "--exec", "--as", "nobody", "--", "/bin/sh", "-c", script, self.file,
                                   "{user}", "{count}")
        self.runners = [self.runner(f"runner{number}") for number in range(RUNNERS)]
        self.members += self.runners

    def runner(self, user):
        its_chain = chain.Chain(length=LENGTH)
        self.installation.knockmgr("user", "add", user)
        self.installation.knockmgr("grant", "add", user, "note", "--token", its_chain.token())
        return load.Member(user, its_chain)

    def next_round(self):
        """One knock of everybody: (user, count) -> value, the runners among the others."""
        everybody = self.members[::7] + [member for at, member in enumerate(self.members) if at % 7]
        values = [(member, member.chain.next()) for member in everybody]
        return {(member.user, member.chain.count): value for member, value in values}

    def ran(self):
        with open(self.file, encoding="ascii") as file:
            return [(user, int(count)) for user, count in map(str.split, file)]

    def send(self, knocks, **options):
        load.flood(self, len(knocks) * (GARBAGE + 1), knocks.values(), rate=RATE, **options)


suite = tap.Suite(LoadedWorld)


def expect_falling(knocks):
    """The counts of each user fall by one, from the first knock of the chain."""
    counts = collections.defaultdict(list)
    for user, count in knocks:
        counts[user].append(count)
    assert len(counts) == CLOSERS + RUNNERS, len(counts)
    for user, seen in counts.items():
        assert seen == list(range(LENGTH - 1, LENGTH - 1 - len(seen), -1)), (user, seen)


def expect_none_twice(what):
    twice = [each for each, times in collections.Counter(what).items() if times > 1]
    assert not twice, f"{len(twice)} of {len(what)} twice or more: {twice[:10]}"


@suite.case(f"--read: {KNOCKS} knocks in a file of {KNOCKS * (GARBAGE + 1)} frames, each with its verdict, in their order")
def from_file(w):
    knocks = [knock for _ in range(ROUNDS) for knock in w.next_round().items()]
    path = f"{w.installation.directory}/load.pcap"
    load.write_pcap(w, path, KNOCKS * (GARBAGE + 1), [value for _, value in knocks])
    said = subprocess.run([w.installation.programs["knockd"], "--dir", w.installation.state, "--read", path], check=True,
                          stdout=subprocess.PIPE, text=True, timeout=load.BLAST_LIMIT).stdout
    os.remove(path)
    *lines, summary = said.splitlines()
    verdicts = [re.search(r"(\S+)/\S+: knock (\d+) .*: would be accepted \(row \d+\)$", line) for line in lines]
    assert all(verdicts), f"lines that are no verdict: {[line for line, found in zip(lines, verdicts) if not found][:10]}"
    accepted = [(found.group(1), int(found.group(2))) for found in verdicts]
    assert accepted == [knock for knock, _ in knocks], "not the knocks that were written, in their order"
    expect_falling(accepted)
    frames = KNOCKS * (GARBAGE + 1)
    assert f"{frames} frames, 0 not read, {KNOCKS * GARBAGE} noise, {KNOCKS} accepted" in summary, summary


def honour(w, journal, knocks, lost_before=0):
    """Sends them among garbage until each is honoured. Where some are not, the kernel must have dropped packets and counted
    them; those knocks are sent again."""
    w.send(knocks)
    lines = 0

    def all_that_arrived():
        nonlocal lines
        before, lines = lines, len(journal.read())
        if set(knocks) <= journal.honoured:
            return True
        counted = lines == before and load.daemon_status(w)["counters"]  # looked at only where nothing comes any more
        return counted and counted["packets_lost"] > lost_before and sum_of(counted) >= w.sent

    wait.until(all_that_arrived, lambda: f"{len(set(knocks) - journal.honoured)} of {len(knocks)} knocks are not honoured;"
                                         f" {w.sent} packets were sent, knockd says {load.daemon_status(w)}")
    if set(knocks) <= journal.honoured:
        return
    w.settle()
    journal.read()
    missing = {knock: value for knock, value in knocks.items() if knock not in journal.honoured}
    lost = load.daemon_status(w)["counters"]["packets_lost"]
    assert len(missing) <= lost - lost_before, f"{len(missing)} knocks are missing, {lost - lost_before} packets were lost"
    if missing:
        honour(w, journal, missing, lost)


def sum_of(counters):
    return counters["packets_seen"] + counters["packets_lost"]


@suite.case(f"through a veth: {KNOCKS} knocks among {KNOCKS * GARBAGE} packets of garbage; all are seen or counted as lost, each"
            " is honoured once")
def from_veth(w):
    for member in w.members:
        member.chain.count = LENGTH  # nothing is spent yet
    w.start()
    journal, begin = load.Journal(w), load.Counted(w)
    for _ in range(ROUNDS):
        honour(w, journal, w.next_round())
    assert len(journal.honoured) == KNOCKS, len(journal.honoured)
    counted = begin.when_judged()
    if counted["packets_lost"] == 0:
        assert counted["noise"] == KNOCKS * GARBAGE and counted["hits"] == KNOCKS, counted
    assert counted["spent"] >= KNOCKS and counted["spent"] == counted["accepted"] and counted["not_spent"] == 0, counted
    wait.until(lambda: len(w.ran()) >= RUNNERS * ROUNDS, lambda: f"{RUNNERS * ROUNDS} runs; there were {len(w.ran())}")
    w.daemon.stop()
    expect_books(w, ROUNDS, interrupted=False)


def expect_books(w, rounds, interrupted):
    """The ledger, the file of the runs and the chains tell the same story."""
    ledger = load.Ledger(w)
    users = {member.user for member in w.members}
    accepted = [(user, count) for _, user, count, _ in ledger.accepted if user in users]
    expect_falling(accepted)
    assert len(accepted) == len(users) * rounds, len(accepted)
    assert ledger.open_commands == 0, f"{ledger.open_commands} accepted knocks have no end"

    ran = w.ran()
    expect_none_twice(ran)
    have_run = set(ran)
    assert have_run <= set(accepted), "runs of knocks that the ledger does not know"
    runners = {member.user for member in w.runners}
    outcomes = collections.Counter()
    for row, user, count, _ in ledger.accepted:
        (end,) = ledger.ends[row]  # each has one
        if user not in users:
            continue
        outcomes[end[:2]] += 1
        kind, outcome, status = end
        if kind == load.INTERRUPTED:
            continue
        assert (outcome, status) == ((load.EXITED if user in runners else load.CLOSED), 0), (row, user, count, end)
        assert user not in runners or (user, count) in have_run, f"knock {count} of {user} did not run, says row {row}"
    cut_off = sum(times for (kind, _), times in outcomes.items() if kind == load.INTERRUPTED)
    assert interrupted or cut_off == 0, f"{cut_off} knocks are told as interrupted, and nothing was"
    assert len(ran) + cut_off >= len(runners) * rounds, f"{len(ran)} runs, {cut_off} interrupted of {len(runners) * rounds}"
    said = w.installation.knockmgr("log", "--verify")
    assert w.installation.exit_code == 0, said


def kill_in_the_middle(w, journal, name):
    """SIGKILL while a round of knocks is under way; then the round again, as users do, until all of it is spent."""
    knocks = w.next_round()
    flood = load.Blast(w, len(knocks) * (GARBAGE + 1), knocks.values(), rate=RATE // 5)
    before, cut_off_before = len(journal.honoured), len(journal.cut_off)
    victim = w.daemon.helper(name)
    wait.until(lambda: journal.read() and len(journal.honoured) > before + len(knocks) // 10, "the round is under way")
    assert flood.going_on(), "the flood was over before the kill"
    os.kill(victim, signal.SIGKILL)
    assert len(journal.honoured) < before + len(knocks)
    flood.end()
    wait.until(lambda: w.daemon.children().get(name, victim) != victim, f"{name} is started again")

    def not_spent():
        journal.read()
        cut_off = set(journal.cut_off[cut_off_before:])
        return {knock for knock in knocks if knock not in journal.honoured and knock[0] not in cut_off}

    def all_spent():
        w.send(knocks)
        w.settle()
        return not not_spent()

    wait.until(all_spent, lambda: f"these knocks of the round are neither honoured nor interrupted: {sorted(not_spent())[:20]}")


@suite.case("knockd-validate and knockd-capture are killed in the middle, again and again: none runs twice, each spent one has an"
            " end, all of the others still count")
def killed(w):
    w.start()
    journal = load.Journal(w)
    for name in ("knockd-validate", "knockd-capture") * 2:
        kill_in_the_middle(w, journal, name)
    honour(w, journal, w.next_round())
    w.settle()
    wait.until(lambda: load.daemon_status(w)["ends_waiting"] == 0, "all ends are in the ledger")
    w.daemon.stop()
    expect_books(w, LENGTH - w.members[0].chain.count, interrupted=True)


if __name__ == "__main__":
    suite.main()
