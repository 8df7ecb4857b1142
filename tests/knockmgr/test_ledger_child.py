"""The process in which knockmgr works on the ledger's folder, as root: what it still has of its parent's when it opens a
file there. Whoever owns knockd-validate may own this process, too, and must not gain by it."""

import os
import pwd
import re
import shutil
import subprocess

from harness import IS_ROOT, KNOCKMGR, Daemon, Installation, expect, expect_in, run_all, subcommands
from opening import Opening, descriptors_of, shared_memory_of, status_of
from tap import Skip

CONFIGURATION = '[accept]\nalgorithms = ["sha256", "md5"]\nweak_limit = 1000000\n'
OWNER = pwd.getpwnam("nobody")
# All subcommands that there are, in an order in which they work, with words and exit code. Those of the guard are in a
# network namespace of their own, where no knockd runs.
WEAK = ("--generate", "--algorithm", "md5", "--length", "20")
SCRIPT = [
    ("user add", ("bert",), 0), ("user list", (), 0), ("user show", ("bert",), 0), ("user disable", ("bert",), 0),
    ("user enable", ("bert",), 0),
    ("command add", ("weak", "--exec", "--as", "nobody", "--", "/bin/true"), 0), ("command list", (), 0),
    ("command show", ("weak",), 0), ("command set", ("weak", "--leave-running", "yes"), 0),
    ("command disable", ("weak",), 0), ("command enable", ("weak",), 0),
    ("grant add", ("bert", "weak", *WEAK), 0), ("grant renew", ("bert", "weak", *WEAK), 0),
    ("grant set", ("bert", "weak", "--carriers", "udp"), 0), ("grant disable", ("bert", "weak"), 0),
    ("grant enable", ("bert", "weak"), 0), ("grant list", (), 0), ("grant show", ("anna", "hello"), 0),
    ("grant profile", ("anna", "hello"), 0), ("grant resync", ("anna", "hello", "VALUE", "--yes"), 0),
    ("key rotate", (), 0), ("key list", (), 0), ("key end", ("1", "--yes"), 0),
    ("log", (), 0), ("log", ("--verify",), 0), ("log", ("--output", "2"), 0), ("log", ("--proof", "2"), 1),
    ("log", ("--changes",), 0), ("explain", ("VALUE",), 0), ("watch", ("--for", "1s"), 0), ("status", (), 1),
    ("doors", (), 0), ("doors close", ("--all", "--yes"), 1),
    ("guard on", ("--confirm", "5m"), 1), ("guard confirm", (), 1), ("guard show", (), 0), ("guard arm", (), 0),
    ("guard alert", (), 0), ("guard off", (), 0),
    ("grant remove", ("bert", "weak", "--yes"), 0), ("command remove", ("weak", "--yes"), 0),
    ("user remove", ("bert", "--yes"), 0),
    ("restore", ("--yes",), 0), ("init", (), 0),
]
READERS = {"grant add", "grant renew", "grant enable", "grant list", "grant show", "grant resync", "log", "explain", "watch",
           "status", "restore", "init"}


def need_root():
    if not IS_ROOT:
        raise Skip("without root knockmgr reads the ledger itself")


class Look:
    """What every process must be that opens a file of the ledger's folder; counts them."""

    def __init__(self, name, otk):
        self._name = name
        self._ledger = f"{otk.dir}/ledger"
        self.count = 0

    def __call__(self, process):
        self.count += 1
        status, open_files = status_of(process), descriptors_of(process)
        ids = {int(word) for word in (status["Uid"] + "\t" + status["Gid"]).split()}
        expect((self._name, ids, status["Groups"].strip()), (self._name, {OWNER.pw_uid, OWNER.pw_gid}, ""))
        expect((status["CapPrm"], status["CapBnd"], status["NoNewPrivs"], status["Seccomp"]), ("0" * 16, "0" * 16, "1", "2"))
        expect((self._name, "not dumpable", os.stat(f"/proc/{process}/environ").st_uid), (self._name, "not dumpable", 0))
        expect((self._name, open_files.pop(0)), (self._name, "/dev/null"))
        # Pipes to its parent, and not what its parent was given.
        for number in (1, 2):
            expect_in("pipe:", open_files[number])
            given = os.readlink(f"/proc/{status['PPid']}/fd/{number}")
            assert open_files.pop(number) != given, f"{self._name}: descriptor {number} is its parent's"
        others = [what for what in open_files.values() if not what.startswith(self._ledger)]
        allowed = ["socket:"] if self._name == "watch" else []
        expect((self._name, [re.sub(r"\[.*", "", what) for what in others]), (self._name, allowed))
        shared = [what for what in shared_memory_of(process) if not what.startswith((self._ledger, "/ledger.db"))]
        expect((self._name, "shared", shared), (self._name, "shared", []))


