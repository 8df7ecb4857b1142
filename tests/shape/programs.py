#!/usr/bin/env python3
"""What the linker says about the programs: the libraries that DESIGN section 7 allows each, and how they are hardened.

    tests/shape/programs.py BUILD
"""

import pathlib
import re
import subprocess
import sys

from tap import Report

SYSTEM = {"libc", "libstdc++", "libgcc_s", "libm", "ld-linux-x86-64", "ld-linux-aarch64"}
# The table of DESIGN section 7; {fmt} formats text and does nothing else.
ALLOWED = {
    "knockd/knockd": {"libfmt", "libsqlite3", "libmnl", "libnftnl", "libseccomp", "libcap-ng", "libre2"},
    "knockd/knockd-capture": {"libfmt", "libpcap", "libcrypto", "libseccomp", "libcap-ng"},
    "knockd/knockd-validate": {"libfmt", "libcrypto", "libsqlite3", "libseccomp", "libcap-ng", "libre2"},
    "knockd/knockd-forward": {"libfmt", "libseccomp", "libcap-ng"},
}
# What a program cannot do its work without: if readelf were misread and saw nothing, this would show it.
NEEDED = {
    "knockd/knockd": {"libsqlite3"},
    "knockd/knockd-capture": {"libpcap", "libcrypto"},
    "knockd/knockd-validate": {"libsqlite3", "libcrypto"},
    "knockd/knockd-forward": {"libseccomp"},
}
PROGRAMS = [*ALLOWED, "knockmgr/knockmgr", "knockgen/knockgen"]


def readelf(option, program):
    run = subprocess.run(["readelf", "--wide", option, program], stdout=subprocess.PIPE, check=True, text=True)
    return run.stdout


def libraries(program):
    names = re.findall(r"\(NEEDED\).*\[([^\]]+)\]", readelf("--dynamic", program))
    return {re.sub(r"\.so.*$", "", name) for name in names}


def hardening(program):
    """What is missing, in words."""
    dynamic = readelf("--dynamic", program)
    segments = readelf("--program-headers", program)
    symbols = readelf("--dyn-syms", program)
    stack = re.search(r"GNU_STACK.*\s(R?W?E?)\s+0x", segments)
    found = {
        "position-independent (PIE)": re.search(r"FLAGS_1\).*\bPIE\b", dynamic),
        "addresses bound at start (BIND_NOW)": re.search(r"FLAGS_1\).*\bNOW\b", dynamic),
        "relocations read-only (RELRO)": "GNU_RELRO" in segments,
        "a stack that cannot be executed": stack and "E" not in stack.group(1),
        "no segment both writable and executable": not re.search(r"LOAD.*\sRWE\s", segments),
        "stack protector": "__stack_chk_fail" in symbols,
        "no search path of its own for libraries": not re.search(r"\((RPATH|RUNPATH)\)", dynamic),
        "no relocations in code": "(TEXTREL)" not in dynamic,
    }
    return [f"lacks: {property_}" for property_, present in found.items() if not present]


def main(build):
    report = Report()
    for name in PROGRAMS:
        program = pathlib.Path(build) / name
        if not program.is_file():
            report.case(f"{name} is built", [f"there is no {program}"])
            continue
        if name in ALLOWED:
            linked = libraries(program)
            surplus = sorted(linked - SYSTEM - ALLOWED[name])
            missing = sorted(NEEDED[name] - linked)
            report.case(f"{name} links only what it may", [f"linked, but may not be: {library}" for library in surplus])
            report.case(f"{name} links what it works with", [f"not linked: {library}" for library in missing])
        report.case(f"{name} is hardened", hardening(program))
    report.end()


main(sys.argv[1])
