#!/usr/bin/python3
"""A user's first day, by the book: passphrase, token, check words, a printed sheet, and its lines typed as they stand."""

import contextlib
import os
import re
import stat

from otk_e2e import tap, wait, world
from otk_e2e.installation import ZONE

SEED, LENGTH = "firstday", 50


class FirstDay(world.World):
    def __init__(self, undo):
        super().__init__(undo)
        self.passphrase = f"{self.installation.directory}/passphrase"
        with open(self.passphrase, "w", encoding="ascii") as file:
            os.chmod(self.passphrase, 0o600)
            file.write("six random words make a sheet\n")
        self.chain_options = ("--seed", SEED, "--length", LENGTH, "--passphrase-file", self.passphrase)
        said = self.installation.call("knockgen", "token", "--plain", *self.chain_options)
        self.token = re.search(r"otk1:\S+", said).group()
        self.words_of_user = check_words(said)
        self.file = f"{self.installation.directory}/runs"
        with open(self.file, "wb"):
            os.chmod(self.file, 0o666)
        knockmgr = self.installation.knockmgr
        knockmgr("user", "add", "anna")
        recorder = ("/bin/sh", "-c", world.RECORDER, self.file, "{count}")
        knockmgr("command", "add", "hello", "--exec", "--as", "nobody", "--", *recorder)
        self.words_of_administrator = check_words(knockmgr("grant", "add", "anna", "hello", "--token", self.token))
        self.network.resolv_conf(self.client, self.server.ipv4)

    def runs(self):
        with open(self.file, encoding="ascii") as file:
            return [int(line) for line in file]

    def sheet(self, first, *options):
        words = ("--host", self.server.ipv4, "--zone", ZONE, "--from", first)
        return self.installation.call("knockgen", "sheet", *self.chain_options, *words, *options)


suite = tap.Suite(FirstDay)


def check_words(said):
    """The six words that user and administrator compare by voice."""
    return re.search(r"\b[A-Z]{1,4}(?: [A-Z]{1,4}){5}\b", said).group()


def lines_under(sheet, tool):
    """The lines that the sheet gives for a tool, without their margin."""
    lines = iter(sheet.splitlines())
    for line in lines:
        if line.strip().startswith(tool):
            break
    else:
        raise AssertionError(f"no lines for {tool} in:\n{sheet}")
    found = []
    for line in lines:
        if not line.startswith("    "):
            return found
        found.append(line.strip())
    return found


@suite.case("user and administrator see the same six check words")
def same_words(w):
    assert w.words_of_user == w.words_of_administrator, (w.words_of_user, w.words_of_administrator)


@suite.case("the lines of the sheet for ping, dig, nslookup and nc knock, typed as they stand")
def typed(w):
    for number, tool in enumerate(("ping", "dig", "nslookup", "nc")):
        count = LENGTH - 1 - number
        command = "\n".join(lines_under(w.sheet(count), tool))

        def type_it(command=command, count=count):
            w.client.run("sh", "-c", command, codes=None)
            return count in w.runs()

        wait.until(type_it, f"the sheet's lines for {tool} trigger the command:\n{command}")
    w.settle()
    assert w.runs() == [LENGTH - 1 - number for number in range(4)], w.runs()


@suite.case("PowerShell's line sends what its sheet says: the bytes of the value to the server's port")
def powershell(w):
    first, second, third = lines_under(w.sheet(LENGTH - 5), "PowerShell")
    host, port = re.search(r"UdpClient\]::new\('([^']+)',(\d+)\)", first).groups()
    value = re.search(r"'([^']+)'", second).group(1)
    assert "$u.Send([byte[]][char[]]$v,$v.Length)" in third
    world.packets.send_udp(w.client, host, value.encode("ascii"), int(port))
    wait.until(lambda: LENGTH - 5 in w.runs(), "the bytes that PowerShell sends trigger the command")


@suite.case("the sheet is for its owner alone, names no user unless asked, and warns near its end")
def discreet(w):
    path = f"{w.installation.directory}/sheet"
    w.sheet(20, "--output", path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with open(path, encoding="ascii") as file:
        sheet = file.read()
    assert "anna" not in sheet and "anna" in w.sheet(20, "--user", "anna")
    assert sheet.count("[ ]") == 20, sheet
    assert sheet.index("10 knocks left") < sheet.index("[ ] 10"), sheet


@suite.case("--generate: knockmgr prints a sheet, keeps no knock of it, and its first knock works")
def generated(w):
    path = f"{w.installation.directory}/generated"
    knockmgr = w.installation.knockmgr
    knockmgr("user", "add", "bert")
    knockmgr("grant", "add", "bert", "hello", "--generate", "--length", "30", "--sheet", path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with open(path, encoding="ascii") as file:
        knocks = {int(number): text.replace(" ", "") for number, text in
                  re.findall(r"\[ \] +(\d+)  ([0-9a-f]{4}(?: [0-9a-f]{4}){7})\b", file.read().lower())}
    assert sorted(knocks) == list(range(1, 30)), sorted(knocks)
    expect_unknown(w.installation.state, knocks.values())
    runs = len(w.runs())
    wait.until(lambda: w.knock_udp(knocks[29].encode()) or len(w.runs()) > runs, "the first knock of the sheet works")


def expect_unknown(directory, knocks):
    """Verifiers only: no file of the server holds a knock that is not spent (DESIGN 1)."""
    for parent, _, names in os.walk(directory):
        for name in names:
            with contextlib.suppress(FileNotFoundError), open(f"{parent}/{name}", "rb") as file:
                held = file.read()
                known = [knock for knock in knocks if bytes.fromhex(knock) in held or knock.encode() in held.lower()]
                assert not known, f"{parent}/{name} holds unspent knocks"


if __name__ == "__main__":
    suite.main()
