"""The files that numbers are kept in: one for each chain, refused when they are damaged."""

import contextlib
import os

import harness
from harness import expect, expect_in
from homes import LENGTH
from office import Office, next_set


def test_damaged():
    """a state that knockgen did not write is an error that says what to do"""
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        expect(office.send().returncode, 0)
        office.numbers()
        path = f"{office.home.states}/office.next"
        for content in ("", "next 5\n", "seed s1\n", "seed s1\nnext -1\n", "seed s1\nnext 5\nmore 1\n",
                        "seed s1\nnext 5\ncheck NOSUCHWORD\n", "seed s1\nnext 5\nsent x\n", "x" * 10000):
            with open(path, "w", encoding="ascii") as file:
                file.write(content)
            result = office.send()
            expect((content, result.returncode, office.numbers()), (content, 1, []))
            expect_in(path, result.stderr.decode())
            if len(content) < 4096:
                expect_in("knockgen profile set office --next N", result.stderr.decode())
        os.remove(path)
        expect(next_set(office, 12, "--skip").returncode, 0)
        expect(office.send().returncode, 0)
        expect((office.numbers(), office.home.next_of("office")), ([12], 11))


DAMAGES = [
    "", "\n", "next 5\n", "seed s1\n", "seed s1\nnext -1\n", "seed s1\nnext 5\nmore 1\n", "seed s1\n\nnext 5\n",
    "seed s1\nnext 5\ncheck NOSUCHWORD\n", "seed s1\nnext 5\nsent x\n",
    "seed s1\nlength 30\nnext 5\n", "seed s1\nlength 1\nsigned yes\nnext 5\n", "seed s1\nlength 30\nsigned\nnext 5\n",
    "seed s1\nkey 00\nnext 5\n", "seed s1\nnext 5\nseed s1\n", "seed s1\nnext 26\nsent 27\nnext 5\n", "seed s1\nnext 5\nsent 6\nsent 27\n",
]


def expect_damaged(office, path, content):
    with open(path, "w", encoding="ascii") as file:
        file.write(content)
    for words in (("send", "office", "--key", office.key.path), ("send", "office", "--dry-run"), ("profile", "show", "office")):
        said = office.home.refused(1, f"{path} is damaged", *words)
        expect_in("remove the file, and say that number: knockgen profile set office --next N", said)
    expect((content, office.numbers()), (content, []))


def test_cut():
    """what an earlier client wrote is taken whole or not at all: every line to its end, and each key once"""
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        os.makedirs(office.home.states, mode=0o700)
        path = f"{office.home.states}/office.next"
        whole = f"# Written by knockgen alone.\nseed s1\nnext {LENGTH - 2}\nsent {LENGTH - 1}\ncheck {office.home.check_word(office.key)}\n"
        lines = [at + 1 for at, sign in enumerate(whole) if sign == "\n"]
        for size in range(len(whole)):
            if size not in lines[2:]:
                expect_damaged(office, path, whole[:size])
        for content in [*DAMAGES, whole + whole]:
            expect_damaged(office, path, content)
        for size in lines[2:]:  # without what a still earlier client did not write
            with open(path, "w", encoding="ascii") as file:
                file.write(whole[:size])
            expect(office.next_shown("office"), LENGTH - 2)


def test_cut_chain():
    """the file of a chain is refused where anything is missing; without it the user says where to go on"""
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        expect(office.send().returncode, 0)
        office.numbers()
        path = office.chain_path()
        expect(sorted(os.listdir(office.home.states)), ["lock", office.chain_file()])
        with open(path, encoding="ascii") as file:
            whole = file.read()
        for size in range(len(whole)):
            expect_damaged(office, path, whole[:size])
        for content in [*DAMAGES, whole + whole]:
            expect_damaged(office, path, content)
        os.remove(path)
        expect(next_set(office, 25).returncode, 0)
        expect(office.send().returncode, 0)
        expect(office.numbers(), [25])


