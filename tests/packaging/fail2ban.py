#!/usr/bin/python3
"""The fail2ban filter against lines that knockd's own code writes: it finds the source of every connection that a door
refused, and nothing in any other line. Arguments: the folder of the filter, the program journal-lines."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "shape"))
from tap import Report  # noqa: E402

# As text files and the systemd backend of fail2ban hold a line: date, host and program first.
FORMS = {
    "of a syslog file": "Nov 21 22:00:0{digit} host knockd[4711]: {line}",
    "of the journal": "2026-11-21T22:00:0{digit}.123456 host.example.org knockd[4711]: {line}",
    "of a program without number": "2026-11-21T22:00:0{digit}+0000 host knockd: {line}",
    "of knockd's own standard error": "2026-11-21T22:00:0{digit}+0000 {line}",
}
ADDRESS = re.compile(r"from (\S+) \(proven\)")


def lines_of(program, which):
    done = subprocess.run([program, which], check=True, stderr=subprocess.PIPE)
    return done.stderr.decode("utf-8").split("\n")[:-1]


def found(lines, form, filter_file):
    """The addresses that fail2ban finds in the lines, in their order."""
    with tempfile.NamedTemporaryFile("w", suffix=".log", encoding="utf-8", newline="\n") as log:
        for number, line in enumerate(lines):
            log.write(FORMS[form].format(digit=number % 10, line=line) + "\n")
        log.flush()
        done = subprocess.run(["fail2ban-regex", "--encoding", "utf-8", "--raw", "-o", "<ip>", log.name, filter_file],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, text=True)
    # It leaves with an error when there was no match, which is what most of these tests want.
    if "Traceback" in done.stderr or "ERROR" in done.stderr:
        raise AssertionError(done.stderr)
    return done.stdout.split()


def finds_all(lines, form, filter_file):
    wanted = [ADDRESS.search(line).group(1) for line in lines]
    got = found(lines, form, filter_file)
    return [] if wanted and got == wanted else [f"wanted {wanted}", f"got    {got}"]


def finds_none(lines, form, filter_file):
    """With a line that must match behind them, so that a run that reads nothing is noticed."""
    last = "knockd: z/z: connection to door 1/tcp from 192.0.2.99 (proven) refused: the door is for somebody else (row 1)"
    got = found([*lines, last], form, filter_file)
    return [] if len(lines) > 100 and got == ["192.0.2.99"] else [f"{len(lines)} lines, of which these were found:", *got]


def damaged(lines):
    """Each line of a refused connection with one of its parts changed: none is one any more."""
    changes = [("(proven)", "(unproven)"), ("/tcp", "/udp"), (": connection", ": a connection"), ("knockd: ", "sshd: "),
               ("anna", "anna b"), ("(row ", "(row x"), (" refused", ""), ("door ", "door x"), ("(proven)", "")]
    for line in lines:
        yield from (line.replace(old, new, 1) for old, new in changes)
        yield line + " and more"
        yield line.replace("knockd: ", "knockd: x: ", 1)
        yield "knockd-capture: " + line
        yield "sshd[12]: " + line
        yield ADDRESS.sub("from www.example.org (proven)", line)
        yield ADDRESS.sub("from 192.0.2.66 192.0.2.67 (proven)", line)


def jail_is_understood(folder):
    """fail2ban reads the example beside the configuration of the distribution."""
    with tempfile.TemporaryDirectory() as directory:
        copy = f"{directory}/fail2ban"
        shutil.copytree("/etc/fail2ban", copy)
        for part in ("filter.d", "jail.d"):
            shutil.rmtree(f"{copy}/{part}") if part == "jail.d" else None
            os.makedirs(f"{copy}/{part}", exist_ok=True)
            shutil.copy(f"{folder}/{part}/otk.conf", f"{copy}/{part}/otk.conf")
        done = subprocess.run(["fail2ban-client", "-c", copy, "--dp"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False, text=True)
    wanted = ["['add', 'otk', 'systemd']", "_COMM=knockd", "_UID=0", "connection to door"]
    missing = [part for part in wanted if part not in done.stdout]
    return [f"not in its answer: {part}" for part in missing] + (done.stdout.splitlines() if missing else [])


def main():
    folder, program = sys.argv[1:]
    filter_file = f"{folder}/filter.d/otk.conf"
    if shutil.which("fail2ban-regex") is None:
        print("1..0 # SKIP fail2ban-regex is missing (Debian: fail2ban)")
        return
    refused, others = lines_of(program, "refused"), lines_of(program, "others")
    report = Report()
    for form in FORMS:
        report.case(f"every refused connection is found in lines {form}", finds_all(refused, form, filter_file))
        report.case(f"nothing else is found in lines {form}, whatever their texts", finds_none(others, form, filter_file))
    report.case("a line that differs in any part is not found",
                finds_none([*damaged(refused)] * 2, "of a syslog file", filter_file))
    report.case("fail2ban understands the jail", jail_is_understood(folder))
    report.end()


if __name__ == "__main__":
    main()
