"""Whatever the help of a program names is completed, and whatever is completed is in the help.

    tests/completion/test_tables.py KNOCKMGR KNOCKGEN KNOCKD
"""

import os
import re
import subprocess
import sys

sys.path.insert(1, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from tap import expect, run_all  # noqa: E402

PROGRAMS = {os.path.basename(path): os.path.abspath(path) for path in sys.argv[1:]}


def run(program, *words):
    return subprocess.run([PROGRAMS[program], *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                          timeout=60, env={"PATH": os.environ["PATH"], "OTK_DIR": "/nonexistent"})


def help_of(program, *subcommand):
    done = run(program, *subcommand, "--help")
    expect((program, subcommand, done.returncode, done.stderr), (program, subcommand, 0, ""))
    return done.stdout


def completed(program, *words):
    done = run(program, "--complete", *words)
    expect((words, done.returncode, done.stderr), (words, 0, ""))
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


def options_in(text):
    """Each option of a help text, with what stands for its value and the whole of its help in one line."""
    found, name = {}, None
    for line in text.split("\nusage:")[-1].splitlines():
        start = re.match(r"  (?:-\w, |    )?--([\w-]+)(?: ?(\[=\S+\]|[A-Z][\w/:.-]*))?(?:  +(.*)| (.*))?$", line)
        if start:
            name = start.group(1)
            found[name] = [start.group(2) or "", start.group(3) or start.group(4) or ""]
        elif name and line.startswith(" " * 10):
            found[name][1] += " " + line.strip()
        else:
            name = None
    return found


def subcommands_of(program):
    """As its help lists them."""
    listed = re.findall(r"^  ((?:[a-z]+ )?[a-z]+) {2,}\S", help_of(program).split("Options")[0].split("first steps")[0],
                        re.MULTILINE)
    return [tuple(name.split()) for name in listed]


def as_completed(program):
    """The same, as completion leads to them: by one word or two."""
    found = []
    for first in completed(program, ""):
        if run(program, first, "--help").stdout.startswith((f"{first} - ", f"{program} {first}: ")):
            found.append((first,))
        if program == "knockmgr":
            seconds = [word for word in completed(program, first, "") if not word.startswith("-")]
            found += [(first, second) for second in seconds]
    return found


def test_subcommands():
    """every subcommand of the help is completed, and no other"""
    for program, least in (("knockmgr", 36), ("knockgen", 8)):
        listed = subcommands_of(program)
        assert len(listed) >= least, listed
        expect((program, sorted(as_completed(program))), (program, sorted(listed)))


def each():
    for program in ("knockmgr", "knockgen"):
        for subcommand in subcommands_of(program):
            yield program, subcommand
    yield "knockd", ()


def test_options():
    """every option of the help is completed, and no other"""
    for program, subcommand in each():
        listed = options_in(help_of(program, *subcommand))
        assert "help" in listed, (subcommand, listed)
        expect((subcommand, sorted(completed(program, *subcommand, "--"))),
               (subcommand, sorted("--" + name for name in listed)))


def test_before_subcommands():
    """so are the options in place of a subcommand"""
    expect(sorted(completed("knockmgr", "-")), ["--dir", "--help", "--version"])
    expect(sorted(completed("knockgen", "-")), ["--help", "--version"])


def test_values():
    """every value that completion offers stands in the help of its option; files and directories are told apart"""
    seen = 0
    for program, subcommand in each():
        for name, (value, text) in options_in(help_of(program, *subcommand)).items():
            if not value:
                continue
            told = completed(program, *subcommand, f"--{name}=")
            if value.startswith("FILE"):
                expect((subcommand, name, told), (subcommand, name, [":files"]))
            elif value == "DIR":
                expect((subcommand, name, told), (subcommand, name, [":directories"]))
            elif value == "ACCOUNT":
                expect((subcommand, name, told), (subcommand, name, [":accounts"]))
            elif value != "ZONE":
                for each_value in (word.split("=", 1)[1] for word in told):
                    assert re.search(rf"\b{each_value}\b", text), (subcommand, name, each_value, text)
                    seen += 1
    assert seen > 50, seen


def refusal(program, *words):
    return run(program, *words).stderr


def test_values_are_taken():
    """no program refuses a value that completion offers"""
    for algorithm in completed("knockgen", "list", "--algorithm", ""):
        assert "--algorithm" not in refusal("knockgen", "list", "--algorithm", algorithm), algorithm
    for subcommand in ("list", "otp", "sheet"):
        for form in completed("knockgen", subcommand, "--form", ""):
            words = ("otp-md5 4 dog2",) if subcommand == "otp" else ("--seed", "dog2")
            said = refusal("knockgen", subcommand, *words, "--form", form, "--passphrase-file", "/nonexistent")
            assert "/nonexistent" in said, (form, said)


def test_order_and_noise():
    """nothing but candidates is printed, and the exit code is 0, whatever is asked"""
    for words in ((), ("",), ("--",), ("-", ""), ("\x1b[31m",), ("user", "show", "--dir", "/dev/zero", ""), ("-" * 5000,),
                  ("user",) * 200, ("send", "--wait", "--via", ""), ("grant", "show", "", "")):
        for program in PROGRAMS:
            completed(program, *words)


run_all(globals())
