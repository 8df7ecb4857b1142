"""doors: what is listed, what scripts are answered, and ending what is open. The list is written here as knockd writes it;
that knockd does write it so is shown by tests/e2e."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time

from harness import CALLER, IS_ROOT, KNOCKMGR, Daemon, Installation, expect, expect_in, run_all

MAN_PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/knockmgr.8")
HOUR = 3600


def utc(seconds_from_now):
    now = time.time() + seconds_from_now
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03}Z"


def door(row, kind, address="203.0.113.7", left=HOUR, user="anna", command="sshd", **more):
    fields = {"row": row, "user": user, "command": command, "kind": kind, "address": address, "until": utc(left)}
    return {**fields, **more}


def opened(row, service="22/tcp", prefix=32, **more):
    return door(row, "open", prefix=prefix, service=service, **more)


def forwarded(row, service="61234/tcp", target="127.0.0.1:22", claims=(), **more):
    return door(row, "forward", service=service, target=target, claims=list(claims), **more)


def write_doors(otk, *doors):
    path = f"{otk.dir}/monitor/doors.json"
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump({"version": 1, "doors": doors}, file)
    os.rename(path + ".new", path)


SOME = (opened(17), forwarded(18, user="bert", command="inner", left=90), door(19, "exec", command="let-in", left=3 * HOUR),
        forwarded(20, address=None, claims=["198.51.100.9", "2001:db8::9"]), forwarded(21, address=None, service="61235/tcp"))


def test_list():
    """doors lists each with its row, user, command, who may go where, and the time left"""
    with Installation() as otk, Daemon(otk):
        write_doors(otk, *SOME)
        lines = [re.split(r"  +", line) for line in otk.must("doors").out.splitlines()]
        expect([line[:4] for line in lines],
               [["ROW", "USER", "COMMAND", "WHAT"], ["17", "anna", "sshd", "22/tcp from 203.0.113.7/32"],
                ["18", "bert", "inner", "61234/tcp -> 127.0.0.1:22 from 203.0.113.7"],
                ["19", "anna", "let-in", "undo for 203.0.113.7"],
                ["20", "anna", "sshd", "61234/tcp -> 127.0.0.1:22 from 198.51.100.9, 2001:db8::9"],
                ["21", "anna", "sshd", "61235/tcp -> 127.0.0.1:22 from whoever claims it first"]])
        for line, form in zip(lines[1:], (r"\d+ min \d+ s", r"\d+ s", r"\d h \d+ min")):
            assert re.fullmatch(form, line[4]), line


def test_json():
    """doors --json has every field for programs, with times in UTC"""
    with Installation() as otk, Daemon(otk):
        write_doors(otk, *SOME)
        listed = otk.must("doors", "--json").json()
        expect([(found["row"], found["kind"], found["address"]) for found in listed],
               [(17, "open", "203.0.113.7"), (18, "forward", "203.0.113.7"), (19, "exec", "203.0.113.7"),
                (20, "forward", None), (21, "forward", None)])
        expect((listed[0]["port"], listed[0]["prefix"], listed[0]["until"]), ("22/tcp", 32, SOME[0]["until"]))
        expect((listed[3]["target"], listed[3]["claims"]), ("127.0.0.1:22", ["198.51.100.9", "2001:db8::9"]))
        assert 0 < listed[1]["seconds_left"] <= 90, listed[1]


def test_nothing_open():
    """doors says so when nothing is open, also where knockd never ran"""
    with Installation() as otk:
        expect_in("nothing is open", otk.must("doors").out)
        with Daemon(otk):
            write_doors(otk)
            expect(otk.must("doors").out, "nothing is open\n")
            expect(otk.must("doors", "--json").json(), [])


def test_knockd_is_gone():
    """doors says what it means when knockd does not run, and leaves out what has closed since"""
    with Installation() as otk:
        write_doors(otk, *SOME, opened(30, left=-5), door(31, "exec", left=-5))
        text = otk.must("doors").out
        for part in ("knockd is not running", "stay open in the kernel until their time is over", "undone when knockd starts"):
            expect_in(part, text)
        done = otk.run("doors", "--json")
        expect([found["row"] for found in done.json()], [17, 18, 19, 20, 21, 31])
        expect_in("not running", done.err)


def test_damaged_list():
    """a list that is none is an error that names the file, and lets nobody in"""
    with Installation() as otk:
        for text in ("", "{", "[]", '{"version": 2, "doors": []}', '{"version": 1, "doors": [{"row": 1}]}'):
            with open(f"{otk.dir}/monitor/doors.json", "w", encoding="utf-8") as file:
                file.write(text)
            otk.refused(1, "monitor/doors.json", "doors")
            otk.refused(1, "monitor/doors.json", "doors", "--allows", "203.0.113.7", "22")
            done = otk.run("doors", "--quiet", "--allows", "203.0.113.7", "22")
            expect((done.code, done.out, done.err), (1, "", ""))


def allowed(otk, address, port):
    done = otk.run("doors", "--quiet", "--allows", address, port)
    expect((done.out, done.err), ("", ""))
    assert done.code in (0, 1), done.code
    return done.code == 0


def test_allows():
    """--allows answers for the addresses, ports and protocols of the doors that are open now"""
    with Installation() as otk:
        write_doors(otk, opened(1), opened(2, address="198.51.100.77", prefix=24), opened(3, service="51820/udp"),
                    opened(4, address="2001:db8::7", prefix=64, service="443/tcp"), opened(5, service="80/tcp", left=-1),
                    forwarded(6), forwarded(7, address=None, service="61000/tcp", claims=["192.0.2.1"]),
                    forwarded(8, address=None, service="61001/tcp"), door(9, "exec", address="192.0.2.99"))
        for address, port, expected in (
                ("203.0.113.7", "22", True), ("203.0.113.7", "22/tcp", True), ("203.0.113.7", "22/udp", False),
                ("203.0.113.8", "22", False), ("203.0.113.7", "23", False), ("::ffff:203.0.113.7", "22", True),
                ("198.51.100.1", "22", True), ("198.51.101.1", "22", False), ("203.0.113.7", "51820/udp", True),
                ("203.0.113.7", "51820", False), ("2001:db8::1", "443", True), ("2001:db8:0:1::1", "443", False),
                ("203.0.113.7", "80", False), ("203.0.113.7", "61234", True), ("203.0.113.8", "61234", False),
                ("192.0.2.1", "61000", True), ("192.0.2.2", "61000", False), ("203.0.113.7", "61001", False),
                ("192.0.2.99", "22", False), ("fe80::1%eth0", "22", False)):
            expect((address, port, allowed(otk, address, port)), (address, port, expected))
        os.unlink(f"{otk.dir}/monitor/doors.json")
        expect(allowed(otk, "203.0.113.7", "22"), False)


def test_allows_says():
    """--allows prints one line unless --quiet, or JSON"""
    with Installation() as otk:
        write_doors(otk, opened(1))
        expect(otk.must("doors", "--allows", "203.0.113.7", "22").out, "22/tcp is open for 203.0.113.7\n")
        done = otk.run("doors", "--allows", "203.0.113.8", "22")
        expect((done.code, done.out), (1, "22/tcp is not open for 203.0.113.8\n"))
        expect(otk.must("doors", "--allows", "203.0.113.7", "22", "--json").json(),
               {"address": "203.0.113.7", "port": "22/tcp", "allowed": True})


def test_allows_wrong_usage():
    """--allows tells wrong usage from an answer"""
    with Installation() as otk:
        for words in (("--allows", "203.0.113.7"), ("--allows",), ("--allows", "host.example", "22"),
                      ("--allows", "203.0.113.7", "0"), ("--allows", "203.0.113.7", "65536"),
                      ("--allows", "203.0.113.7", "22/sctp"), ("--allows", "", "22"), ("--allows", "203.0.113.7", "ssh"),
                      ("--allows", "203.0.113.7", "22", "23"), ("22",), ("--quiet",)):
            expect((words, otk.run("doors", *words).code), (words, 2))


def as_anybody(otk, words, environment):
    """As a user who may do nothing else; from a copy of the program that this user can reach."""
    os.chmod(otk.base, 0o755)
    program = shutil.copy(KNOCKMGR, f"{otk.base}/knockmgr-copy")
    os.chmod(program, 0o755)
    options = {"user": "daemon", "group": "daemon", "extra_groups": []} if IS_ROOT else {}
    return subprocess.run([program if word == "knockmgr" else word for word in words], capture_output=True, text=True,
                          check=False, cwd="/", env={**os.environ, **environment}, **options)


def test_allows_for_anybody():
    """--allows needs no rights and no database: any user may ask"""
    with Installation() as otk:
        write_doors(otk, opened(1))
        os.chmod(f"{otk.dir}/monitor/doors.json", 0o644)
        shutil.rmtree(f"{otk.dir}/policy")
        shutil.rmtree(f"{otk.dir}/ledger")
        os.unlink(f"{otk.dir}/otk.toml")
        for port, code in (("22", 0), ("23", 1)):
            done = as_anybody(otk, ["knockmgr", "doors", "--quiet", "--allows", "203.0.113.7", port], {"OTK_DIR": otk.dir})
            expect((done.returncode, done.stdout, done.stderr), (code, "", ""))


def example(first_line):
    """An example of the man page, from that line on, as a shell reads it."""
    with open(MAN_PAGE, encoding="ascii") as file:
        text = file.read()
    begin = text.index(first_line)
    return text[begin:text.index("\n.Ed", begin)].replace("\\e", "\\")


def test_script_of_the_man_page():
    """the script of the man page lets in by TCP wrappers and PAM whom a door lets in, and nobody else"""
    with Installation() as otk:
        write_doors(otk, opened(1))
        os.chmod(f"{otk.dir}/monitor/doors.json", 0o644)
        script = example("#!/bin/sh").replace("/usr/sbin/knockmgr", f"{otk.base}/knockmgr-copy")
        path = f"{otk.base}/knocked"
        with open(path, "w", encoding="ascii") as file:
            file.write(script + "\n")
        os.chmod(path, 0o755)
        for address, code in (("203.0.113.7", 0), ("203.0.113.8", 1), ("host.example", 2), ("", 2)):
            done = as_anybody(otk, [path], {"OTK_DIR": otk.dir, "PAM_RHOST": address})
            expect((address, done.returncode), (address, code))
        rule = example("sshd: ALL: aclexec")  # what follows the option is run, with %a for the address
        words = rule.split("aclexec ")[1].replace("%a", "203.0.113.7").split()
        expect(words[0], "/usr/sbin/knockmgr")
        done = as_anybody(otk, ["knockmgr", *words[1:]], {"OTK_DIR": otk.dir})
        expect((done.returncode, done.stdout, done.stderr), (0, "", ""))


def requests(otk):
    """The rows of the ledger that knockmgr has asked knockd to end."""
    changes = otk.must("log", "--changes", "--json").json()
    return [change["object"] for change in changes if change["what"] == "door close"]


class ObedientDaemon(Daemon):
    """Ends what it is asked to end, but for the rows that it keeps."""

    def __init__(self, otk, doors, keep=()):
        super().__init__(otk)
        self._doors = list(doors)
        self._keep = set(keep)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._obey)

    def __enter__(self):
        write_doors(self._otk, *self._doors)
        self._thread.start()
        return super().__enter__()

    def __exit__(self, *arguments):
        self._over.set()
        self._thread.join()
        super().__exit__(*arguments)

    def _obey(self):
        while not self._over.wait(0.02):
            asked = " ".join(requests(self._otk))
            left = [found for found in self._doors
                    if not re.search(rf"\b{found['row']}\b", asked) or found["row"] in self._keep]
            if left != self._doors:
                self._doors = left
                write_doors(self._otk, *left)


CLOSABLE = (opened(17), opened(18, command="web", service="443/tcp"), door(19, "exec", command="let-in"),
            opened(20, user="bert"), opened(21, user="bert", address="203.0.113.8"))


def people(otk):
    for user in ("anna", "bert"):
        otk.must("user", "add", user)
    for command in ("sshd", "web", "let-in"):
        otk.must("command", "add", command, "--exec", "--as", CALLER, "--", "/bin/true")


def test_close():
    """doors close ends those of a row, a user, a user's command, or all, and says what became of each"""
    for words, rows in ((("17",), {17}), (("anna",), {17, 18, 19}), (("anna", "web"), {18}), (("bert",), {20, 21}),
                        (("--all",), {17, 18, 19, 20, 21})):
        with Installation() as otk, ObedientDaemon(otk, CLOSABLE):
            people(otk)
            text = otk.must("doors", "close", *words, "--yes").out
            said = {int(line.split(":")[0].split()[1]): line for line in text.splitlines()}
            expect(set(said), rows)
            for row, line in said.items():
                expect_in("is run now" if row == 19 else "is closed", line)
            expect(len(requests(otk)), len(rows))
            expect({found["row"] for found in otk.must("doors", "--json").json()},
                   {found["row"] for found in CLOSABLE} - rows)


