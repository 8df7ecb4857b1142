"""The number of the next knock: taken before a packet leaves, by one client only, whatever is killed or full."""

import contextlib
import mmap
import os
import shutil
import stat
import struct
import subprocess

import harness
from harness import PROGRAM, Skip, expect, expect_in
from homes import LENGTH, line
from office import Office, next_set

# Built for the end-to-end tests: kills the program that loads it before its n-th fsync, rename or sendto.
SHIM = os.path.join(os.path.dirname(os.path.dirname(PROGRAM)), "tests", "e2e", "libtest-die-at-step.so")
STEP_OF_KNOCKGEN = 4  # which counter of the shim's is knockgen's


def test_runs_down():
    """each knock has the next number; the last ones are warned of; after knock 1 there is none"""
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        warned = []
        for number in range(LENGTH - 1, 0, -1):
            result = office.send()
            expect((result.returncode, office.numbers()), (0, [number]))
            expect(office.home.next_of("office"), number - 1)
            if b"renew" in result.stderr:
                warned.append(number - 1)
        expect(warned, list(range(10, -1, -1)))
        said = office.home.refused(1, "no knock of profile office is left", "send", "office", "--key", office.key.path)
        expect_in("nothing was sent", said)
        expect(office.numbers(), [])


def test_chosen_number():
    """--number repeats or skips; the next number only falls"""
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        for number, left in ((20, 19), (25, 19), (20, 19), (19, 18), (29, 18)):
            expect(office.send("--number", number).returncode, 0)
            expect((office.numbers(), office.home.next_of("office")), ([number], left))
        for bad in (0, LENGTH, 1000000):
            assert office.send("--number", bad).returncode in (1, 2)
        expect((office.numbers(), office.home.next_of("office")), ([], 18))


def test_far_number():
    """--number that a server's window does not reach is refused unless --skip says that it is meant"""
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        for options in ((), ("--dry-run",)):
            said = office.send("--number", LENGTH - 11, *options)
            expect(said.returncode, 1)
            expect_in(f"passes over 10 knocks, {LENGTH - 1} to {LENGTH - 10}", said.stderr.decode())
            expect_in("--skip", said.stderr.decode())
        expect((office.numbers(), os.path.exists(office.chain_path())), ([], False))
        for number, options in ((LENGTH - 10, ()), (LENGTH - 21, ("--skip",))):
            expect(office.send("--number", number, *options).returncode, 0)
            expect((office.numbers(), office.home.next_of("office")), ([number], number - 1))


def test_set_next():
    """profile set --next goes on anywhere below what was sent; what was sent, or follows from it, takes --reuse"""
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        expect(office.home.said("profile", "set", "office", "--next", 20), f"the next knock of profile office is 20; it was {LENGTH - 1}\n")
        expect(next_set(office, LENGTH - 1).returncode, 0)  # a slip that was noticed: nothing was sent yet
        expect(office.send().returncode, 0)
        expect(office.numbers(), [LENGTH - 1])
        expect(next_set(office, 20).returncode, 0)
        expect(office.send().returncode, 0)
        expect((office.numbers(), office.home.next_of("office")), ([20], 19))
        for again in (20, 21, LENGTH - 2, LENGTH - 1):
            said = next_set(office, again)
            expect((said.returncode, said.stdout, office.home.next_of("office")), (1, b"", 19))
            expect_in(f"knock 20 of profile office has left this machine, and whoever saw it can compute {again}",
                      said.stderr.decode())
            expect_in("worth nothing where signed ones only are taken", said.stderr.decode())
        expect(next_set(office, 21, "--reuse").returncode, 0)
        for number in (21, 20, 19):
            expect(office.send().returncode, 0)
            expect(office.numbers(), [number])


def test_set_next_far():
    """profile set --next that passes over what a server's window does not reach takes --skip, as send --number does"""
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        for far in (LENGTH - 11, 1):
            said = next_set(office, far)
            expect((said.returncode, said.stdout, os.path.exists(office.chain_path())), (1, b"", False))
            passed = f"--next {far} passes over {LENGTH - 1 - far} knocks, {LENGTH - 1} to {far + 1}"
            for words in (passed, "knockmgr grant show USER lights", "--skip", "Nothing was changed"):
                expect_in(words, said.stderr.decode())
            assert "nothing was sent" not in said.stderr.decode()
        for number, options in ((LENGTH - 10, ()), (LENGTH - 21, ("--skip",))):
            expect(next_set(office, number, *options).returncode, 0)
            expect(office.home.next_of("office"), number)
        expect(office.send().returncode, 0)
        expect(office.numbers(), [LENGTH - 21])
        expect(next_set(office, LENGTH - 21, "--skip").returncode, 1)  # it says nothing about what has left


