"""bash, zsh and fish with the completion of a program, asked as somebody at a keyboard asks them.

The shell runs in a terminal of its own. `typed(line)` gives the command line after a Tab, `offers(line)` all words that the
shell would insert for it. Keys of ours write the line that is being edited to a file: what a terminal shows is cut, coloured
and laid out in columns. fish has no key for all words; it tells them by `complete -C`. With `loads`, a directory as
/usr/share is one, the shell finds the script there by the name of the program.
"""

import os
import pty
import pwd
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time

PATIENCE = 60  # seconds until a test that waits in vain is called failed
SHOWN = b"~~"  # comes to the terminal behind all that the keys before it have shown
TAB, LIST, INSERT_ALL, TELL = "\t", "\x18l", "\x18a", "\x18d"
ENVIRONMENT = {name: value for name, value in os.environ.items()
               if name not in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "OTK_DIR", "BASH_ENV", "ENV", "INPUTRC")}


def instance(script, program, folder):
    """A copy of an installed script that runs a program of the build tree instead."""
    with open(script, encoding="utf-8") as file:
        text = file.read()
    text, count = re.subn(r"command '/[^']*'", lambda _: f"command '{program}'", text)
    assert count == 1, f"{script} runs {count} programs"
    path = os.path.join(folder, os.path.basename(script))
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def become(account):
    user = pwd.getpwnam(account)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


class Keyboard:
    """A shell in a terminal, in `home`, with a folder of its own. `start` sets up the prompt, keys and completion."""

    def __init__(self, words, start, home, environment=None, account=None):
        self._folder = tempfile.mkdtemp(prefix="otk-completion-")
        if account:
            shutil.chown(self._folder, account)
        self._told = f"{self._folder}/told"
        with open(f"{self._folder}/.zshrc", "w", encoding="utf-8") as file:
            file.write(start.replace("TOLD", self._told))
        self._seen = b""
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            os.chdir(home)
            if account:
                become(account)
            os.execvpe(words[0], [word.replace("START", f"{self._folder}/.zshrc") for word in words],
                       {**ENVIRONMENT, "HOME": home, "ZDOTDIR": self._folder, "TERM": "dumb", "COLUMNS": "500",
                        "LC_ALL": "C.UTF-8", **(environment or {})})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._terminal)  # hangs up
        os.waitpid(self._pid, 0)
        shutil.rmtree(self._folder)

    def _after(self, keys):
        """The line that is being edited after these keys."""
        self._seen = b""
        os.write(self._terminal, (keys + TELL).encode())
        deadline = time.monotonic() + PATIENCE
        while not os.path.exists(self._told) or SHOWN not in self._seen:
            assert time.monotonic() < deadline, f"the shell did not answer; seen: {self._seen!r}"
            if select.select([self._terminal], [], [], 0.02)[0]:
                self._seen += os.read(self._terminal, 65536)
        with open(self._told, encoding="utf-8") as file:
            text = file.read()
        os.unlink(self._told)
        return text

    def typed(self, line):
        return self._after(line + TAB)

    def offers(self, line):
        """The words that the shell would insert in the place of the last one of the line, in order."""
        start = line[:line.rfind(" ") + 1]
        after = self._after(line + INSERT_ALL)
        assert after.startswith(start), (line, after)
        words = after[len(start):].split()
        return [] if words == line[len(start):].split() else words

    def shows(self, line):
        """What the terminal shows as choices, with their descriptions."""
        self._after(line + LIST)
        return self._seen.decode(errors="replace")


class Bash(Keyboard):
    name = "bash"

    def __init__(self, script, home, loads=None, **settings):
        load = f"export XDG_DATA_DIRS='{loads}:/usr/share'; . /usr/share/bash-completion/bash_completion" if loads else f". '{script}'"
        super().__init__(["bash", "--noprofile", "--rcfile", "START", "-i"], f"""
            PS1= PS2= HISTFILE=
            bind 'set enable-bracketed-paste off'
            bind 'set completion-query-items 0'
            bind 'set page-completions off'
            tell() {{ printf %s "$READLINE_LINE" >TOLD.new; command mv TOLD.new TOLD; printf '~~'
                READLINE_LINE= READLINE_POINT=0; }}
            bind -x '"\\C-xd": tell'
            bind '"\\C-xa": insert-completions'
            bind '"\\C-xl": possible-completions'
            {load}
            """, home, **settings)


class Zsh(Keyboard):
    name = "zsh"

    def __init__(self, script, home, loads=None, **settings):
        super().__init__(["zsh", "-d", "-i"], f"""
            PS1= PS2=
            unset zle_bracketed_paste
            unsetopt prompt_sp prompt_cr
            fpath=('{f"{loads}/zsh/site-functions" if loads else os.path.dirname(script)}' $fpath)
            autoload -Uz compinit && compinit -u -d TOLD.dump
            bindkey -e
            tell() {{ print -rn -- "$BUFFER" >TOLD.new; command mv TOLD.new TOLD; print -n '~~' >/dev/tty; BUFFER= }}
            insert-all() {{ _main_complete; compstate[insert]=all compstate[list]= }}
            list() {{ zle list-choices; zle -R }} # drawn at once, whatever has been typed ahead
            zle -N tell
            zle -N list
            zle -C insert-all complete-word insert-all
            bindkey '^Xd' tell '^Xa' insert-all '^Xl' list
            """, home, **settings)


class Fish(Keyboard):
    name = "fish"

    def __init__(self, script, home, environment=None, account=None, loads=None):
        environment = {**(environment or {}), **({"XDG_DATA_DIRS": f"{loads}:/usr/share"} if loads else {})}
        self._words = ["fish", "-c"] if loads else ["fish", "--no-config", "-C", f"source '{script}'", "-c"]
        self._home = home
        self._environment = {**ENVIRONMENT, "HOME": home, "LC_ALL": "C.UTF-8", **environment}
        self._become = (lambda: become(account)) if account else None
        super().__init__(["fish", "--no-config", "-i", "-C", "source START"], f"""
            function fish_prompt; end
            function tell
                printf %s (commandline) >TOLD.new
                command mv TOLD.new TOLD
                printf '~~' >/dev/tty
                commandline ''
            end
            bind \\cxd tell
            source '{script}'
            """, home, environment, account)

    def shows(self, line):
        run = subprocess.run([*self._words, "complete -C $argv[1]", line], cwd=self._home, env=self._environment,
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE, check=True,
                             preexec_fn=self._become)
        assert run.stderr == "", run.stderr
        return run.stdout

    def offers(self, line):
        return [each.split("\t")[0] for each in self.shows(line).splitlines()]
