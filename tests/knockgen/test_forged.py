"""Forged profile lines: what somebody who rewrites the administrator's mail would like to be sent, and is not."""

import contextlib
import json
import os
import re

import harness
import homes
from harness import PASSPHRASE, expect, expect_in
from homes import SERVER_ID, Home, line
from office import Office


class Victim(Office):
    """Has knocked a few times; somebody else listens at another port."""

    def __init__(self, undo):
        super().__init__(undo)
        self.stranger = homes.Port(undo)
        for _ in range(3):
            expect(self.send().returncode, 0)
        self.numbers()
        self.word = self.home.check_word(self.key)
        self.other_word = "ABE" if self.word != "ABE" else "BAD"
        self.before = self.home.said("profile", "show", "office")

    def forged(self, **fields):
        return line(**{"udp": self.stranger.number, "check": self.word, **fields})

    def expect_nothing_given_away(self):
        expect(self.home.said("profile", "show", "office"), self.before)
        expect(self.stranger.packets(), [])
        expect(self.send().returncode, 0)
        expect(len(self.numbers()), 1)


def test_without_check():
    """a line without check= is no profile, and neither is a file that has such a one"""
    with contextlib.ExitStack() as undo:
        victim = Victim(undo)
        for name, options in (("office", ["--replace", "--yes", "--downgrade"]), ("other", [])):
            victim.home.refused(1, "lacks check=", "profile", "add", name, victim.forged(length=2, check=None), *options)
        victim.expect_nothing_given_away()
        with open(f"{victim.home.profiles}/office.profile", "w", encoding="ascii") as file:
            file.write(victim.forged(length=2, check=None) + "\n")
        expect_in("lacks check=", victim.send().stderr.decode())
        expect(victim.stranger.packets(), [])


def test_check_word_stays():
    """another check word for the chain of a profile is refused, whatever is said with it, one of an earlier client's too"""
    with contextlib.ExitStack() as undo:
        victim = Victim(undo)
        every_option = ("--replace", "--yes", "--downgrade")
        for fields in ({}, {"length": 2}, {"signed": "no", "plain": "yes"}):
            victim.home.refused(1, f"knows it by {victim.word}", "profile", "add", "office", victim.forged(check=victim.other_word, **fields), *every_option)
        victim.expect_nothing_given_away()
        with open(f"{victim.home.states}/old.next", "w", encoding="ascii") as file:
            file.write("seed s9\nnext 20\nsent 21\ncheck ABE\n")
        with open(f"{victim.home.profiles}/old.profile", "w", encoding="ascii") as file:
            file.write(line(seed="s9", check=None) + "\n")
        victim.home.refused(1, "knows it by ABE", "profile", "add", "old", line(seed="s9", check="BAD"), *every_option)
        victim.home.said("profile", "add", "old", line(seed="s9", check="ABE"), "--replace", "--yes")


def test_changes_are_asked_about():
    """--replace shows every word that changes and the check words, and changes nothing without a terminal or --yes"""
    with contextlib.ExitStack() as undo:
        victim = Victim(undo)
        for field, value, shown in (
            ("host", "localhost", "127.0.0.1 -> localhost"), ("server", "ff" * 16, f"{SERVER_ID.hex()} -> {'ff' * 16}"),
            ("command", "door", "lights -> door"), ("dns", "k.example.org", "(nothing) -> k.example.org"),
            ("key", "01" * 32, f"(nothing) -> {'01' * 32}"), ("isn", "ignore", "(nothing) -> ignore"), ("icmp", "yes", "(nothing) -> yes"),
            ("plain", "yes", "no -> yes"), ("opens", "22/tcp", "(nothing) -> 22/tcp"), ("udp", victim.stranger.number, f"-> {victim.stranger.number}"),
        ):
            text = victim.forged(**{"udp": victim.port.number, field: value})
            said = victim.home.refused(1, "say --yes, too. Nothing was changed", "profile", "add", "office", text, "--replace")
            expect_in(shown, said)
            assert re.search(r"^Check words of the line:( [A-Z]+){6}$", said, re.MULTILINE), said
        victim.expect_nothing_given_away()
        victim.home.said("profile", "add", "office", victim.forged(udp=victim.port.number), "--replace")  # nothing changes


def test_options_elsewhere():
    """--replace, --yes and --downgrade are for add alone"""
    with contextlib.ExitStack() as undo:
        home = Home(undo)
        home.said("profile", "add", "office", line(udp=1))
        for words in (("list", "--yes"), ("show", "office", "--downgrade"), ("remove", "office", "--yes"), ("set", "office", "--next", 3, "--replace")):
            home.refused(2, "go with profile add", "profile", *words)