def test_sent_is_kept():
    """what was sent stands in every state, and where the line is gone all above the next one counts as sent"""
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        path = office.chain_path()

        def lines():
            with open(path, encoding="ascii") as file:
                return dict(line.split() for line in file if not line.startswith("#"))

        expect(next_set(office, 25).returncode, 0)
        expect((lines()["next"], lines()["sent"]), ("25", str(LENGTH)))
        expect(next_set(office, LENGTH - 1).returncode, 0)
        for _ in range(3):
            expect(office.send().returncode, 0)
        expect((office.numbers(), lines()["sent"]), ([29, 28, 27], "27"))
        for line_of_sent in ("", "sent\n", "sent \n"):
            content = f"seed s1\nnext 26\n{line_of_sent}"
            with contextlib.suppress(FileNotFoundError):
                os.remove(path)
            earlier = f"{office.home.states}/office.next"  # only an earlier client left the line out
            with open(earlier, "w", encoding="ascii") as file:
                file.write(content)
            for number in (27, LENGTH - 1):
                said = next_set(office, number)
                with open(earlier, encoding="ascii") as file:
                    expect((said.returncode, file.read()), (1, content))
                expect_in(f"knock 27 of profile office has left this machine, and whoever saw it can compute {number}", said.stderr.decode())
        expect(next_set(office, 25).returncode, 0)
        expect((lines()["next"], lines()["sent"]), ("25", "27"))
        expect(office.send().returncode, 0)
        expect(office.numbers(), [25])


def test_set_next_of_plain_ones():
    """where plain knocks are taken, --reuse is advised against: others may use what was seen"""
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        office.add("office", "--replace", "--yes", plain="yes")
        expect(office.send("--plain").returncode, 0)
        expect_in("knockmgr grant resync", office.home.refused(1, "takes plain knocks", "profile", "set", "office", "--next", LENGTH - 1))


def test_set_next_usage():
    """profile set says what it lacks, and what is not in the chain"""
    with contextlib.ExitStack() as undo:
        home = Office(undo).home
        home.refused(2, "say profile set NAME --next N", "profile", "set", "office")
        home.refused(2, "say profile set NAME --next N", "profile", "set", "--next", "5")
        home.refused(2, "--next", "profile", "set", "office", "--next", "0")
        for option in (("--next", "5"), ("--reuse",), ("--skip",)):
            home.refused(2, "go with profile set", "profile", "list", *option)
        home.refused(1, f"whose knocks are {LENGTH - 1} to 1", "profile", "set", "office", "--next", LENGTH)
        for words in (("send", "office"), ("send", "office", "--dry-run")):
            home.refused(2, "--skip goes with --number", *words, "--skip")
        home.refused(1, "there is no profile other", "profile", "set", "other", "--next", "5")


def test_dry_run():
    """--dry-run says which number it would be, takes none, sends nothing and needs no secret"""
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        for _ in range(2):
            expect_in(f"would send knock {LENGTH - 1}", office.home.said("send", "office", "--dry-run"))
        expect_in("would send knock 7", office.home.said("send", "office", "--dry-run", "--number", 7, "--skip"))
        expect(office.numbers(), [])
        assert not os.path.exists(office.home.states)


def test_private():
    """the state is for its owner alone, whatever the umask"""
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        expect(office.send(umask=0).returncode, 0)
        expect(stat.S_IMODE(os.stat(office.home.states).st_mode), 0o700)
        for name in os.listdir(office.home.states):
            expect((name, stat.S_IMODE(os.stat(f"{office.home.states}/{name}").st_mode)), (name, 0o600))


