#!/usr/bin/python3
"""SIGTERM, SIGKILL of each process in turn, SIGHUP, a new start: no knock becomes valid again, none runs twice."""

import os
import signal

from otk_e2e import tap, wait, world
from otk_e2e.daemon import is_running

suite = tap.Suite(world.World)


def expect_spent(w, right, knocks):
    """None of them runs again, whatever happened to the processes."""
    runs = len(right.runs())
    for value in knocks:
        w.knock_udp(value)
    w.settle()
    assert len(right.runs()) == runs, "a spent knock was executed again"


@suite.case("SIGTERM ends all in order, with exit code 0, and leaves no process")
def terminate(w):
    right = w.right()
    pids = [w.daemon.process.pid, *w.daemon.children().values()]
    assert len(pids) == 3, w.daemon.children()
    begin = w.daemon.log_size()
    assert w.daemon.stop() == 0, w.daemon.log(begin)
    assert not any(is_running(pid) for pid in pids)
    w.daemon.start()
    right.expect_one_run(w.knock_udp)


@suite.case("a new start goes on where the last one ended")
def restart(w):
    right = w.right()
    right.expect_one_run(w.knock_udp)
    w.daemon.restart()
    expect_spent(w, right, [right.chain.current, right.chain.at(right.chain.count + 1)])
    right.expect_one_run(w.knock_udp)


def end_helper(w, name, signal_number):
    begin = w.daemon.log_size()
    before = w.daemon.children()
    victim = w.daemon.helper(name)
    os.kill(victim, signal_number)
    wait.until(lambda: w.daemon.children().get(name, victim) != victim, f"{name} is started again")
    wait.until(lambda: name in w.daemon.log(begin), lambda: f"the crash is in the log:\n{w.daemon.log(begin)}")
    return before


@suite.case("each helper ended by SIGKILL and SIGTERM: it is started again and said so, knocks work, spent ones stay spent")
def end_helpers(w):
    right = w.right()
    for name in ("knockd-capture", "knockd-validate"):
        for number in (signal.SIGKILL, signal.SIGTERM):
            right.knock_until_it_runs()
            end_helper(w, name, number)
            assert w.daemon.alive()
            expect_spent(w, right, [right.chain.current])
    right.expect_one_run(w.knock_udp)


@suite.case("who waits for a command and who makes such, killed: commands run, and both are there again")
def end_spares(w):
    right = w.right()
    for names in (["knockd-spare"], ["knockd-maker"], ["knockd-maker", "knockd-spare"]):
        before = wait.until(lambda: spares if len(spares := w.daemon.spares()) == 2 else None, "there is a spare")
        for name in names:
            os.kill(before[name], signal.SIGKILL)
        wait.until(lambda: not any(is_running(before[name]) for name in names), "they are gone")
        right.expect_one_run(w.knock_udp)
        after = wait.until(lambda: spares if len(spares := w.daemon.spares()) == 2 else None, "both are there again")
        assert all(after[name] != before[name] for name in names), (before, after)
    assert w.daemon.alive()


@suite.case("knockd itself killed: its helpers end with it, and a new one goes on")
def kill_monitor(w):
    right = w.right()
    right.expect_one_run(w.knock_udp)
    w.daemon.kill()
    w.daemon.start()
    expect_spent(w, right, [right.chain.current])
    right.expect_one_run(w.knock_udp)


@suite.case("killed again and again between knocks: none runs twice, and each accepted one ran or shows as interrupted")
def kill_often(w):
    right = w.right(tokens=("{count}",))
    used = []
    for turn in range(6):
        value = right.chain.next()
        used.append(right.chain.count)
        w.knock_udp(value)  # and at once, without waiting for what becomes of it:
        if turn % 3 == 2:
            w.daemon.kill()
            w.daemon.start()
        else:
            os.kill(w.daemon.helper(("knockd-capture", "knockd-validate")[turn % 3]), signal.SIGKILL)
        w.settle()
    ran = [int(run) for run in right.runs()]
    assert len(ran) == len(set(ran)), f"a knock ran twice: {ran}"
    accepted = {row["number"]: row["end"] and row["end"]["outcome"] for row in right.rows("accepted")}
    assert set(ran) <= set(accepted), f"runs of knocks that were never accepted: {ran}, {accepted}"
    silent = {number: end for number, end in accepted.items() if number not in ran}
    assert set(silent.values()) <= {"interrupted"}, f"accepted, not run, and nothing says why: {silent}"
    right.knock_until_it_runs()
    expect_spent(w, right, [right.chain.at(count) for count in used])


