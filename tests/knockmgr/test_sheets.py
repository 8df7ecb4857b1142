"""sheets: what a user gets to print, and the lines that print the same with knockgen."""

import hashlib
import os
import re
import shlex
import stat
import subprocess

from harness import KNOCKGEN, Installation, expect, expect_in, run_all
from users import ZONE, ready, token, with_let_in


def test_sheet():
    """--sheet writes a new private file, overwrites nothing, and leaves none behind when the grant is refused"""
    with Installation() as otk:
        sheet = f"{otk.base}/sheet.txt"
        said = ready(otk).must("grant", "add", "anna", "hello", "--generate", "--sheet", sheet).out
        expect(stat.S_IMODE(os.stat(sheet).st_mode), 0o600)
        with open(sheet, encoding="ascii") as file:
            content = file.read()
        words = otk.must("grant", "show", "anna", "hello", "--json").json()["check_words"]
        expect_in(words, content)
        expect_in(words, said)
        expect("anna" in content, False)
        otk.refused(1, sheet, "grant", "renew", "anna", "hello", "--generate", "--sheet", sheet)
        other = f"{otk.base}/other.txt"
        otk.refused(1, "already", "grant", "add", "anna", "hello", "--generate", "--sheet", other)
        otk.refused(1, "No such file", "grant", "renew", "anna", "hello", "--generate", "--sheet", f"{otk.base}/no/such/x")
        expect(os.path.exists(other), False)


def dns_lines(text):
    return re.findall(r"^    (?:dig \+short (?!TXT)|nslookup|http).*k\.example\.org", text, re.MULTILINE)


def test_sheet_of_a_command_with_an_address():
    """a sheet has lines for dns only where the rule for addresses lets such a knock pass, and in that form"""
    for rule, form, lines, address in ((None, "base32", 0, ""), (None, "hex", 0, ""), ("source", "hex", 3, ""),
                                       ("source", "base32", 3, ""), ("named", "base32", 3, "-A-B-C-D"),
                                       ("named", "hex", 0, ""), ("named", "words", 0, "")):
        with Installation(ZONE) as otk:
            sheet = f"{otk.base}/sheet.txt"
            options = ("--address", rule) if rule else ()
            said = with_let_in(otk).must("grant", "add", "anna", "let-in", "--generate", "--form", form,
                                         "--sheet", sheet, *options).out
            with open(sheet, encoding="ascii") as file:
                content = file.read()
            found = dns_lines(content)
            expect((rule, form, len(found)), (rule, form, lines))
            expect(all((address + ".k.example.org" in line) and ("A-B-C-D" in line) == bool(address)
                       for line in found), True)
            expect("no lines for dns" in said, lines == 0)
            expect(content.count("dig +short TXT"), 1 if lines else 0)  # to ask what became of it
            expect("put _ between words" in content, False)


def test_sheet_without_an_address():
    """where the command uses no address, lines for dns need no name of one, whatever the rule"""
    for rule in ("knock", "source", "named"):
        with Installation(ZONE) as otk:
            sheet = f"{otk.base}/sheet.txt"
            said = ready(otk).must("grant", "add", "anna", "hello", "--generate", "--address", rule, "--sheet", sheet)
            with open(sheet, encoding="ascii") as file:
                content = file.read()
            expect((len(dns_lines(content)), "A-B-C-D" in content, "no lines" in said.out), (3, False, False))


def door_sheet(otk, *command):
    """The sheet of a command's grant, with its knocks by their numbers."""
    otk.must("user", "add", "anna")
    otk.must("command", "add", "door", *command)
    sheet = f"{otk.base}/sheet.txt"
    otk.must("grant", "add", "anna", "door", "--generate", "--length", "13", "--host", "gate.example.org", "--sheet",
             sheet, "--address", "source")
    with open(sheet, encoding="ascii") as file:
        content = file.read()
    cells = re.findall(r"\[ \] +(\d+)  ((?:[0-9a-f]{4} ?){8})(?: +(\d+))?", content)
    return content, {int(number): (value.replace(" ", ""), port) for number, value, port in cells}


def port_of(value, low, high):
    """The door of a knock, by DESIGN 6."""
    digest = hashlib.sha256(b"otk-door-1" + bytes.fromhex(value)).digest()
    return low + int.from_bytes(digest[:4], "big") % (high - low + 1)


def test_sheet_of_a_forward_command():
    """the sheet of a forward command has the port of each knock, and what to do with it"""
    for configuration, low, high in (("", 61000, 65534), ('[forward]\nports = "50000-50099"\n', 50000, 50099)):
        with Installation(configuration + ZONE) as otk:
            content, cells = door_sheet(otk, "--forward", "127.0.0.1:22", "--hold", "90s")
            expect(sorted(cells), list(range(1, 13)))
            for value, port in cells.values():
                expect(int(port), port_of(value, low, high))
            first = port_of(cells[12][0], low, high)
            for part in (f"port {first} is open for 90s", f"    ssh -p {first} gate.example.org\n",
                         f"    dig +short TXT {cells[12][0]}.k.example.org\n"):
                expect_in(part, content)
    with Installation() as otk:
        content, cells = door_sheet(otk, "--forward", "10.0.0.5:443", "--hold", "60s")
        expect_in(f"connect to gate.example.org, port {port_of(cells[12][0], 61000, 65534)}/tcp", content)
        expect("ssh" in content or "TXT" in content, False)


