"""A real sshd behind a door, and the real ssh that goes in."""

import os
import select
import shutil
import subprocess
import tempfile

from . import wait
from .network import COMMAND_LIMIT
from .tap import Skip


class Sshd:
    """Runs on `host` and listens on `listen` (addresses; by default all of both families), with keys of its own."""

    def __init__(self, undo, host, port=22, listen=("0.0.0.0", "[::]")):
        self.program = shutil.which("sshd", path="/usr/sbin:/usr/bin:/sbin:/bin")
        if self.program is None or shutil.which("ssh") is None:
            raise Skip("sshd or ssh is missing (Debian: openssh-server, openssh-client)")
        self._undo = undo
        self.port = port
        self.directory = tempfile.mkdtemp(prefix="otk-e2e-ssh-")
        undo.callback(shutil.rmtree, self.directory)
        for name in ("host", "client"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{self.directory}/{name}"], check=True,
                           stdin=subprocess.DEVNULL, timeout=COMMAND_LIMIT)
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)  # sshd's empty directory, which its service makes
        settings = {
            "HostKey": f"{self.directory}/host", "AuthorizedKeysFile": f"{self.directory}/client.pub", "StrictModes": "no",
            "PermitRootLogin": "prohibit-password", "PasswordAuthentication": "no", "UsePAM": "no", "PidFile": "none",
            "UseDNS": "no", "LogLevel": "ERROR", "MaxStartups": "100",
        }
        lines = [f"{key} {value}" for key, value in settings.items()]
        lines += [f"ListenAddress {address}:{port}" for address in listen]
        with open(f"{self.directory}/sshd_config", "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
        self.process = host.start([self.program, "-D", "-e", "-f", f"{self.directory}/sshd_config"], undo)
        wait.until(lambda: f":{port} " in host.run("ss", "-Hltn") or None, "sshd listens")

    def words(self, address, *command, port=None, options=()):
        """ssh's command line, for a log-in as root with the client's key, that asks nothing."""
        known = f"{self.directory}/known_hosts"
        return ["ssh", "-F", "none", "-i", f"{self.directory}/client", "-p", str(port or self.port),
                "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=accept-new", "-o", f"UserKnownHostsFile={known}",
                "-o", "HostKeyAlias=server", "-o", "ConnectTimeout=2", "-o", "LogLevel=ERROR", *options,
                f"root@{address}", *command]

    def says(self, client, address, port=None, word="inside"):
        """Whether ssh from `client` gets in and runs a program there."""
        done = subprocess.run(client.words(self.words(address, "echo", word, port=port)), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=COMMAND_LIMIT,
                              check=False)
        return done.stdout == f"{word}\n"

    def session(self, client, address, port=None):
        """A log-in that stays: its cat gives back each line that is written to it."""
        return Session(self._undo, client, self.words(address, "cat", port=port))


class Session:
    def __init__(self, undo, client, words):
        self._process = subprocess.Popen(client.words(words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        undo.callback(self.end)

    def alive(self, word="alive"):
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        answered, _, _ = select.select([self._process.stdout], [], [], wait.DEADLINE)
        return bool(answered) and self._process.stdout.readline() == f"{word}\n"

    def end(self):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
