"""What a Tab does in bash, zsh and fish.

    tests/completion/test_shells.py SHELL SCRIPTS KNOCKMGR KNOCKGEN KNOCKD

SCRIPTS: the folder of the scripts as meson makes them.
"""

import contextlib
import os
import re
import shutil
import sqlite3
import stat
import sys
import tempfile

sys.path.insert(1, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import shells  # noqa: E402
from scene import Scene  # noqa: E402
from tap import Skip, expect, expect_in, run_all  # noqa: E402

SHELL = {"bash": shells.Bash, "zsh": shells.Zsh, "fish": shells.Fish}[sys.argv[1]]
SCRIPT = {"bash": "{}", "zsh": "_{}", "fish": "{}.fish"}[sys.argv[1]]
PLACE = {"bash": "bash-completion/completions", "zsh": "zsh/site-functions", "fish": "fish/vendor_completions.d"}[sys.argv[1]]
PROGRAMS = {os.path.basename(path): os.path.abspath(path) for path in sys.argv[3:]}


@contextlib.contextmanager
def keyboard(name, home, program=None, by_name=False, **settings):
    base = tempfile.mkdtemp(prefix="otk-completion-")
    os.chmod(base, 0o755)
    folder = f"{base}/{PLACE}"
    os.makedirs(folder)
    if by_name:
        settings["loads"] = base
        os.mkdir(f"{base}/bin")  # fish loads nothing for a program that is not there
        for program_there in (name, "sudo"):
            os.symlink("/bin/false", f"{base}/bin/{program_there}")
        settings["environment"] = {**settings.get("environment", {}), "PATH": f"{base}/bin:{os.environ['PATH']}"}
    try:
        script = shells.instance(os.path.join(sys.argv[2], SCRIPT.format(name)), program or PROGRAMS[name], folder)
        with SHELL(script, home, **settings) as shell:
            yield shell
    finally:
        shutil.rmtree(base)


@contextlib.contextmanager
def knockmgr(**settings):
    with Scene(PROGRAMS["knockmgr"], PROGRAMS["knockgen"]) as scene:
        with keyboard("knockmgr", scene.home, environment={"OTK_DIR": scene.dir}, **settings) as shell:
            yield shell, scene


@contextlib.contextmanager
def knockgen():
    with Scene(PROGRAMS["knockmgr"], PROGRAMS["knockgen"]) as scene, keyboard("knockgen", scene.home) as shell:
        yield shell, scene


def same(got, *wanted):
    expect(sorted(word.rstrip("/") for word in got), sorted(wanted))


def test_subcommands():
    """subcommands, of one word and of two"""
    with knockmgr() as (shell, _):
        same(shell.offers("knockmgr u"), "user")
        same(shell.offers("knockmgr user "), "add", "disable", "enable", "list", "remove", "show")
        same(shell.offers("knockmgr grant re"), "remove", "renew", "resync")
        same(shell.offers("knockmgr doors c"), "close")
        same(shell.offers("knockmgr nothing "))
    with knockgen() as (shell, _):
        same(shell.offers("knockgen s"), "send", "sheet")
        same(shell.offers("knockgen profile "), "add", "list", "remove", "set", "show")


def test_descriptions():
    """zsh and fish show what each word is, bash the words alone"""
    if SHELL is shells.Bash:
        with knockmgr() as (shell, _):
            seen = shell.shows("knockmgr user ")
            assert "disable" in seen and "add a user" not in seen, seen
        return
    with knockmgr() as (shell, _):
        seen = shell.shows("knockmgr user ")
        assert re.search(r"\badd\b.*\badd a user\b", seen), seen
        seen = shell.shows("knockmgr grant list ")
        assert re.search(r"\bberta\b.*\bdisabled\b", seen), seen
        seen = shell.shows("knockmgr command show ")
        assert re.search(r"\bssh\b.*\bopens 22/tcp for 1m\b", seen), seen
    with knockgen() as (shell, _):
        seen = shell.shows("knockgen send ")
        assert re.search(r"\bhome\b.*\bssh at 192.0.2.7\b", seen), seen
        seen = shell.shows("knockgen list --form ")
        assert re.search(r"\bhex\b.*\bdefault\b", seen), seen


def test_options():
    """options, those that stand already left out"""
    with knockmgr() as (shell, _):
        same(shell.offers("knockmgr grant list --"), "--dir", "--help", "--json", "--user")
        same(shell.offers("knockmgr grant list --json --user anna --"), "--dir", "--help")
        same(shell.offers("knockmgr grant set anna ssh --from 192.0.2.0/24 --fr"), "--from")
        same(shell.offers("knockmgr status "), "--dir", "--help", "--json")
        same(shell.offers("knockmgr --d"), "--dir")
    with keyboard("knockd", "/") as shell:
        same(shell.offers("knockd "), "--check", "--config", "--dir", "--help", "--read", "--version")


def test_values():
    """values of options, behind a blank, behind = and after a letter"""
    with knockgen() as (shell, _):
        same(shell.offers("knockgen list --form "), "base32", "hex", "words")
        same(shell.offers("knockgen list -f h"), "hex")
        same(shell.offers("knockgen list --algorithm sh"), "sha1", "sha256")
        same(shell.offers("knockgen send home --via i"), "icmp")
        expect(len(shell.offers("knockgen list --form=")), 3)
        expect(shell.offers("knockgen list --form=b"), ["--form=base32"])
        expect(shell.offers("knockgen 'list' \"--form\" w"), ["words"])
    with knockmgr() as (shell, _):
        same(shell.offers("knockmgr grant set anna ssh --address c"), "claim")
        same(shell.offers("knockmgr grant set anna ssh --carriers udp,i"), "udp,icmp")
        same(shell.offers("knockmgr grant set anna ssh --expires "), "none")
        same(shell.offers("knockmgr grant set anna ssh --zone Europe/Berli"), "Europe/Berlin")
        same(shell.offers("knockmgr command add x --exec --as nobod"), "nobody")


def test_names():
    """users, commands, grants and server keys of policy.db"""
    with knockmgr() as (shell, _):
        same(shell.offers("knockmgr user show "), "anna", "anton", "berta")
        same(shell.offers("knockmgr user show an"), "anna", "anton")
        same(shell.offers("knockmgr user add an"))
        same(shell.offers("knockmgr command show "), "ssh", "ssh-done", "wake")
        same(shell.offers("knockmgr grant show anna "), "ssh")
        same(shell.offers("knockmgr grant show anton "))
        same(shell.offers("knockmgr grant add anna "), "ssh-done", "wake")
        same(shell.offers("knockmgr grant add anna wake --generate --an"))
        same(shell.offers("knockmgr doors close anna "), "ssh")
        same(shell.offers("knockmgr command add x --close "), "ssh")
        same(shell.offers("knockmgr log --user a"), "anna", "anton")
        expect(shell.offers("knockmgr log --user=b"), ["--user=berta"])
        same(shell.offers("knockmgr key end "), "1", "2")


def test_profiles():
    """profiles of whoever types, also one that is broken"""
    with knockgen() as (shell, scene):
        same(shell.offers("knockgen send "), "home", "office")
        same(shell.offers("knockgen profile show o"), "office")
        same(shell.offers("knockgen dynamic --json h"), "home")
        same(shell.offers("knockgen profile add "))
        with open(f"{scene.home}/.config/otk/home.profile", "w", encoding="ascii") as file:
            file.write("nothing")
        same(shell.offers("knockgen send "), "home", "office")
        shutil.rmtree(f"{scene.home}/.config")
        same(shell.offers("knockgen send "))


def test_files():
    """files and directories are the shell's own business"""
    with knockgen() as (shell, _):
        expect(shell.typed("knockgen token --key sheet2").strip(), "knockgen token --key sheet2.txt")
        expect(shell.typed("knockgen token --key sheet\\ ").strip(), "knockgen token --key sheet\\ 1.txt")
        expect(shell.typed("knockgen token --key=sheet2").strip(), "knockgen token --key=sheet2.txt")
        expect(shell.typed("knockgen key show de").strip(), "knockgen key show deep/")
    with keyboard("knockd", "/") as shell:
        expect(shell.typed("knockd --dir /et").strip(), "knockd --dir /etc/")
        expect(shell.typed("knockd --read /etc/passw").strip(), "knockd --read /etc/passwd")
    with knockmgr() as (shell, _):
        expect(shell.typed("knockmgr command add x --exec -- /bin/no-such").rstrip(), "knockmgr command add x --exec -- /bin/no-such")
        expect(shell.typed("knockmgr command add x --exec -- /etc/passw").strip(),
               "knockmgr command add x --exec -- /etc/passwd")


def test_typing():
    """a Tab completes what is clear and puts a blank behind it"""
    with knockmgr() as (shell, _):
        expect(shell.typed("knockmgr us"), "knockmgr user ")
        expect(shell.typed("true; X=1 knockmgr user show b"), "true; X=1 knockmgr user show berta ")
        expect(shell.typed("knockmgr log --user=b"), "knockmgr log --user=berta ")
        expect(shell.typed("knockmgr user show an").rstrip(), "knockmgr user show an")


def test_dir():
    """--dir says where names come from, also in quotes"""
    with Scene(PROGRAMS["knockmgr"], PROGRAMS["knockgen"]) as scene, keyboard("knockmgr", scene.home) as shell:
        moved = f"{scene.dir} of 'mine'"
        os.rename(scene.dir, moved)
        os.symlink(moved, scene.dir)
        same(shell.offers(f"knockmgr --dir {scene.dir} user show b"), "berta")
        same(shell.offers(f"knockmgr user show --dir {scene.dir} b"), "berta")
        same(shell.offers(f"knockmgr user show --dir={scene.dir} b"), "berta")
        same(shell.offers(f"knockmgr user show --dir \"{moved}\" b"), "berta")
        if SHELL is not shells.Fish:  # its harness cuts lines at blanks; the words are fish's own anyway
            same(shell.offers("knockmgr user show --dir " + re.sub(r"([ '])", r"\\\1", moved) + " b"), "berta")


def test_nothing_is_evaluated():
    """what is typed is not run, and what is offered could not be"""
    with knockmgr() as (shell, scene):
        trap = f"{scene.home}/trap"
        for word in (f"$(touch {trap})", f"`touch {trap}`", f";touch {trap};", f"'$(touch {trap})", f"a[$(touch {trap})]",
                     f"--user=$(touch {trap})"):
            for line in (f"knockmgr user show {word}", f"knockmgr --dir {word} user show "):
                with contextlib.suppress(AssertionError):  # a line of many words: what is offered for it is not the point
                    shell.offers(line)
                assert not os.path.exists(trap), f"{line!r} was run"
        connection = sqlite3.connect(f"{scene.dir}/policy/policy.db")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for name in ("a$(touch trap)", "a`touch trap`", "a;touch trap", "a b", "a'b", 'a"b', "a\nb", "a\x1b[2J", "a&b", "a*"):
            connection.execute("INSERT INTO user (name, enabled) VALUES (?, 1)", (name,))
        connection.commit()
        connection.close()
        same(shell.offers("knockmgr user show a"), "anna", "anton")
        assert not os.path.exists(trap)


def test_hostile_profiles():
    """files that are no profiles are not offered, whatever their names, nor what they say shown as it is"""
    with knockgen() as (shell, scene):
        for name in ("$(touch trap)", "`touch trap`", "a b", "-rf", "Home", "..", "x\ny"):
            shutil.copy(f"{scene.home}/.config/otk/home.profile", f"{scene.home}/.config/otk/{name}.profile")
        os.mkdir(f"{scene.home}/.config/otk/folder.profile")
        os.mkfifo(f"{scene.home}/.config/otk/pipe.profile")
        same(shell.offers("knockgen send "), "folder", "home", "office", "pipe")
        assert not os.path.exists(f"{scene.home}/trap")


def test_nothing_to_read():
    """without an installation, with a damaged one, and with one that is a pipe, there are no names and no messages"""
    with knockmgr() as (shell, scene):
        policy = f"{scene.dir}/policy/policy.db"
        with open(policy, "r+b") as file:
            file.truncate(5000)
        same(shell.offers("knockmgr user show "))
        with open(policy, "wb") as file:
            file.write(b"no database" * 1000)
        same(shell.offers("knockmgr user show "))
        os.unlink(policy)
        os.mkfifo(policy)
        same(shell.offers("knockmgr user show "))
        shutil.rmtree(scene.dir)
        same(shell.offers("knockmgr user show "))
        same(shell.offers("knockmgr user "), "add", "disable", "enable", "list", "remove", "show")
        seen = shell.shows("knockmgr user show ")
        assert "policy" not in seen and "rror" not in seen, seen


def test_unreadable():
    """a policy.db that the caller may not read is no policy.db"""
    if os.geteuid() != 0:
        raise Skip("only root can become somebody else")
    with Scene(PROGRAMS["knockmgr"], PROGRAMS["knockgen"]) as scene:
        os.chmod(scene.home, 0o777)
        program = f"{scene.home}/knockmgr"  # the build tree need not be open to everybody
        shutil.copy(PROGRAMS["knockmgr"], program)
        with keyboard("knockmgr", scene.home, program, environment={"OTK_DIR": scene.dir}, account="bin") as shell:
            same(shell.offers("knockmgr user s"), "show")
            same(shell.offers("knockmgr user show "))
            os.chmod(scene.dir, 0o755)
            os.chmod(f"{scene.dir}/policy", 0o755)
            os.chmod(f"{scene.dir}/policy/policy.db", 0o644)
            before = scene.policy_files()
            same(shell.offers("knockmgr user show "), "anna", "anton", "berta")
            expect(scene.policy_files(), before)


def test_changes_nothing():
    """neither policy.db nor anything beside it is made or changed, with another program at it and without"""
    with knockmgr() as (shell, scene):
        before = scene.policy_files()
        expect(list(before), ["policy.db"])
        same(shell.offers("knockmgr user show b"), "berta")
        expect(scene.policy_files(), before)
        connection = sqlite3.connect(f"{scene.dir}/policy/policy.db")
        connection.execute("INSERT INTO user (name, enabled) VALUES ('bert', 1)")
        connection.commit()
        before = scene.policy_files()
        expect(list(before), ["policy.db", "policy.db-shm", "policy.db-wal"])
        same(shell.offers("knockmgr user show b"), "bert", "berta")
        connection.execute("BEGIN IMMEDIATE")  # somebody is in the middle of a change
        connection.execute("INSERT INTO user (name, enabled) VALUES ('bertram', 1)")
        same(shell.offers("knockmgr user show b"), "bert", "berta")
        connection.execute("ROLLBACK")
        after = scene.policy_files()
        for name in ("policy.db", "policy.db-wal"):
            expect((name, after[name]), (name, before[name]))
        connection.close()


def test_of_somebody_else():
    """root's Tab does not read a database that somebody else made"""
    if os.geteuid() != 0:
        raise Skip("only root can give a file away")
    with knockmgr() as (shell, scene):
        os.chown(f"{scene.dir}/policy/policy.db", 65534, 65534)
        same(shell.offers("knockmgr user show "))


def test_whatever_is_typed_runs():
    """a Tab runs the installed program, not the one that was typed"""
    with knockmgr() as (shell, scene):
        program = f"{scene.home}/knockmgr"
        with open(program, "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\ntouch {scene.home}/trap\n")
        os.chmod(program, stat.S_IRWXU)
        expect(shell.typed("./knockmgr us"), "./knockmgr user ")
        shell.offers("./knockmgr us")
        assert not os.path.exists(f"{scene.home}/trap")


def test_by_name():
    """the shell finds the script by the program's name where it is installed, also behind sudo"""
    with knockmgr(by_name=True) as (shell, _):
        same(shell.offers("knockmgr user show b"), "berta")
        same(shell.offers("sudo knockmgr user show b"), "berta")


run_all(globals())