def words_for(name, words, otk, value):
    words = [value if word == "VALUE" else word for word in words]
    own_network = ["unshare", "--net"] if name.startswith("guard") else []
    return [*own_network, KNOCKMGR, "--dir", otk.dir, *name.split(), *words]


def run_and_look(name, words, code, otk, value=""):
    """How often a file of the ledger's folder was opened."""
    look = Look(name, otk)
    with Opening(f"{otk.dir}/ledger") as opening:
        got, out, err = opening.run(words_for(name, words, otk, value), look)
    expect((name, words, got, "broken promise" in err), (name, words, code, False))
    assert "ended by signal" not in err, (name, words, out, err)
    return look.count


def prepare(name, otk):
    """What must be there or gone for it."""
    if name == "restore":
        os.unlink(f"{otk.dir}/ledger/ledger.db")
    if name == "init":
        shutil.rmtree(f"{otk.dir}/policy")
        for file in os.listdir(f"{otk.dir}/ledger"):
            os.unlink(f"{otk.dir}/ledger/{file}")


def test_every_subcommand():
    """whatever subcommand opens the ledger does it in a process without root's files, memory, terminal and system calls"""
    need_root()
    expect(set(subcommands()), {name for name, _, _ in SCRIPT})
    readers = set()
    with Installation(CONFIGURATION) as otk:
        values, _ = otk.play_scene()
        for name, words, code in SCRIPT:
            prepare(name, otk)
            if run_and_look(name, words, code, otk, values[12]) > 0:
                readers.add(name)
    expect(readers, READERS)


def test_live():
    """the same beside a knockd that runs"""
    need_root()
    with Installation(CONFIGURATION) as otk:
        otk.play_scene()
        with Daemon(otk):
            for name, words in (("status", ()), ("watch", ("--for", "1s")), ("watch", ("--json", "--for", "1s"))):
                assert run_and_look(name, words, 0, otk) > 0, name


def test_terminal():
    """what that process says reaches a terminal without control characters"""
    need_root()
    with Installation() as otk:
        strange = f"{otk.base}/a\x1b[31m\u009b31m\r"
        os.rename(otk.dir, strange)
        with open(f"{strange}/ledger/ledger.db", "wb") as file:
            file.write(b"no database" * 1000)
        done = subprocess.run([KNOCKMGR, "log", "--dir", strange], capture_output=True, check=False, timeout=60)
        expect(done.returncode, 1)
        expect_in(f"{otk.base}/a?[31m\u00c2".encode("latin-1") + b"?31m?/ledger/ledger.db", done.stderr)
        os.rename(strange, otk.dir)


def test_standard_descriptors():
    """no database gets the number of a standard descriptor that was closed"""
    need_root()
    with Installation() as otk:
        def look(process):
            seen.append(process)
            found = descriptors_of(process)
            expect([found[number] for number in range(3)], ["/dev/null"] * 3)

        for folder in ("policy", "ledger"):
            seen = []
            with Opening(f"{otk.dir}/{folder}") as opening:
                opening.run([KNOCKMGR, "--dir", otk.dir, "status"], look if folder == "policy" else seen.append,
                            preexec_fn=lambda: os.closerange(0, 3))
            assert seen, folder


if __name__ == "__main__":
    run_all(globals())
