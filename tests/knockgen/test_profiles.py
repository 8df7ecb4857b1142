"""Profiles: kept for their owner alone, found by name and by host, never lost by mistake."""

import contextlib
import json
import os
import stat

import harness
import homes
from harness import expect, expect_in
from homes import Home, line


def test_add_and_show():
    """profile add keeps the line; show, list and --json tell it again; only the owner can look"""
    with contextlib.ExitStack() as undo:
        home = Home(undo)
        text = line(udp=62201, icmp="yes", dns="k.example.org", opens="22/tcp")
        home.said("profile", "add", "office", text, umask=0)
        expect_in(text + "\n", home.said("profile", "show", "office"))
        shown = json.loads(home.said("profile", "show", "office", "--json"))
        expect((shown["line"], shown["next"], shown["carriers"]), (text, homes.LENGTH - 1, ["udp", "icmp", "dns"]))
        expect(json.loads(home.said("profile", "list", "--json")), [shown])
        expect_in("lights", home.said("profile", "list"))
        expect(stat.S_IMODE(os.stat(home.profiles).st_mode), 0o700)
        expect(stat.S_IMODE(os.stat(f"{home.profiles}/office.profile").st_mode), 0o600)


def test_standard_input():
    """- reads the line from standard input, also one that a mail program broke"""
    with contextlib.ExitStack() as undo:
        home = Home(undo)
        text = line(udp=62201)
        home.said("profile", "add", "a", "-", typed=text.replace(" ", "\n  "))
        expect(json.loads(home.said("profile", "show", "a", "--json"))["line"], text)
        home.refused(1, "no profile", "profile", "add", "b", "-", typed="")
        home.refused(1, "no profile", "profile", "add", "b", "-", typed="x" * 100000)


def test_bad_lines():
    """a line that is no profile is refused, and nothing is kept"""
    with contextlib.ExitStack() as undo:
        home = Home(undo)
        for bad in ("", "hello", line(colour="red"), line(seed=None), line(check=None), line(length=1), line(server="00")):
            home.refused(1, "this is no profile", "profile", "add", "office", bad)
        expect(home.said("profile", "list"), "")
        for name in ("", "Office", "../x", "a/b", "x" * 33, "1a", "."):
            home.refused(2, "cannot be the name", "profile", "add", name, line())


def test_hosts_of_nobody():
    """a host that the system takes for a number, or the unspecified address, is no server's"""
    with contextlib.ExitStack() as undo:
        home = Home(undo)
        for host in ("0", "1", "127.1", "192.0.513", "3221225985", "0x7f000001", "0x7f.1", "0177.0.0.1", "00.0.0.0"):
            home.refused(1, "no address in full", "profile", "add", "office", line(host=host, udp=1))
        for host in ("0.0.0.0", "::", "0::0", "::%lo", "::ffff:0.0.0.0"):
            home.refused(1, "the unspecified address", "profile", "add", "office", line(host=host, udp=1))
        expect(home.said("profile", "list"), "")
        for host in ("192.0.2.1", "2001:db8::1", "fe80::1%eth0", "1.example.org", "a", "127.0.0.1", "::1"):
            home.said("profile", "add", "office", line(host=host, udp=1), "--replace", "--yes")
        with open(f"{home.profiles}/office.profile", "w", encoding="ascii") as file:
            file.write(line(host="0", udp=1) + "\n")
        for words in (("send", "office"), ("send", "office", "--dry-run")):
            home.refused(1, "knockgen: send: host=0 is no name", *words)
        assert not os.path.exists(home.states)


def test_replace():
    """another line needs --replace; the same chain goes on where it was, another one begins at its first knock"""
    with contextlib.ExitStack() as undo:
        home = Home(undo)
        key, port = home.key(), homes.Port(undo)
        home.add("office", key, udp=port.number)
        home.said("send", "office", "--key", key.path, "--copies", 1)
        home.refused(1, "--replace", "profile", "add", "office", line(udp=port.number, icmp="yes"))
        expect("icmp" in home.said("profile", "list"), False)
        home.add("office", key, "--replace", "--yes", udp=port.number, icmp="yes")
        expect("icmp" in home.said("profile", "list"), True)
        expect(json.loads(home.said("profile", "show", "office", "--json"))["next"], homes.LENGTH - 2)
        home.add("office", key, "--replace", "--yes", udp=port.number, seed="s2")
        expect(json.loads(home.said("profile", "show", "office", "--json"))["next"], homes.LENGTH - 1)


def test_remove():
    """a profile that is removed is gone; its numbers are not, should it come back"""
    with contextlib.ExitStack() as undo:
        home = Home(undo)
        key, port = home.key(), homes.Port(undo)
        home.add("office", key, udp=port.number)
        home.said("send", "office", "--key", key.path, "--copies", 1)
        home.said("profile", "remove", "office")
        home.refused(1, "no profile office", "profile", "show", "office")
        home.refused(1, "no profile office", "profile", "remove", "office")
        home.add("office", key, udp=port.number)
        expect(json.loads(home.said("profile", "show", "office", "--json"))["next"], homes.LENGTH - 2)


def test_found_by_host():
    """send takes a host for which there is one profile; of several it names the candidates"""
    with contextlib.ExitStack() as undo:
        home = Home(undo)
        home.refused(1, "there is no profile a", "send", "a", "--dry-run")
        home.said("profile", "add", "a", line(host="one.example.org", dns="k.example.org"))
        home.said("profile", "add", "b", line(host="two.example.org", dns="k.example.org"))
        home.said("profile", "add", "c", line(host="TWO.example.org", dns="k.example.org", command="door"))
        expect(json.loads(home.said("send", "One.Example.org.", "--dry-run", "--json"))["profile"], "a")
        said = home.refused(1, "several profiles", "send", "two.example.org", "--dry-run")
        expect_in("b (lights), c (door)", said)
        said = home.refused(1, "no profile three", "send", "three", "--dry-run")
        expect_in("a (lights), b (lights), c (door)", said)


def test_folders():
    """XDG_CONFIG_HOME and XDG_STATE_HOME move the files; without them and HOME the user is told what to set"""
    with contextlib.ExitStack() as undo:
        home = Home(undo)
        key, port = home.key(), homes.Port(undo)
        home.environment.update(XDG_CONFIG_HOME=f"{home.directory}/c", XDG_STATE_HOME=f"{home.directory}/s")
        home.add("office", key, udp=port.number)
        home.said("send", "office", "--key", key.path, "--copies", 1)
        assert os.path.exists(f"{home.directory}/c/otk/office.profile")
        expect(len([name for name in os.listdir(f"{home.directory}/s/otk") if name.endswith(".chain")]), 1)
        for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
            home.environment.pop(name)
        home.refused(1, "set HOME or XDG_CONFIG_HOME", "profile", "list")


def test_damaged():
    """a profile file that was damaged is an error that says how to mend it"""
    with contextlib.ExitStack() as undo:
        home = Home(undo)
        home.said("profile", "add", "office", line(udp=1))
        for content, how_to_mend in (("otk1-profile host=\n", "knockgen profile add office --replace"), (line(udp=1) + " " * 5000, "office.profile")):
            with open(f"{home.profiles}/office.profile", "w", encoding="ascii") as file:
                file.write(content)
            home.refused(1, how_to_mend, "send", "office")
            home.refused(1, "what changes is not known", "profile", "add", "office", line(udp=1), "--replace")
            home.said("profile", "add", "office", line(udp=1), "--replace", "--yes")
            home.said("send", "office", "--dry-run")


if __name__ == "__main__":
    harness.run_all(dict(globals()))