@suite.case("a command that the monitor's death cut off shows as interrupted")
def interrupted(w):
    script = 'echo $$ >> "$0"; exec sleep 3600'
    right = w.right(script=script, of_command=("--as", "nobody", "--limit", "1h"), warm=False)
    right.knock_until_it_runs()
    w.daemon.kill()
    try:
        os.kill(int(right.runs()[0]), signal.SIGKILL)
    except ProcessLookupError:
        pass  # it may end with the monitor, or outlive it: the ledger must say the same
    w.daemon.start()
    assert right.newest_end()["outcome"] == "interrupted", right.rows()
    assert len(right.rows("accepted")) == 1, right.rows()
    assert len(right.runs()) == 1, "an interrupted command was started again"


@suite.case("a command outlives the death of knockd-validate, and its end is in the ledger")
def outlives_validate(w):
    script = 'echo $$ >> "$0"; while [ ! -e "$0.go" ]; do sleep 0.05; done; echo finished'
    right = w.right(script=script, of_command=("--as", "nobody", "--limit", "1h"), warm=False)
    right.knock_until_it_runs()
    end_helper(w, "knockd-validate", signal.SIGKILL)
    with open(right.file + ".go", "wb"):
        pass
    assert right.newest_end()["outcome"] == "exited" and len(right.runs()) == 1, right.rows()


@suite.case("SIGHUP with a good configuration takes it up, with a bad one keeps the old one and says why")
def reload(w):
    right = w.right()
    begin = w.daemon.log_size()
    w.installation.write_configuration("[accept]\nwindow = 999\n")
    w.daemon.process.send_signal(signal.SIGHUP)
    wait.until(lambda: "otk.toml:2" in w.daemon.log(begin), lambda: f"file and line are named:\n{w.daemon.log(begin)}")
    right.expect_one_run(w.knock_udp)
    w.installation.configure({**world.CONFIGURATION, "udp": {"ports": [62201, 4321]}})
    w.daemon.process.send_signal(signal.SIGHUP)
    right.knock_until_it_runs(lambda value: world.packets.send_udp(w.client, w.server.ipv4, value, 4321))


@suite.case("SIGHUP while knocks arrive: each one that was accepted runs")
def reload_under_way(w):
    rights = [w.right(tokens=("{count}",)) for _ in range(5)]
    for _ in range(6):
        for right in rights:
            w.knock_udp(right.chain.next())  # and at once, without waiting for what becomes of them:
        w.daemon.process.send_signal(signal.SIGHUP)
        w.settle()
    for right in rights:
        accepted = {row["number"] for row in right.rows("accepted")}
        ran = [int(run) for run in right.runs()]
        assert sorted(ran) == sorted(accepted), f"accepted {sorted(accepted)}, ran {sorted(ran)}"


@suite.case("SIGHUP with an interface or an account that is not there keeps the old configuration")
def reload_without_world(w):
    right = w.right()
    for section, key, value in (("capture", "interfaces", ["nosuch0"]), ("users", "validate", "nosuchuser")):
        begin = w.daemon.log_size()
        w.installation.configure({**world.CONFIGURATION, section: {key: value}})
        w.daemon.process.send_signal(signal.SIGHUP)
        name = value if isinstance(value, str) else value[0]
        wait.until(lambda begin=begin, name=name: f"no {'user' if key == 'validate' else 'interface'} {name}" in w.daemon.log(begin),
                   lambda begin=begin: f"it is named:\n{w.daemon.log(begin)}")
        right.expect_one_run(w.knock_udp)
    w.installation.configure(world.CONFIGURATION)


@suite.case("a configuration with an unknown key, or none at all, is refused at start with file, line and column")
def bad_start(w):
    w.daemon.stop()
    w.installation.write_configuration("[udp]\nprots = [62201]\n")
    said = w.installation.call("knockd", "--dir", w.installation.state, expect=1)
    assert "otk.toml:2:1" in said and "prots" in said, said
    os.remove(f"{w.installation.state}/otk.toml")
    said = w.installation.call("knockd", "--dir", w.installation.state, expect=1)
    assert "otk.toml" in said, said


if __name__ == "__main__":
    suite.main()
