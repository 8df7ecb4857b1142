"""restore: the way out of a ledger that is missing, old, damaged or another's. No daemon runs here."""

import glob
import os
import pty
import shutil
import sqlite3
import subprocess

from harness import IS_ROOT, KNOCKMGR, Installation, expect, expect_in, run_all

OWNER = "nobody" if IS_ROOT else None


class Scene(Installation):
    """An installation whose grant has a history; knockd's mark names the newest row. `before` is the ledger as it was
    before that history."""

    def __enter__(self):
        super().__enter__()
        self.ledger = f"{self.dir}/ledger"
        self.mark = f"{self.dir}/monitor/mark"
        self.before = f"{self.base}/before"
        shutil.copytree(self.ledger, self.before)
        self.values, self.grant = self.play_scene()
        head = self.run("status", "--json").json()["ledger"]
        self.write_mark(f"otk-mark-1 {head['head_row']} {head['head_hash']}\n")
        return self

    def write_mark(self, text):
        with open(self.mark, "w", encoding="ascii") as file:
            file.write(text)

    def clear(self):
        for name in os.listdir(self.ledger):
            os.remove(f"{self.ledger}/{name}")

    def put(self, source, name="ledger.db"):
        shutil.copy(source, f"{self.ledger}/{name}")
        if OWNER:
            shutil.chown(f"{self.ledger}/{name}", OWNER, -1)

    def put_older(self):
        self.clear()
        for name in os.listdir(self.before):
            self.put(f"{self.before}/{name}", name)

    def put_foreign(self):
        with Installation() as other:
            self.clear()
            self.put(f"{other.dir}/ledger/ledger.db")

    def damage(self):
        """A row is changed and its hash is not, which only a look at all rows finds."""
        file = f"{self.ledger}/ledger.db"
        database = sqlite3.connect(file)
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE event SET source_port = 1 WHERE number = 2")
        database.commit()
        database.close()
        for path in glob.glob(file + "*"):
            if OWNER:
                shutil.chown(path, OWNER)

    def overwrite(self):
        self.clear()
        with open(f"{self.base}/nonsense", "wb") as file:
            file.write(b"this is no database" * 100)
        self.put(f"{self.base}/nonsense")

    def aside(self):
        return sorted(os.path.basename(path) for path in glob.glob(f"{self.ledger}/*.before-restore-*"))

    def state(self):
        return self.must("grant", "list", "--json").json()[0]["state"]

    def ledger_id(self):
        """Of the ledger, as its first row has it; and of the one that policy.db names."""
        for name, query in (("ledger", "SELECT hex(id) FROM meta"), ("policy", "SELECT hex(ledger) FROM meta")):
            database = sqlite3.connect(f"{self.dir}/{name}/{name}.db")
            yield database.execute(query).fetchone()[0]
            database.close()
            for path in glob.glob(f"{self.ledger}/ledger.db-*"):
                if OWNER:
                    shutil.chown(path, OWNER)

    def rows(self):
        return [row["kind"] for row in self.must("log", "--json").json()]

    def content(self):
        """Every file of the ledger and the mark, but for SQLite's index and the locks."""
        found = {}
        for path in [*glob.glob(f"{self.ledger}/*"), *glob.glob(f"{self.dir}/monitor/*")]:
            if not path.endswith(("-shm", ".lock", "/empty")) and os.path.getsize(path):
                with open(path, "rb") as file:
                    found[path] = file.read()
        return found

    def expect_well(self):
        """All is as after a complete restore: retired, the mark gone, the right ledger, and restore content."""
        expect(self.state(), "must be renewed")
        expect(os.path.exists(self.mark), False)
        of_ledger, of_policy = self.ledger_id()
        expect(of_ledger, of_policy)
        expect_in("the ledger is whole", self.must("restore").out)


FAULTS = {"missing": Scene.clear, "lacks row 10": Scene.put_older, "another installation's": Scene.put_foreign,
          "row 2: its hash": Scene.damage, "not a database": Scene.overwrite}


def test_whole():
    """a whole ledger: restore says so and changes nothing, with --yes too"""
    with Scene() as otk:
        policy, content = otk.everything(), otk.content()
        for words in ((), ("--yes",)):
            expect_in("the ledger is whole: 10 rows", otk.must("restore", *words).out)
        expect((otk.everything(), otk.content()), (policy, content))


