"""knockgen as a user of a host runs it, with a home, a profile and a key file of its own."""

import itertools
import json
import os
import shutil
import subprocess
import tempfile

from . import dynamic
from .network import COMMAND_LIMIT, end_process

_numbers = itertools.count(1)


class Client:
    def __init__(self, w, access, host=None, address=None, user="root", program=None):
        """`address` is the server's, as it stands in the profile."""
        self._w, self._user = w, user
        self.host = host or w.client
        self.program = program or w.installation.programs["knockgen"]
        self.name = f"p{next(_numbers)}"
        self._home = tempfile.mkdtemp(dir=w.installation.directory)
        w.undo.callback(shutil.rmtree, self._home)
        self._key = f"{self._home}/key"
        access.chain.write_key_file(self._key)
        for path in (self._home, self._key):
            shutil.chown(path, user)
        self.environment = {"XDG_CONFIG_HOME": f"{self._home}/config", "XDG_STATE_HOME": f"{self._home}/state"}
        self.add_profile(dynamic.profile_of(w, access, address))

    def add_profile(self, line):
        self.run("profile", "add", self.name, line, "--replace", "--yes")

    def next_number(self):
        return json.loads(self.run("profile", "show", self.name, "--json"))["next"]

    def words(self, *arguments):
        environment = [f"{name}={value}" for name, value in self.environment.items()]
        become = [] if self._user == "root" else ["setpriv", f"--reuid={self._user}", "--clear-groups"]
        return [*become, "env", *environment, self.program, *arguments]

    def run(self, *arguments, codes=(0,)):
        return self.host.run(*self.words(*arguments), codes=codes)

    def dynamic_words(self, *options):
        return self.words("dynamic", self.name, "--key", self._key, *options)

    def dynamic(self, *options, code=0):
        """Both outputs in one text."""
        return self.host.run(*self.dynamic_words(*options), codes=(code,))

    def door(self, *options):
        """What --json says."""
        done = subprocess.run(self.host.words(self.dynamic_words("--json", *options)), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=COMMAND_LIMIT, check=False)
        if done.returncode != 0:
            raise AssertionError(f"knockgen dynamic: exit code {done.returncode}\n{done.stderr}")
        return json.loads(done.stdout)

    def start(self, *options, **settings):
        """Runs on; ended when the test ends."""
        process = subprocess.Popen(self.host.words(self.dynamic_words(*options)), stdin=subprocess.DEVNULL, text=True,
                                   **{"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, **settings})
        self._w.undo.callback(end_process, process)
        return process


def end_of(process):
    """Exit code and output of one that was started."""
    said, _ = process.communicate(timeout=COMMAND_LIMIT)
    return process.returncode, said


def copy_with_capability(w):
    """A copy of knockgen with CAP_NET_RAW, as setcap makes it."""
    copy = f"{w.installation.directory}/knockgen-with-capability"
    if not os.path.exists(copy):
        shutil.copy(w.installation.programs["knockgen"], copy)
        os.chmod(copy, 0o755)
        w.server.run("setcap", "cap_net_raw=ep", copy)
    return copy
