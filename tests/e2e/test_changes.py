#!/usr/bin/python3
"""What an administrator changes takes effect in the running daemon, without a restart (DESIGN 8)."""

import json
import signal

from otk_e2e import tap, world

suite = tap.Suite(world.World)
MOST_WRITES = 60  # more than a small change makes


def in_force(w):
    """Returns when the daemon has taken up everything that knockmgr changed before: a grant added now works, and
    changes are seen in their order."""
    w.right()


def expect_refused(w, right, refusal):
    right.expect_no_run(w.knock_udp)
    row = right.rows("refused")[-1]
    assert row["refusal"] == refusal and row["number"] == right.chain.count, row


@suite.case("a user, a command and a grant that are disabled refuse and spend; enabled again they work")
def disable(w):
    for what in ("user", "command", "grant"):
        right = w.right()
        names = {"user": [right.user], "command": [right.command], "grant": [right.user, right.command]}[what]
        w.installation.knockmgr(what, "disable", *names)
        in_force(w)
        expect_refused(w, right, f"{what} disabled")
        w.installation.knockmgr(what, "enable", *names)
        in_force(w)
        right.expect_one_run(w.knock_udp)


@suite.case("a user, a command and a grant that are removed trigger nothing any more")
def remove(w):
    for what in ("user", "command", "grant"):
        right = w.right()
        names = {"user": [right.user], "command": [right.command], "grant": [right.user, right.command]}[what]
        w.installation.knockmgr(what, "remove", "--yes", *names)
        in_force(w)
        right.expect_no_run(w.knock_udp)


@suite.case("a grant that is added while knockd runs works")
def add(w):
    w.right().expect_one_run(w.knock_udp)


@suite.case("a grant with fewer carriers, other networks, or out of its time refuses and spends")
def rules(w):
    for options, refusal in ((("--carriers", "icmp,dns"), "carrier not allowed"),
                             (("--from", "198.51.100.0/24"), "source not allowed"),
                             (("--expires", "1h"), "expired"),
                             (("--not-before", "2090-01-01T00:00:00Z"), "not yet valid")):
        right = w.right()
        w.installation.knockmgr("grant", "set", right.user, right.command, *options)
        in_force(w)
        w.clock.advance(7200)
        expect_refused(w, right, refusal)


@suite.case("renewed, a grant takes knocks of its new chain only")
def renew(w):
    right = w.right()
    old, right.chain = right.chain, world.chain.Chain()
    w.installation.knockmgr("grant", "renew", right.user, right.command, "--token", right.chain.token())
    right.knock_until_it_runs()
    runs = len(right.runs())
    w.knock_udp(old.next())
    w.settle()
    assert len(right.runs()) == runs, "a knock of the old chain was executed"


@suite.case("bad input is refused with a reason, and nothing is changed")
def bad_input(w):
    knockmgr = w.installation.knockmgr
    used = w.right()
    before = knockmgr("user", "list"), knockmgr("command", "list"), knockmgr("grant", "list")
    weak = world.chain.Chain("md5", length=100_000)
    for words, code in (
            (("user", "add", "Anna Smith"), (1, 2)), (("user", "add", used.user), (1,)),
            (("user", "remove", "--yes", "nobody-here"), (1,)),
            (("command", "add", "relative", "--exec", "--as", "nobody", "--", "bin/true"), (1, 2)),
            (("command", "add", "token", "--exec", "--as", "nobody", "--", "/bin/echo", "x{address}"), (1, 2)),
            (("command", "add", "unknown", "--exec", "--as", "no-such-account", "--", "/bin/true"), (1, 2)),
            (("grant", "add", used.user, used.command, "--token", "otk1:sha256:100:x"), (1, 2)),
            (("grant", "add", used.user, used.command, "--token", used.chain.token()), (1,)),
            (("grant", "add", used.user, used.command, "--token", weak.token()), (1,)),
            (("user", "remove", used.user), (1,)),
            (("grant", "add", "nobody-here", used.command, "--generate"), (1,)), (("user",), (2,)), (("frobnicate",), (2,))):
        said = knockmgr(*words, expect=None)
        done = w.installation.exit_code
        assert done in code and len(said.strip()) > 10, (words, done, said)
    assert before == (knockmgr("user", "list"), knockmgr("command", "list"), knockmgr("grant", "list"))


@suite.case("knockmgr killed in the middle of each of its writes: the daemon is not deaf, and no change is half done")
def killed_writer(w):
    right = w.right()
    shim = {"LD_PRELOAD": w.installation.programs["test-die-at-write"]}
    for write in range(1, MOST_WRITES):
        name = f"victim{write}"
        w.installation.knockmgr("user", "add", name, expect=None, environment={**shim, "OTK_TEST_DIE_AT": str(write)})
        killed = w.installation.exit_code == -signal.SIGKILL
        right.expect_one_run(w.knock_udp)
        users = {user["name"] for user in json.loads(w.installation.knockmgr("user", "list", "--json"))}
        assert killed or name in users, f"knockmgr ended with {w.installation.exit_code} and added nobody"
        w.right().expect_one_run(w.knock_udp)
        if not killed:
            break
    assert 1 < write < MOST_WRITES - 1, f"{write} is not the number of writes of a change"


if __name__ == "__main__":
    suite.main()
