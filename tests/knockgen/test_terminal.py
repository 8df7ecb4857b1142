"""The passphrase on a terminal: nothing is shown, and the terminal is left as it was, whatever happens."""

import contextlib
import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import termios
import time

import harness
import homes
import oracle
from harness import PASSPHRASE, PROGRAM, Skip, expect, expect_in

CHAIN = "-s dog2 -a md5"
PATIENCE = 20  # seconds until a test that waits in vain is called failed


class Session:
    """A shell script in a terminal of its own. The shell stays when knockgen ends, because a terminal whose first
    process ends is reset by the kernel, and nothing could be seen any more."""

    def __init__(self, script):
        self.seen = b""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            for ignored in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):  # by nohup, or a shell's `&`: not at a terminal
                signal.signal(ignored, signal.SIG_DFL)
            program = f"knockgen() {{ {shlex.quote(PROGRAM)} \"$@\"; }}\n"
            os.execv("/bin/sh", ["sh", "-c", "trap : INT TERM HUP QUIT\n" + program + script])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.terminal)  # hangs up: whatever still runs there ends
        os.waitpid(self.pid, 0)

    def _read(self):
        ready, _, _ = select.select([self.terminal], [], [], PATIENCE)
        assert ready, f"nothing came for {PATIENCE} s; seen so far: {self.seen!r}"
        try:
            piece = os.read(self.terminal, 4096)
        except OSError:  # EIO: the last process on the terminal ended
            piece = b""
        self.seen += piece
        return piece != b""

    def wait_for(self, text):
        """Reads on until the text has come, and forgets what came up to it."""
        while text.encode() not in self.seen:
            assert self._read(), f"{text!r} never came; seen: {self.seen!r}"
        before, _, self.seen = self.seen.partition(text.encode())
        return before.decode()

    def rest(self):
        while self._read():
            pass
        return self.seen.decode()

    def send(self, text):
        os.write(self.terminal, text.encode())

    def echoes(self):
        return bool(termios.tcgetattr(self.terminal)[3] & termios.ECHO)

    def child(self):
        """The process id of the one program that the shell runs."""
        with open(f"/proc/{self.pid}/task/{self.pid}/children", encoding="ascii") as children:
            return int(children.read().split()[0])


def value_at(count):
    return oracle.chain("md5", PASSPHRASE.encode(), "dog2", count)[count]


def test_prompt():
    """list asks on the terminal, shows nothing of what is typed, and puts the echo back"""
    with Session(f"knockgen list {CHAIN} --from 9 -c 1; stty -a") as session:
        session.wait_for("seed dog2: ")
        assert not session.echoes()
        session.send(PASSPHRASE + "\n")
        seen = session.rest()
        expect_in(f"9: {value_at(9)}", seen)
        assert PASSPHRASE not in seen, seen
        assert " echo " in seen and "-echo " not in seen, seen


def test_prompt_not_in_pipe():
    """the prompt goes to the terminal, not into a pipe or a log"""
    with Session(f"knockgen list {CHAIN} --from 9 -c 1 2>&1 < /dev/null | sed 's/^/piped /'") as session:
        session.wait_for("seed dog2: ")
        session.send(PASSPHRASE + "\n")
        seen = session.rest()
        expect(re.findall(r"piped (.*)\r", seen), [f"9: {value_at(9)}"])


def test_token_twice():
    """token asks twice; the same passphrase makes a token, standard output holds it alone"""
    with Session(f"token=$(knockgen token {CHAIN} -n 50); echo \"status $? [$token]\"") as session:
        session.wait_for("New passphrase for the md5 chain with seed dog2: ")
        session.send(PASSPHRASE + "\n")
        session.wait_for("The same again: ")
        assert not session.echoes()
        session.send(PASSPHRASE + "\n")
        seen = session.rest()
        expect_in("Check words: ", seen)
        expect_in("the line that begins with otk1:", seen)
        expect_in(f"status 0 [otk1:md5:50:dog2:{value_at(50)}]", seen)
        assert PASSPHRASE not in seen, seen


def test_token_differs():
    """two passphrases that differ make nothing"""
    with Session(f"knockgen token {CHAIN}; echo status $?") as session:
        session.wait_for("New passphrase")
        session.send(PASSPHRASE + "\n")
        session.wait_for("The same again: ")
        session.send(PASSPHRASE + "!\n")
        seen = session.rest()
        expect_in("the two passphrases differ", seen)
        expect_in("status 1", seen)
        assert "otk1:" not in seen


def test_weak_before_twice():
    """a weak passphrase is refused before it is asked for again"""
    with Session(f"knockgen token {CHAIN}; echo status $?") as session:
        session.wait_for("New passphrase")
        session.send("password12\n")
        seen = session.rest()
        expect_in("easy to guess", seen)
        expect_in("status 1", seen)
        assert "The same again" not in seen


def test_end_of_file():
    """^D instead of a passphrase makes nothing"""
    with Session(f"knockgen list {CHAIN}; echo status $?; stty -a") as session:
        session.wait_for("seed dog2: ")
        session.send("\x04")
        seen = session.rest()
        expect_in("nothing was typed", seen)
        expect_in("status 1", seen)
        assert "-echo " not in seen, seen


def test_long_line():
    """a line longer than any passphrase is refused whole: no part of it reaches the shell"""
    with Session(f"knockgen list {CHAIN}; echo status $?; read -t 0 left 2>/dev/null; stty -a") as session:
        session.wait_for("seed dog2: ")
        session.send("x" * 2000 + "\n")
        seen = session.rest()
        expect_in("longer than any passphrase", seen)
        expect_in("status 1", seen)
        assert "xxx" not in seen, seen