def test_refused():
    """without --yes and a terminal nothing is done, and the message says what is wrong and what is at stake"""
    for part, spoil in FAULTS.items():
        with Scene() as otk:
            spoil(otk)
            content = otk.content()
            said = otk.refused(1, part, "restore").err
            expect_in("no grant (1 in all) accepts", said)
            expect_in("say --yes", said)
            expect(otk.content(), content)
            expect(otk.state(), "enabled")


def test_unusable():
    """a ledger that is missing or cannot be used is made anew with the same id; the old file is kept"""
    for part, spoil in FAULTS.items():
        if spoil is Scene.put_older:
            continue
        with Scene() as otk:
            spoil(otk)
            there = os.path.exists(f"{otk.ledger}/ledger.db")
            if there:
                with open(f"{otk.ledger}/ledger.db", "rb") as file:
                    old = file.read()
            said = otk.must("restore", "--yes").out
            expect_in(part, said)
            otk.expect_well()
            expect(otk.rows(), ["created"])
            expect(bool(otk.aside()), there)
            if there:
                expect_in(otk.aside()[0], said)
                with open(f"{otk.ledger}/{otk.aside()[0]}", "rb") as file:
                    expect(file.read(), old)
            if IS_ROOT:
                expect({os.stat(f"{otk.ledger}/ledger.db").st_uid}, {os.stat(otk.ledger).st_uid})


def test_stale_log():
    """the -wal file of a ledger that is gone is moved aside, and not taken for the new one's"""
    with Scene() as otk:
        otk.clear()
        otk.put(f"{otk.before}/ledger.db", "ledger.db-wal")
        otk.must("restore", "--yes")
        otk.expect_well()
        expect([name[-4:] for name in otk.aside()], ["-wal"])


def test_older():
    """an older copy is kept with its rows"""
    with Scene() as otk:
        otk.put_older()
        expect_in("kept", otk.must("restore", "--yes").out)
        otk.expect_well()
        expect((otk.rows(), otk.aside()), (["created"], []))


def test_mark():
    """a mark that cannot be read: the ledger may be old, and is kept"""
    for text in ("otk-mark-1 9", "x" * 10000):
        with Scene() as otk:
            rows = otk.rows()
            otk.write_mark(text)
            otk.refused(1, "the mark that knockd left cannot be read", "restore")
            otk.must("restore", "--yes")
            otk.expect_well()
            expect(otk.rows(), rows)


def test_renewed():
    """what was retired shows as such; a renewed grant counts again and keeps its rules; the change is recorded"""
    with Scene() as otk:
        otk.must("grant", "set", "anna", "hello", "--carriers", "udp")
        otk.clear()
        otk.must("restore", "--yes")
        expect_in("must be renewed", otk.must("grant", "list").out)
        expect_in("knockmgr grant renew", otk.must("grant", "show", "anna", "hello").out)
        expect_in("must be renewed:  anna/hello", otk.run("status").out)
        expect(otk.run("status", "--json").json()["must_be_renewed"], [{"user": "anna", "command": "hello"}])
        expect(otk.must("explain", otk.values[10], "--json").json()["verdict"], "retired")
        expect(otk.must("grant", "list", "--json").json()[0]["knocks_left"], 0)
        expect(otk.must("log", "--changes", "--json").json()[-1]["what"], "restore")
        otk.must("grant", "renew", "anna", "hello", "--generate")
        grant = otk.must("grant", "list", "--json").json()[0]
        expect((grant["state"], grant["must_be_renewed"], grant["knocks_left"], grant["rules"]["carriers"]),
               ("enabled", False, 19, ["udp"]))
        expect(otk.run("status", "--json").json()["must_be_renewed"], [])


def test_renewed_all():
    """the line of the administrator's guide gives everybody a new sheet after a restore, and those alone who need one"""
    with Scene() as otk:
        otk.must("grant", "set", "anna", "hello", "--carriers", "udp")
        otk.clear()
        otk.must("restore", "--yes")
        otk.must("user", "add", "bert")
        otk.must("grant", "add", "bert", "hello", "--generate", "--host", "gate.example.org")
        bert = otk.must("grant", "show", "bert", "hello", "--json").json()["chain"]
        line = guide_line("knockmgr grant renew --all --retired ")
        expect(line.split()[-2:], ["--sheets", "new-sheets"])
        folder = f"{otk.base}/new-sheets"
        otk.must(*line.split()[1:-1], folder, "--yes")
        expect(sorted(os.listdir(folder)), ["anna"])
        grant = otk.must("grant", "show", "anna", "hello", "--json").json()
        expect((grant["must_be_renewed"], grant["rules"]["carriers"]), (False, ["udp"]))
        expect(otk.must("grant", "show", "bert", "hello", "--json").json()["chain"], bert)