def test_one_chain_two_profiles():
    """profiles of one chain count together"""
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        for _ in range(3):
            expect(office.send().returncode, 0)
        office.add("lab")
        expect(office.numbers(), [29, 28, 27])
        for name, number in (("lab", 26), ("office", 25), ("lab", 24), ("lab", 23)):
            expect(office.next_shown(name), number)
            office.home.said("send", name, "--key", office.key.path, "--copies", 1)
            expect((name, office.numbers()), (name, [number]))
        office.home.refused(1, "knock 23 of profile office has left", "profile", "set", "office", "--next", 28)
        office.home.said("profile", "set", "lab", "--next", 28, "--reuse")
        expect([office.next_shown(name) for name in ("office", "lab")], [28, 28])


def test_other_chain_between():
    """a profile that comes back goes on where its chain was, whatever its name was used for meanwhile"""
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        other = office.home.key("other")
        for _ in range(3):
            expect(office.send().returncode, 0)
        before = office.next_shown("office")
        office.add("office", "--replace", "--yes", key=other, seed="s2")
        office.home.said("send", "office", "--key", other.path, "--copies", 1)
        office.port.packets()
        office.add("office", "--replace", "--yes")
        expect(office.send().returncode, 0)
        expect(office.numbers(), [before])


def test_two_secrets_of_a_seed():
    """chains of one seed and two secrets count by themselves"""
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        other = office.home.key("other")
        office.add("lab", "--downgrade", key=other)
        expect(office.send().returncode, 0)
        expect((office.numbers(), office.next_shown("lab")), ([LENGTH - 1], LENGTH - 1))
        office.home.said("send", "lab", "--key", other.path, "--copies", 1)
        expect([other.number_of(packet[:16]) for packet in office.port.packets()], [LENGTH - 1])
        with open(f"{office.home.states}/sha256-s1-{office.home.check_word(other).lower()}.chain", "w", encoding="ascii"):
            pass  # damaged: the other chain's trouble
        office.home.refused(1, "is damaged", "profile", "show", "lab")
        expect(office.next_shown("office"), LENGTH - 2)


def test_earlier_client():
    """what an earlier client left under a profile's name counts for its chain, and is not lost to another one"""
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        os.makedirs(office.home.states, mode=0o700)
        word = office.home.check_word(office.key)
        with open(f"{office.home.states}/office.next", "w", encoding="ascii") as file:
            file.write(f"seed s1\nnext 20\nsent 21\ncheck {word}\n")
        office.add("lab")
        expect((office.next_shown("office"), office.next_shown("lab")), (20, 20))
        other = office.home.key("other")
        office.add("office", "--replace", "--yes", key=other, seed="s2")
        office.home.said("send", "office", "--key", other.path)
        office.port.packets()
        office.add("office", "--replace", "--yes")
        expect(office.send().returncode, 0)
        expect((office.numbers(), office.next_shown("lab")), ([20], 19))
        office.home.said("profile", "set", "lab", "--next", 22, "--reuse")
        expect((office.next_shown("office"), office.next_shown("lab")), (22, 22))


def test_granted_chain():
    """any other secret than the one that was granted is refused, the first time, too; its own words are not told"""
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        other = office.home.key("other")
        assert office.home.check_word(other) != office.home.check_word(office.key)
        said = office.home.refused(1, "this is not the key file that the right was granted for", "send", "office", "--key", other.path)
        expect_in(office.home.check_word(office.key), said)
        assert office.home.check_word(other) not in said.split(), said
        expect((office.numbers(), os.path.exists(office.home.states)), ([], False))
        result = office.send()
        expect((result.returncode, result.stderr, office.numbers()), (0, b"", [LENGTH - 1]))
        expect_in(f"Check word   {office.home.check_word(office.key)}", office.home.said("profile", "show", "office"))


if __name__ == "__main__":
    harness.run_all(dict(globals()))