def test_two_at_once():
    """clients that send at once take different numbers"""
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        clients = [subprocess.Popen([PROGRAM, "send", "office", "--key", office.key.path, "--copies", "1"],
                                    env=office.home.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                   for _ in range(12)]
        for client in clients:
            _, said = client.communicate(timeout=60)
            expect((client.returncode, said.count(b"cannot")), (0, 0))
        expect(sorted(office.numbers(), reverse=True), list(range(LENGTH - 1, LENGTH - 13, -1)))
        expect(office.home.next_of("office"), LENGTH - 13)


def test_killed():
    """SIGKILL before each of its steps: no number leaves twice, and the next run goes on by itself"""
    if not os.path.exists(SHIM):
        raise Skip("the shim of the end-to-end tests is not built")
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        path = f"{office.home.directory}/steps"
        with open(path, "wb") as file:
            file.truncate(mmap.PAGESIZE)
        with open(path, "r+b") as file:
            counters = undo.enter_context(mmap.mmap(file.fileno(), mmap.PAGESIZE))
        seen, step, killed = [], 0, True
        while killed:
            step += 1
            struct.pack_into("i", counters, 4 * STEP_OF_KNOCKGEN, step)
            office.home.environment.update(LD_PRELOAD=SHIM, OTK_TEST_STEPS=path)
            killed = office.send().returncode != 0
            del office.home.environment["LD_PRELOAD"]
            seen += office.numbers()
            expect(office.send().returncode, 0)
            seen += office.numbers()
        assert step > 4, f"died in {step - 1} steps only"  # file, rename, directory, packet
        expect(seen, sorted(set(seen), reverse=True))
        expect(sorted(os.listdir(office.home.states)), ["lock", office.chain_file()])


def send_as_nobody(office):
    """To root no file is closed."""
    return office.send(user=65534, group=65534, extra_groups=[]) if os.geteuid() == 0 else office.send()


def expect_nothing_sent(office, words):
    before = office.home.next_of("office")
    result = send_as_nobody(office)
    expect(result.returncode, 1)
    expect_in(words, result.stderr.decode())
    expect_in("nothing was sent", result.stderr.decode())
    expect((office.numbers(), office.home.next_of("office")), ([], before))


def give_to_nobody(office):
    if os.geteuid() != 0:
        return
    shutil.chown(office.home.directory, 65534, 65534)
    for folder, folders, files in os.walk(office.home.directory):
        for name in folders + files:
            shutil.chown(os.path.join(folder, name), 65534, 65534)


def reachable_by_nobody():
    if os.geteuid() != 0:
        return
    done = subprocess.run(["test", "-x", PROGRAM], user=65534, group=65534, extra_groups=[], check=False)
    if done.returncode != 0:
        raise Skip("run by root, and the build directory is out of reach for other users")


def test_read_only():
    """where the state cannot be written nothing is sent, and the error says so"""
    reachable_by_nobody()
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        expect(office.send().returncode, 0)
        office.numbers()
        path = office.chain_path()
        give_to_nobody(office)
        os.chmod(office.home.states, 0o500)
        expect_nothing_sent(office, "Permission denied")
        os.chmod(office.home.states, 0o700)
        os.chmod(f"{office.home.states}/lock", 0o400)
        expect_nothing_sent(office, "Permission denied")
        os.chmod(f"{office.home.states}/lock", 0o600)
        os.chmod(path, 0o000)
        expect((send_as_nobody(office).returncode, office.numbers()), (1, []))


def test_full_disk():
    """on a full disk nothing is sent; a number that was taken before can be repeated; with room it goes on"""
    if os.geteuid() != 0:
        raise Skip("a small file system takes root")
    with contextlib.ExitStack() as undo:
        office = Office(undo)
        os.makedirs(office.home.states, mode=0o700)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k,mode=700", "tmpfs", office.home.states],
                                 capture_output=True, check=False)
        if mounted.returncode != 0:
            raise Skip("no file system can be mounted here")
        undo.callback(subprocess.run, ["umount", office.home.states], check=True)
        expect(office.send().returncode, 0)
        expect(office.numbers(), [LENGTH - 1])
        with open(f"{office.home.states}/filler", "wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(4096))
        result = office.send()
        expect((result.returncode, office.numbers(), office.home.next_of("office")), (1, [], LENGTH - 2))
        expect_in("No space left on device; nothing was sent", result.stderr.decode())
        expect(office.send("--number", LENGTH - 1).returncode, 0)
        expect(office.numbers(), [LENGTH - 1])
        os.remove(f"{office.home.states}/filler")
        expect(office.send().returncode, 0)
        expect((office.numbers(), sorted(os.listdir(office.home.states))), ([LENGTH - 2], ["lock", office.chain_file()]))


if __name__ == "__main__":
    harness.run_all(dict(globals()))
