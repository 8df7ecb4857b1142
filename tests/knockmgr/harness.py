"""Runs knockmgr on an installation in a temporary directory and reports as TAP.

Without root everything belongs to the caller. As root the ledger belongs to an account; the tests name `nobody` and
`daemon`, which every system has.
"""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(1, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import expect, expect_in, run_all  # noqa: E402, F401: for the scripts of this folder

KNOCKMGR = os.path.abspath(sys.argv[1])
SCENE = os.path.abspath(sys.argv[2])
KNOCKGEN = os.path.abspath(sys.argv[3])
IS_ROOT = os.geteuid() == 0
CONFIGURATION = '[users]\nvalidate = "nobody"\ncapture = "daemon"\n'
CALLER = pwd.getpwuid(os.geteuid()).pw_name


def subcommands():
    """All that there are, by the table that dispatches them: one a line of the help, in a column of 16."""
    text = subprocess.run([KNOCKMGR, "--help"], capture_output=True, text=True, check=True).stdout
    lines = text.split("SUBCOMMAND --help\n")[1].split("\nthe first steps")[0].splitlines()
    return [line[2:18].strip() for line in lines if line]


class Done:
    def __init__(self, process):
        self.code = process.returncode
        self.out = process.stdout
        self.err = process.stderr

    def json(self):
        return json.loads(self.out)


class Installation:
    """`with Installation() as otk`: knockmgr in a directory of its own, which goes away again."""

    def __init__(self, configuration="", initialise=True):
        self._configuration = CONFIGURATION + configuration
        self._initialise = initialise

    def __enter__(self):
        self.base = tempfile.mkdtemp(prefix="knockmgr-test-")
        self.dir = os.path.join(self.base, "state")
        os.mkdir(self.dir)
        self.configure(self._configuration)
        if self._initialise:
            self.must("init")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.base)

    def configure(self, text):
        with open(os.path.join(self.dir, "otk.toml"), "w", encoding="utf-8") as file:
            file.write(text)

    def run(self, *words, stdin="", environment=None):
        return Done(subprocess.run([KNOCKMGR, *words, "--dir", self.dir] if "--" not in words else
                                   [KNOCKMGR, "--dir", self.dir, *words],
                                   input=stdin, capture_output=True, text=True, check=False, timeout=60,
                                   env=dict(os.environ, **(environment or {}))))

    def must(self, *words, **options):
        done = self.run(*words, **options)
        assert done.code == 0, f"{' '.join(words)}: exit code {done.code}: {done.err}"
        return done

    def refused(self, code, part, *words, **options):
        """The exit code, a message with that part, nothing on standard output, and nothing changed."""
        before = self.everything()
        done = self.run(*words, **options)
        assert done.code == code, f"{' '.join(words)}: exit code {done.code}, not {code}: {done.out}{done.err}"
        assert part in done.err, f"{' '.join(words)}: {part!r} is not in {done.err!r}"
        assert done.out == "", done.out
        assert self.everything() == before, f"{' '.join(words)} changed something"
        return done

    def everything(self):
        """All that the administrator decided, as text."""
        if not os.path.exists(f"{self.dir}/policy/policy.db"):
            return sorted(os.listdir(self.dir))
        return [self.run(*words, "--json").out
                for words in (("user", "list"), ("command", "list"), ("grant", "list"), ("log", "--changes"))]

    def with_grant(self, *options, user="anna", command="hello"):
        """A user, a command and a generated grant; gives its knocks, highest number first."""
        self.must("user", "add", user)
        self.must("command", "add", command, "--exec", "--as", CALLER, "--", "/bin/echo", "hello")
        return self.must("grant", "add", user, command, "--generate", "--json", *options).json()

    def play_scene(self, play="knocks", length=20):
        """A history of scene.cpp; gives the knocks and the grant's listing."""
        added = self.with_grant("--length", str(length))
        return self.play_scene_of([knock["value"] for knock in added["knocks"]], play)

    def play_scene_of(self, values, play="knocks"):
        """Likewise, with a grant that is there."""
        grant = self.must("grant", "show", "anna", "hello", "--json").json()
        folder = f"{self.dir}/ledger"
        subprocess.run([SCENE, play, f"{folder}/ledger.db", grant["chain"], "1", "anna", "hello", grant["image"],
                        *values], check=True)
        for name in os.listdir(folder) if IS_ROOT else ():
            shutil.chown(os.path.join(folder, name), "nobody")
        return values, grant


class Daemon:
    """`with Daemon(otk)`: something that passes for a running knockd, and what it says about itself."""

    def __init__(self, otk, **says):
        self._otk = otk
        self._says = {"started": "2026-11-21T19:00:00Z", "acceptance": "open", **says}

    def __enter__(self):
        shutil.copy("/bin/sleep", f"{self._otk.base}/knockd")
        self._process = subprocess.Popen([f"{self._otk.base}/knockd", "600"])
        self.say()
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()

    def say(self, **more):
        self._says.update(more)
        path = f"{self._otk.dir}/monitor/status.json"
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump({"pid": self._process.pid, **self._says}, file)
        os.rename(path + ".new", path)