def test_close_asks():
    """doors close asks first: nobody there to answer, nothing ended"""
    with Installation() as otk:
        people(otk)
        write_doors(otk, *CLOSABLE)
        done = otk.refused(1, "say --yes", "doors", "close", "anna")
        for part in ("22/tcp from 203.0.113.7/32", "443/tcp", "undo for 203.0.113.7", "End all of these now?"):
            expect_in(part, done.err)


def test_close_refuses():
    """doors close tells a slip of the pen"""
    with Installation() as otk:
        people(otk)
        write_doors(otk, *CLOSABLE)
        for words, code, part in ((("99",), 1, "nothing of that kind is open"), (("ann",), 1, "did you mean 'anna'?"),
                                  (("anna", "wob"), 1, "did you mean 'web'?"),
                                  (("bert", "web"), 1, "nothing of that kind is open"), ((), 2, "say which"),
                                  (("--all", "anna"), 2, "takes no name"), (("17", "18"), 2, "a row stands alone"),
                                  (("1x",), 2, "is no row"), (("99999999999999999999",), 2, "is no row"),
                                  (("anna", "web", "17"), 2, "one argument too many")):
            otk.refused(code, part, "doors", "close", *words, "--yes")


def test_close_in_vain():
    """doors close fails when knockd does not end it in time, and when knockd does not run"""
    with Installation() as otk, ObedientDaemon(otk, CLOSABLE, keep=[17]):
        people(otk)
        done = otk.run("doors", "close", "anna", "--yes")
        expect(done.code, 1)
        expect_in("row 17: anna/sshd: 22/tcp from 203.0.113.7/32 is STILL there", done.out)
        expect_in("row 18: anna/web: 443/tcp from 203.0.113.7/32 is closed", done.out)
        expect_in("did not end 1 door", done.err)
    with Installation() as otk:
        people(otk)
        write_doors(otk, *CLOSABLE)
        done = otk.run("doors", "close", "17", "--yes")
        expect(done.code, 1)
        expect_in("knockd is not running", done.err)
        expect_in("stay open in the kernel", done.err)
        expect(len(requests(otk)), 1)


run_all(globals())
