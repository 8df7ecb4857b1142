"""One installation of otk in a temporary directory: its programs, its configuration, its knockmgr."""

import json
import os
import pwd
import shutil
import subprocess
import tempfile

from .network import COMMAND_LIMIT
from .tap import Skip

ZONE = "knock.example.org"


def programs():
    """Where meson built them; tests/e2e/meson.build says it in the environment."""
    build = os.environ.get("OTK_BUILD")
    if not build:
        raise Skip("OTK_BUILD does not name a build directory: run the tests by meson, or set it")
    found = {name: f"{build}/{name}/{name}" for name in ("knockd", "knockmgr", "knockgen")}
    for shim in ("test-clock", "test-die-at-write"):
        found[shim] = f"{build}/tests/e2e/lib{shim}.so"
    for path in found.values():
        if not os.path.exists(path):
            raise AssertionError(f"{path} is missing: build it with ninja -C {build}")
    return found


class Installation:
    def __init__(self, undo):
        self.programs = programs()
        self.exit_code = 0  # of the last call
        for account in ("otk", "otk-capture", "otk-forward", "nobody"):
            try:
                pwd.getpwnam(account)
            except KeyError as error:
                raise Skip(f"there is no account {account} here: tools/test makes the accounts") from error
        # Above the state: readable by all, for the commands of the tests; knockd's accounts must get through.
        self.directory = tempfile.mkdtemp(prefix="otk-e2e-")
        undo.callback(shutil.rmtree, self.directory)
        os.chmod(self.directory, 0o755)
        self.state = f"{self.directory}/state"
        self.knockmgr("init")

    def configure(self, sections):
        """Writes otk.toml: section -> key -> value; what is not named keeps its default."""
        lines = []
        for section, keys in sections.items():
            lines += [f"[{section}]", *(f"{key} = {json.dumps(value)}" for key, value in keys.items()), ""]
        self.write_configuration("\n".join(lines))

    def configuration(self):
        with open(f"{self.state}/otk.toml", encoding="ascii") as file:
            return file.read()

    def write_configuration(self, text):
        with open(f"{self.state}/otk.toml", "w", encoding="ascii") as file:
            file.write(text)

    def call(self, program, *arguments, stdin="", expect=0, user=None, environment=None):
        """One of otk's programs, from this build. Demands its exit code (None: any); gives both outputs as one text."""
        done = subprocess.run([self.programs[program], *map(str, arguments)], input=stdin, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=COMMAND_LIMIT, check=False, cwd="/",
                              user=user, extra_groups=[] if user else None,
                              env=dict(os.environ, OTK_DIR=self.state, **(environment or {})))
        self.exit_code = done.returncode
        if expect is not None and done.returncode != expect:
            words = " ".join(map(str, (program, *arguments)))
            raise AssertionError(f"{words}: exit code {done.returncode} instead of {expect}\n{done.stdout}")
        return done.stdout

    def knockmgr(self, *arguments, **options):
        return self.call("knockmgr", *arguments, **options)

    def log(self, *filters):
        """The ledger's rows as knockmgr lists them, oldest first; how a command ended stands with its knock."""
        return json.loads(self.knockmgr("log", "--json", "--last", "all", *filters))