def test_list_of_a_forward_command():
    """listed knocks of a forward command have their ports, too"""
    with Installation() as otk:
        otk.must("user", "add", "anna")
        otk.must("command", "add", "door", "--forward", "127.0.0.1:22", "--hold", "60s")
        added = otk.must("grant", "add", "anna", "door", "--generate", "--length", "9", "--json").json()
        expect([knock["port"] for knock in added["knocks"]],
               [port_of(knock["value"], 61000, 65534) for knock in added["knocks"]])
        lines = otk.must("grant", "renew", "anna", "door", "--generate").out.splitlines()
        expect(len(lines), 8)
        for line in lines:
            value, port = re.fullmatch(r"\d: ([0-9a-f]{32}) port (\d+)", line).groups()
            expect(int(port), port_of(value, 61000, 65534))


def test_sheet_of_an_open_command():
    """the sheet of an open command says how to use the port, and no port stands beside the knocks"""
    for service, line in (("22/tcp", "    ssh gate.example.org\n"),
                          ("443/tcp", "    connect to gate.example.org, port 443/tcp\n"),
                          ("51820/udp", "    connect to gate.example.org, port 51820/udp\n")):
        with Installation() as otk:
            content, cells = door_sheet(otk, "--open", service, "--hold", "90s")
            expect_in(f"port {service.split('/')[0]} is open for 90s", content)
            expect_in(line, content)
            expect({port for _, port in cells.values()}, {""})
            expect_in("a number works once", content)


def test_sheet_without_confirmation():
    """where dns does not confirm, no sheet says that it could be asked"""
    for configuration in ("confirm = false\n", "answer = false\n"):
        with Installation(ZONE + configuration) as otk:
            content, _ = door_sheet(otk, "--open", "22/tcp", "--hold", "90s")
            expect((len(dns_lines(content)), "TXT" in content), (3, False))


def test_line_for_the_users_sheet_of_a_door():
    """knockgen prints the same ports and the same advice by the line that `grant add --token` told"""
    for number, (command, part, carriers) in enumerate((
            (("--forward", "127.0.0.1:22"), "--ports 61000-65534 --ssh --hold 60s", ()),
            (("--forward", "127.0.0.1:80"), "--ports 61000-65534 --hold 60s", ("--carriers", "udp")),
            (("--open", "22/tcp"), "--open 22/tcp --hold 60s", ()),
            (("--open", "53/udp"), "--open 53/udp --hold 60s", ()))):
        with Installation(ZONE) as otk:
            otk.must("user", "add", "anna")
            otk.must("command", "add", "let-in", *command, "--hold", "1m")
            made = subprocess.run([KNOCKGEN, "token", "--plain", "--seed", f"seed{number}", "--length", "21", "--weak",
                                   "-p", "-"],
                                  input="This is a test.\n", text=True, capture_output=True, check=True, timeout=60)
            listed, page = printed_sheet(otk, made.stdout.strip(), "--address", "source", *carriers)
            expect_in(part.replace("60s", "1m"), listed["sheet_command"])
            expect(" --confirm" in listed["sheet_command"], not carriers)
            expect("dig +short TXT" in page, not carriers)
            ports = re.findall(r"((?:[0-9a-f]{4} ){8}) (\d{5})\n", page)
            expect(len(ports), 20 if "--forward" in command else 0)
            for value, port in ports:
                expect(int(port), port_of(value.replace(" ", ""), 61000, 65534))
            expect("\n    ssh" in page, "22" in command[1])


def printed_sheet(otk, user_token, *options):
    """The sheet that knockgen prints by the line that `grant add --token` told."""
    listed = otk.must("grant", "add", "anna", "let-in", "--token", user_token, "--json", *options).json()
    otk.must("grant", "remove", "anna", "let-in", "--yes")
    words = shlex.split(listed["sheet_command"])
    expect((words[:2], words[-2:]), (["knockgen", "sheet"], ["--output", "sheet.txt"]))
    done = subprocess.run([KNOCKGEN, *words[1:-2], "--passphrase-file", "-"], input="This is a test.\n", text=True,
                          capture_output=True, check=False, timeout=60)
    expect((listed["sheet_command"], done.returncode), (listed["sheet_command"], 0))
    return listed, done.stdout


def test_line_for_the_users_sheet():
    """grant add --token prints a line by which knockgen makes the right sheet, whatever the rules are"""
    with Installation(ZONE + '[udp]\nports = [4242]\n') as otk:
        with_let_in(otk)
        for number, (options, lines, address, ping) in enumerate((
                ((), 0, False, True), (("--address", "source"), 3, False, True),
                (("--address", "named"), 3, True, False), (("--address", "named", "--form", "hex"), 0, False, True),
                (("--carriers", "udp"), 0, False, False), (("--carriers", "icmp"), 0, False, True))):
            made = subprocess.run([KNOCKGEN, "token", "--plain", "--seed", f"seed{number}", "--length", "21", "--weak",
                                   "-p", "-"],
                                  input="This is a test.\n", text=True, capture_output=True, check=True, timeout=60)
            listed, page = printed_sheet(otk, made.stdout.strip(), "--host", "server.example.org", *options)
            expect((options, len(dns_lines(page)), "A-B-C-D" in page, "ping -c1" in page),
                   (options, lines, address, ping))
            expect(page.count("dig +short TXT"), 1 if lines else 0)
            expect("server.example.org 4242" in page, "icmp" not in options)
            for part in (listed["check_words"], "Command      let-in", "length 21"):
                expect_in(part, page)
        otk.refused(2, "--host", "grant", "add", "anna", "let-in", "--token", token("pepper"), "--host", "a b")
        expect_in("the user's sheet: knockgen sheet --seed pepper ",
                  otk.must("grant", "add", "anna", "let-in", "--token", token("pepper")).out)


run_all(globals())
