"""A policy.db, and profiles in somebody's home, for completion to read."""

import os
import shutil
import subprocess
import tempfile

from shells import ENVIRONMENT

SERVER = bytes(range(16)).hex()
USERS = ("anna", "anton", "berta")
COMMANDS = {"ssh": ("--open", "22/tcp", "--hold", "60s"), "wake": ("--exec", "--as", "nobody", "--", "/bin/echo", "hello"),
            "ssh-done": ("--close", "ssh")}


class Scene:
    """`with Scene(KNOCKMGR, KNOCKGEN) as scene`: scene.dir is an installation, scene.home a home with profiles."""

    def __init__(self, knockmgr, knockgen):
        self._knockmgr, self._knockgen = knockmgr, knockgen

    def __enter__(self):
        self._base = tempfile.mkdtemp(prefix="otk-completion-")
        os.chmod(self._base, 0o755)
        self.dir, self.home = f"{self._base}/otk", f"{self._base}/home"
        for folder in (self.dir, self.home, f"{self.home}/deep"):
            os.mkdir(folder)
        for name in ("sheet 1.txt", "sheet2.txt"):
            with open(f"{self.home}/{name}", "w", encoding="ascii"):
                pass
        with open(f"{self.dir}/otk.toml", "w", encoding="ascii") as file:
            file.write('[users]\nvalidate = "nobody"\ncapture = "daemon"\n')
        self.manage("init")
        for user in USERS:
            self.manage("user", "add", user)
        for name, what in COMMANDS.items():
            self.manage("command", "add", name, *what)
        self.manage("user", "disable", "berta")
        self.manage("grant", "add", "anna", "ssh", "--generate", "--length", "20")
        self.manage("key", "rotate")
        for name, command in (("home", "ssh"), ("office", "lights")):
            self._run(self._knockgen, "profile", "add", name,
                      f"otk1-profile host=192.0.2.7 algorithm=sha256 seed=s1 length=30 command={command} "
                      f"server={SERVER} signed=yes plain=no udp=62201 check=ABE")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self._base)

    def manage(self, *words):
        self._run(self._knockmgr, "--dir", self.dir, *words)

    def _run(self, *words):
        run = subprocess.run(words, env={**ENVIRONMENT, "HOME": self.home}, stdin=subprocess.DEVNULL, capture_output=True,
                             text=True, check=False, timeout=60)
        assert run.returncode == 0, (words, run.stderr)

    def policy_files(self):
        folder = f"{self.dir}/policy"
        return {name: (os.stat(f"{folder}/{name}").st_mtime_ns, os.stat(f"{folder}/{name}").st_ino)
                for name in sorted(os.listdir(folder))}