def test_downgrades():
    """a weaker algorithm, knocks that are not signed, a shorter chain take --downgrade, also under a name of their own"""
    with contextlib.ExitStack() as undo:
        victim = Victim(undo)
        weak = {"algorithm": "md5", "signed": "no", "plain": "yes"}
        for fields, because in (({"length": 2}, "length=2 is shorter than 30"), ({"length": 2, "seed": "s7"}, "length=2 is shorter"),
                                ({"signed": "no", "plain": "yes"}, "signed=no"), (weak, "algorithm=md5 is weaker than sha256"),
                                ({**weak, "seed": "s7"}, "algorithm=md5 is weaker than sha256")):
            text = victim.forged(**fields)
            said = victim.home.refused(1, "say --downgrade", "profile", "add", "office", text, "--replace", "--yes")
            expect_in(because, said)
            if fields.get("algorithm") or "seed" not in fields:
                expect_in(because, victim.home.refused(1, "say --downgrade", "profile", "add", "new", text))
        victim.home.refused(1, f"known with the check word {victim.word}", "profile", "add", "new", victim.forged(check=victim.other_word))
        victim.home.said("profile", "remove", "office")  # what was sent is remembered all the same
        expect_in("length=2 is shorter than 30", victim.home.refused(1, "--downgrade", "profile", "add", "new", victim.forged(length=2)))
        victim.home.refused(1, f"known with the check word {victim.word}", "profile", "add", "new", victim.forged(check=victim.other_word))
        expect(os.listdir(victim.home.profiles), [])
    with contextlib.ExitStack() as undo:
        home = Home(undo)
        home.said("profile", "add", "office", line(udp=1, address="yes"))
        home.refused(1, "no longer name the address", "profile", "add", "office", line(udp=1), "--replace", "--yes")
        # Of a chain of which nothing was sent yet, under another name:
        expect_in("length=2 is shorter than 30", home.refused(1, "say --downgrade", "profile", "add", "new", line(udp=1, length=2, address="yes")))
        home.refused(1, "known with the check word GLEN", "profile", "add", "new", line(udp=1, check="ABE", address="yes"))


LUCKY = ({"length": 2}, {"seed": "s7"}, {"seed": "s7", "length": 2}, {"signed": "no", "plain": "yes"})


def victim_of_luck(undo):
    """One of whose key each of these lines makes another word, as all but one key in some hundred do."""
    for _ in range(5):
        victim = Victim(undo)
        if len({victim.word, *(victim.home.check_word(victim.key, **fields) for fields in LUCKY)}) == 1 + len(LUCKY):
            return victim
    raise AssertionError("five keys made one word for two lines each")


def test_lucky_word():
    """a line whose check word fits by luck gets no knock of a chain that is in use under another length, seed or form"""
    with contextlib.ExitStack() as undo:
        victim = victim_of_luck(undo)
        for number, fields in enumerate(LUCKY):
            name = f"lucky{number}"
            victim.home.add(name, victim.key, "--downgrade", **{"udp": victim.stranger.number, **fields})
            said = victim.home.refused(1, "in use for a chain that is not as the profile says", "send", name, "--key", victim.key.path)
            expect_in("Nothing was sent", said)
        expect(victim.stranger.packets(), [])
        path = victim.chain_path()
        with open(path, encoding="ascii") as file:
            content = file.read()
        with open(path, "w", encoding="ascii") as file:  # as an earlier client left it
            file.write("".join(each + "\n" for each in content.splitlines() if each.split()[0] not in ("length", "signed", "key")))
        victim.home.refused(1, "in use for a chain", "send", "lucky0", "--key", victim.key.path)
        expect(victim.stranger.packets(), [])
        victim.expect_nothing_given_away()


def test_lucky_word_of_a_passphrase():
    """likewise for a passphrase, of which the state keeps no more than the eleven bits of the word"""
    with contextlib.ExitStack() as undo:
        home, port = Home(undo), homes.Port(undo)
        plain = {"udp": port.number, "signed": "no", "plain": "yes"}
        home.add("office", PASSPHRASE, **plain)
        home.said("send", "office", "-p", "-", "--copies", 1, typed=PASSPHRASE)
        home.add("lucky", PASSPHRASE, "--downgrade", length=2, **plain)
        port.packets()
        home.refused(1, "in use for a chain", "send", "lucky", "-p", "-", typed=PASSPHRASE)
        expect(port.packets(), [])
        files = [name for name in os.listdir(home.states) if name.endswith(".chain")]
        with open(f"{home.states}/{files[0]}", encoding="ascii") as file:
            keys = [each.split()[0] for each in file]
        expect((len(files), keys), (1, ["#", "seed", "length", "signed", "next", "sent", "check"]))


def words_said(said):
    return re.search(r"^check words of the line:((?: [A-Z]+){6})$", said, re.MULTILINE).group(1).strip()


def test_check_words_of_the_line():
    """add, show and --json tell the same six words; each word of the line changes them, order and blanks do not"""
    with contextlib.ExitStack() as undo:
        home = Home(undo)
        every_option = ("--replace", "--yes", "--downgrade")
        seen = set()
        for fields in ({}, {"host": "localhost"}, {"server": "ff" * 16}, {"command": "door"}, {"length": 31}, {"icmp": "yes"}, {"udp": 2},
                       {"seed": "s2"}, {"key": "01" * 32}, {"plain": "yes"}, {"address": "yes"}, {"signed": "no", "plain": "yes"},
                       {"algorithm": "md5", "signed": "no", "plain": "yes"}, {"dns": "k.example.org"}, {"seed": "s3", "check": "ABE"}):
            text = line(**{"udp": 1, **fields})
            words = words_said(home.said("profile", "add", "p", text, *every_option))
            expect_in(f"Line's words {words}\n", home.said("profile", "show", "p"))
            expect(json.loads(home.said("profile", "show", "p", "--json"))["check_words"], words)
            broken = "\n  ".join(["otk1-profile", *reversed(text.split()[1:])])
            expect(words_said(home.said("profile", "add", "p", broken, "--replace")), words)
            seen.add(words)
        expect(len(seen), 15)


if __name__ == "__main__":
    harness.run_all(dict(globals()))