def ended_by(how, status):
    with Session(f"knockgen list {CHAIN}; echo status $?; stty -a") as session:
        session.wait_for("seed dog2: ")
        session.send("half a pass")
        how(session)
        seen = session.rest()
        expect_in(f"status {status}", seen)
        assert " echo " in seen and "-echo " not in seen, seen
        assert "half a pass" not in seen, seen


def test_interrupt():
    """^C ends it as the signal does, and the terminal is as before"""
    ended_by(lambda session: session.send("\x03"), 128 + signal.SIGINT)


def test_other_signals():
    """SIGTERM, SIGHUP and ^\\ too"""
    ended_by(lambda session: os.kill(session.child(), signal.SIGTERM), 128 + signal.SIGTERM)
    ended_by(lambda session: os.kill(session.child(), signal.SIGHUP), 128 + signal.SIGHUP)
    ended_by(lambda session: session.send("\x1c"), 128 + signal.SIGQUIT)


def test_suspend():
    """^Z leaves the terminal as it was; after fg it asks again"""
    with Session(f"set -m; knockgen list {CHAIN} --from 9 -c 1; stty -a; echo stopped; fg; echo status $?") as session:
        session.wait_for("seed dog2: ")
        session.send("\x1a")
        seen = session.wait_for("stopped\r\n")
        assert " echo " in seen and "-echo " not in seen, seen
        session.wait_for("seed dog2: ")
        deadline = time.monotonic() + PATIENCE
        while session.echoes():
            assert time.monotonic() < deadline, "the echo stayed on after fg"
            time.sleep(0.01)
        session.send(PASSPHRASE + "\n")
        seen = session.rest()
        expect_in(f"9: {value_at(9)}", seen)
        expect_in("status 0", seen)


@contextlib.contextmanager
def profile():
    """What to write before knockgen, for a user with the profile `p`, and the home that it is in."""
    with contextlib.ExitStack() as undo:
        home, port = homes.Home(undo), homes.Port(undo)
        home.add("p", PASSPHRASE, "--downgrade", udp=port.number, signed="no", plain="yes", algorithm="md5")
        yield f"export HOME={home.directory}; unset XDG_CONFIG_HOME XDG_STATE_HOME; ", home, port


def test_send_granted_chain():
    """where the profile has the check word a slip is refused from the beginning, and nothing is asked twice"""
    with profile() as (user, home, port):
        for typed, status, words in (("This is a tesr.", 1, "this is not the passphrase that the right was granted for"),
                                     (PASSPHRASE, 0, f"knock {homes.LENGTH - 1} went")):
            with Session(f"{user}knockgen send p --copies 1; echo status $?") as session:
                session.wait_for("Passphrase of profile p")
                session.send(typed + "\n")
                seen = session.rest()
                expect_in(f"status {status}", seen)
                expect_in(words, seen.replace("\r\n", "\n"))
                assert "The same again" not in seen, seen
        expect(len(port.packets()), 1)


def test_replace_is_asked():
    """--replace shows what changes on the terminal and takes `yes`, and nothing else, for an answer"""
    with profile() as (user, home, port):
        text = homes.line(host="127.0.0.2", udp=port.number, signed="no", plain="yes", algorithm="md5",
                          check=home.check_word(PASSPHRASE, algorithm="md5", signed="no"))
        for answer, status, host in (("no", 1, "127.0.0.1"), ("", 1, "127.0.0.1"), ("\x04", 1, "127.0.0.1"), ("yes", 0, "127.0.0.2")):
            with Session(f"{user}knockgen profile add p '{text}' --replace; echo status $?") as session:
                seen = session.wait_for("Type yes to put the line in its place: ")
                expect_in("127.0.0.1 -> 127.0.0.2", seen)
                expect_in("Check words of the line: ", seen)
                session.send(answer if answer == "\x04" else answer + "\n")
                expect_in(f"status {status}", session.rest())
            expect(json.loads(home.said("profile", "show", "p", "--json"))["host"], host)


def test_send_interrupted():
    """^C and ^D at the prompt of send: no number is taken, nothing is sent, and the terminal is as before"""
    with profile() as (user, home, port):
        for key, status in (("\x03", 128 + signal.SIGINT), ("\x04", 1)):
            with Session(f"{user}knockgen send p; echo status $?; stty -a") as session:
                session.wait_for("Passphrase of profile p")
                session.send(key)
                seen = session.rest()
                expect_in(f"status {status}", seen)
                assert " echo " in seen and "-echo " not in seen, seen
        expect(port.packets(), [])
        assert not os.path.exists(f"{home.states}/p.next")


def as_somebody():
    """What to write before the program so that it does not run as root, to whom no process is closed."""
    if os.geteuid() != 0:
        return ""
    prefix = "setpriv --reuid 65534 --regid 65534 --clear-groups "
    reachable = subprocess.run(prefix + "test -x " + shlex.quote(PROGRAM), shell=True, check=False)
    if reachable.returncode != 0:
        raise Skip("run by root, and the build directory or setpriv is out of reach for other users")
    return prefix


def test_memory_is_private():
    """while it holds a passphrase there is no core file, and no process of the same user may look inside"""
    with Session(f"{as_somebody()}{shlex.quote(PROGRAM)} list {CHAIN}; true") as session:
        session.wait_for("seed dog2: ")
        with open(f"/proc/{session.child()}/limits", encoding="ascii") as limits:
            core = next(line for line in limits if line.startswith("Max core file size"))
        expect(core.split()[4:6], ["0", "0"])
        # The files of a process that is not dumpable belong to root, whoever runs it.
        expect(os.stat(f"/proc/{session.child()}/environ").st_uid, 0)


if __name__ == "__main__":
    harness.run_all(dict(globals()))
