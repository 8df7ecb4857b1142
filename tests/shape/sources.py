#!/usr/bin/env python3
"""What the sources say about the house (DESIGN section 11): who includes whom, who may use which library of others, how
long a file is, and that calls with a bad name are not made.

    tests/shape/sources.py SOURCE_ROOT
"""

import pathlib
import re
import sys

from tap import Report

# Names of otp that need no digest; the parts that must not link libcrypto may use these and no more.
OTP_NAMES = {"otp/algorithm.h", "otp/value.h", "otp/challenge.h", "otp/rules.h", "otp/text_form.h", "otp/token.h", "otp/words.h"}
# Each part of lib with what it may include besides itself: folders, or single headers.
MAY_INCLUDE = {
    "base": set(),
    "otp": {"base"},
    "net": {"base"},
    "sys": {"base"},
    "policy": {"base", "net", *OTP_NAMES},
    "completion": {"base"},
    "config": {"base", "net", "policy", *OTP_NAMES},
    "store": {"base", "net", "otp", "policy"},
    "firewall": {"base", "net", "policy", "sys"},
    "sheet": {"base", "otp"},
    "request": {"base", "net", "otp"},
    "profile": {"base", "net", "policy", "otp/chain.h", *OTP_NAMES},
}
PROGRAMS = {"knockd", "knockmgr", "knockgen"}
# Libraries of others, by the beginning of their headers, and the folders that may include them.
OUTSIDE = {
    "SQLiteCpp/": ["lib/store"],
    "sqlite3.h": ["lib/store"],
    "pcap": ["knockd/capture"],
    "openssl/": ["lib/otp", "lib/store", "lib/request", "knockd/capture", "knockd/validate"],
    "seccomp.h": ["lib/sys"],
    "cap-ng.h": ["lib/sys"],
    "libmnl/": ["lib/firewall", "knockd/monitor"],
    "libnftnl/": ["lib/firewall"],
    "toml++/": ["lib/config"],
    "re2/": ["lib/policy"],
}
# A shell between us and a program; copies without a length; numbers and names without errors; a parent that waits for its
# child's user (vfork); random numbers that are none; writing that throws, also where a failure is being told.
FORBIDDEN = ["system", "popen", "strcpy", "strcat", "sprintf", "vsprintf", "gets", "vfork", "tmpnam", "mktemp", "alloca",
             "strtok", "atoi", "atol", "rand", "srand", "fmt::print"]
LONGEST = 350
SUFFIXES = {".cpp", ".h", ".py", ".sh", ".sql"}


def files_below(root, folders):
    for folder in folders:
        for file in sorted((root / folder).rglob("*")):
            if file.is_file() and file.suffix in SUFFIXES:
                yield file.relative_to(root)


def own_includes(root, file):
    return re.findall(r'^\s*#\s*include\s+"([^"]+)"', (root / file).read_text(), re.MULTILINE)


def outside_includes(root, file):
    return re.findall(r"^\s*#\s*include\s+<([^>]+)>", (root / file).read_text(), re.MULTILINE)


def code_of(text):
    """The text without comments and without what stands between quotes."""
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, " ", text, flags=re.DOTALL)


def wrong_includes(root, part):
    allowed = MAY_INCLUDE[part] | {part}
    for file in files_below(root, [f"lib/{part}"]):
        for header in own_includes(root, file):
            folder = header.split("/")[0] if "/" in header else part
            if folder not in allowed and header not in allowed:
                yield f"{file} includes {header}"


def wrong_programs(root, program):
    for file in files_below(root, [program]):
        for header in own_includes(root, file):
            folder = header.split("/")[0]
            if folder in PROGRAMS - {program} or folder == "tests":
                yield f"{file} includes {header}"


def wrong_outside(root, beginning, places):
    for file in files_below(root, ["lib", *PROGRAMS]):
        if any(file.is_relative_to(place) for place in places):
            continue
        for header in outside_includes(root, file):
            if header.startswith(beginning):
                yield f"{file} includes <{header}>"


def too_long(root):
    for file in files_below(root, ["lib", *PROGRAMS, "tests", "tools", "schema", "packaging"]):
        length = len((root / file).read_text().splitlines())
        if length > LONGEST and not file.name.endswith("_table.cpp"):
            yield f"{file} has {length} lines"


def forbidden_calls(root):
    calls = re.compile(r"(?<![\w.>])(?:::|std::)?(" + "|".join(FORBIDDEN) + r")\s*\(")
    for file in files_below(root, ["lib", *PROGRAMS]):
        for call in calls.finditer(code_of((root / file).read_text())):
            yield f"{file} calls {call.group(1)}()"


def headers_without_once(root):
    for file in files_below(root, ["lib", *PROGRAMS, "tests"]):
        if file.suffix == ".h" and "\n#pragma once\n" not in "\n" + (root / file).read_text():
            yield f"{file} has no #pragma once"


def main(root):
    report = Report()
    parts = {folder.name for folder in (root / "lib").iterdir() if folder.is_dir()}
    report.case("every part of lib has its rule", [f"lib/{part} has none" for part in sorted(parts - MAY_INCLUDE.keys())])
    for part in sorted(parts & MAY_INCLUDE.keys()):
        report.case(f"lib/{part} includes only what stands below it", list(wrong_includes(root, part)))
    for program in sorted(PROGRAMS):
        report.case(f"{program} includes no other program and no test", list(wrong_programs(root, program)))
    for beginning, places in OUTSIDE.items():
        report.case(f"<{beginning}...> only in {', '.join(places)}", list(wrong_outside(root, beginning, places)))
    report.case(f"no file is longer than {LONGEST} lines", list(too_long(root)))
    report.case("calls with a bad name are not made", list(forbidden_calls(root)))
    report.case("every header is read once", list(headers_without_once(root)))
    report.end()


main(pathlib.Path(sys.argv[1]))
