"""A user who knocks with knockgen send: her key file, her profile and her home, made as the documents say."""

import contextlib
import itertools
import json
import os
import re
import shutil
import tempfile

from . import dynamic, wait
from .world import RECORDER, Access

LENGTH = 50
_numbers = itertools.count(1)


class Sender(Access):
    """`of_command` are the command's options, `of_grant` the grant's; `server` is how the user reaches the server."""

    def __init__(self, w, of_command, of_grant=(), server=None, plain_token=False):
        self._world, self._number = w, next(_numbers)
        self.user, self.command, self.profile = (f"{name}{self._number}" for name in ("sender", "doing", "p"))
        self._home = tempfile.mkdtemp(dir=w.installation.directory)
        w.undo.callback(shutil.rmtree, self._home)
        os.chmod(self._home, 0o711)
        self._environment = [f"{name}={self._home}/{name}" for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME")]
        self.key = f"{self._home}/key"
        self.knockgen("key", "new", self.key)
        token = re.search(r"otk1:\S+", self.knockgen("token", "--key", self.key, "--length", LENGTH,
                                                      *(["--plain"] if plain_token else []))).group()
        knockmgr = w.installation.knockmgr
        knockmgr("user", "add", self.user)
        knockmgr("command", "add", self.command, *of_command)
        knockmgr("grant", "add", self.user, self.command, "--token", token, *of_grant)
        self.add_profile(server)

    def add_profile(self, server=None):
        w = self._world
        self.knockgen("profile", "add", self.profile, dynamic.profile_of(w, self, server), "--replace", "--yes")

    def words(self, *arguments, user="root", program=None):
        become = [] if user == "root" else ["setpriv", f"--reuid={user}", "--regid=65534", "--clear-groups"]
        return [*become, "env", *self._environment, program or self._world.installation.programs["knockgen"],
                *map(str, arguments)]

    def knockgen(self, *arguments, code=0, host=None, **who):
        """Both outputs in one text."""
        return (host or self._world.client).run(*self.words(*arguments, **who), codes=(code,))

    def send(self, *options, code=0, **who):
        return self.knockgen("send", self.profile, "--key", self.key, *options, code=code, **who)

    def next_number(self):
        return json.loads(self.knockgen("profile", "show", self.profile, "--json"))["next"]

    @contextlib.contextmanager
    def state_kept(self):
        """What happens meanwhile the client has forgotten afterwards, as after a backup was put back."""
        kept = f"{self._home}/kept"
        shutil.copytree(f"{self._home}/XDG_STATE_HOME", kept)
        yield
        shutil.rmtree(f"{self._home}/XDG_STATE_HOME")
        shutil.move(kept, f"{self._home}/XDG_STATE_HOME")

    def belongs_to(self, user):
        """From now on the home is another user's, who then sends."""
        for folder, folders, files in os.walk(self._home):
            for name in (".", *folders, *files):
                shutil.chown(os.path.join(folder, name), user)

    def newest(self):
        return self.rows()[-1]


def recorder(w, *tokens):
    """The options of a command that notes each of its runs, and the file that it does it in."""
    descriptor, path = tempfile.mkstemp(dir=w.installation.directory)
    os.fchmod(descriptor, 0o666)  # the command runs as nobody
    os.close(descriptor)
    return ["--exec", "--as", "nobody"], ["--", "/bin/sh", "-c", RECORDER, path, *tokens], path


class Noted(Sender):
    def __init__(self, w, *tokens, of_command=(), **options):
        before, after, self._path = recorder(w, *tokens)
        super().__init__(w, [*before, *of_command, *after], **options)

    def runs(self):
        with open(self._path, encoding="utf-8") as file:
            return file.read().splitlines()

    def expect_run(self, wanted, *options, **who):
        """One more run, once, and no sign that anything else happened."""
        before = self.runs()
        said = self.send(*options, **who)
        wait.until(lambda: len(self.runs()) > len(before), lambda: f"a run; knockgen said:\n{said}")
        self._world.settle()
        assert self.runs() == [*before, wanted], (self.runs(), before, wanted)
        strange = [row for row in self.rows() if row["kind"] not in ("accepted", "ended", "end")]
        assert not strange, strange
        return said


@contextlib.contextmanager
def pings_allowed(host, groups):
    """Which groups may have ping sockets on that host: "0 2147483647" for all, "1 0" for none."""
    path = "/proc/sys/net/ipv4/ping_group_range"
    before = host.run("cat", path).strip()
    host.run("sh", "-c", f"echo '{groups}' > {path}")
    try:
        yield
    finally:
        host.run("sh", "-c", f"echo '{before}' > {path}")


def with_capability(w):
    """A copy of knockgen with CAP_NET_RAW, as setcap makes it."""
    copy = f"{w.installation.directory}/knockgen-with-capability"
    if not os.path.exists(copy):
        shutil.copy(w.installation.programs["knockgen"], copy)
        os.chmod(copy, 0o755)
        w.client.run("setcap", "cap_net_raw=ep", copy)
        w.undo.callback(os.remove, copy)
    return copy