def guide_line(beginning):
    guide = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/guide-administrator.md")
    with open(guide, encoding="utf-8") as file:
        lines = [line.strip() for line in file if line.strip().startswith(beginning)]
    expect(len(lines), 1)
    return lines[0]


def test_again():
    """a restore that was cut off after any of its steps is completed by the next one"""
    def after_retiring(otk):
        pass

    def after_moving(otk):
        os.rename(f"{otk.ledger}/ledger.db", f"{otk.ledger}/ledger.db.before-restore-1")

    def after_making(otk):
        after_moving(otk)
        policy = sqlite3.connect(f"{otk.dir}/policy/policy.db").execute("SELECT ledger FROM meta").fetchone()[0]
        with Scene() as other:
            other.clear()
            database = sqlite3.connect(f"{other.dir}/policy/policy.db")
            database.execute("UPDATE meta SET ledger = ?", (policy,))
            database.commit()
            database.close()
            other.must("restore", "--yes")
            otk.put(f"{other.ledger}/ledger.db")

    for cut in (after_retiring, after_moving, after_making):
        with Scene() as otk:
            otk.put_foreign()
            database = sqlite3.connect(f"{otk.dir}/policy/policy.db")
            database.execute("UPDATE meta SET oldest_enrolment = 2")
            database.commit()
            database.close()
            cut(otk)
            otk.must("restore", "--yes")
            otk.expect_well()


def test_stop_knockd_first():
    """while somebody holds the lock that knockd holds, restore refuses and says so"""
    with Scene() as otk:
        otk.clear()
        holder = subprocess.Popen(["/usr/bin/python3", "-c", HOLD_LOCK, f"{otk.mark}.lock"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
        holder.stdout.readline()
        try:
            otk.refused(1, "stop knockd first", "restore", "--yes")
        finally:
            holder.communicate()
        otk.must("restore", "--yes")


# A lock of the open file, as lib/store/writer_lock.cpp takes it; until standard input ends.
HOLD_LOCK = """
import fcntl, struct, sys
file = open(sys.argv[1], "a+b")
fcntl.fcntl(file, 37, struct.pack("hhqqixxxx", fcntl.F_WRLCK, 0, 0, 0, 0))
print("locked", flush=True)
sys.stdin.read()
"""


def test_terminal():
    """on a terminal restore asks; only yes is yes"""
    for answer, code, state in (("n\n", 1, "enabled"), ("y\n", 0, "must be renewed")):
        with Scene() as otk:
            otk.clear()
            outer, inner = pty.openpty()
            os.write(outer, answer.encode())
            done = subprocess.run([KNOCKMGR, "restore", "--dir", otk.dir], stdin=inner, capture_output=True, text=True,
                                  check=False, timeout=60)
            os.close(inner)
            os.close(outer)
            expect_in("Retire all chains? [y/N]", done.stderr)
            expect((done.returncode, otk.must("grant", "show", "anna", "hello", "--json").json()["state"]), (code, state))


def test_owner():
    """a copy with a wrong owner is no reason to retire anything: restore names the owner it needs"""
    if not IS_ROOT:
        return
    with Scene() as otk:
        shutil.chown(f"{otk.ledger}/ledger.db", 0)
        content = otk.content()
        said = otk.run("restore", "--yes").err
        expect_in(f"knockmgr: {otk.ledger}/ledger.db belongs to user 0", said)
        expect_in("chown", said)
        expect(otk.content(), content)
        shutil.chown(f"{otk.ledger}/ledger.db", OWNER)
        expect(otk.state(), "enabled")


def test_directory():
    """without the ledger's directory nothing is retired yet: restore says how to make it"""
    with Scene() as otk:
        shutil.rmtree(otk.ledger)
        said = otk.refused(1, "is missing", "restore", "--yes").err
        expect_in(f"-m 0700 -o otk -g otk {otk.ledger}", said)
        expect(otk.state(), "enabled")


if __name__ == "__main__":
    run_all(globals())
