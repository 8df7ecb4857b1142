"""Refusals, exit codes, files and standard output."""

import os
import re
import stat
import subprocess
import tempfile

import harness
import oracle
from harness import PASSPHRASE, PROGRAM, Skip, expect, expect_in, knockgen, output_of

CHAIN = ("-s", "dog2", "-a", "md5")


def refused(code, words, *arguments, **settings):
    """The run ends with the code, prints nothing on standard output and says the words on standard error."""
    result = knockgen(*arguments, **settings)
    expect((arguments, result.returncode, result.stdout), (arguments, code, b""))
    error = result.stderr.decode()
    assert error.startswith("knockgen: "), error
    expect_in(words, error)
    return error


def test_wrong_usage():
    """wrong usage ends with exit code 2 and a message that says what is wrong"""
    for words, *arguments in (
        ("--help lists", ),
        ('"foo" is no subcommand', "foo"),
        ("'colour' does not exist", "list", "--colour", "red"),
        ('"sned" is no subcommand; did you mean send?', "sned", "office"),
        ("'forn' does not exist; did you mean --form?", "list", "--forn=hex", "--seed", "a"),
        ("'pasphrase-file' does not exist; did you mean --passphrase-file?", "list", "--seed", "a", "--pasphrase-file", "-"),
        ("--seed is missing", "list"),
        ("'seed' is missing an argument", "list", "--seed"),
        ("--seed stands twice", "list", "--seed", "a", "--seed", "b"),
        ("--json takes no value", "list", "--json=false", "-s", "a"),
        ("one word too many", "list", "-s", "a", "extra"),
        ("seed is too long", "list", "-s", "a" * 17),
        ("neither a letter", "list", "-s", "dog_2"),
        ("blank", "token", "-s", "dog 2"),
        ('--algorithm "rot13" is unknown', "list", "-s", "a", "-a", "rot13"),
        ('--form "octal" is unknown', "list", "-s", "a", "-f", "octal"),
        ('--count "0" should be', "list", "-s", "a", "-c", "0"),
        ('--count "-1" should be', "list", "-s", "a", "-c", "-1"),
        ('--from "1e3" should be', "list", "-s", "a", "--from", "1e3"),
        ("--from 50 is not in a chain of --length 50", "list", "-s", "a", "--from", "50", "--length", "50"),
        ('--length "1000001" should be', "token", "-n", "1000001"),
        ("challenge is missing", "otp"),
        ("text sheets only", "sheet", "-s", "a", "--format", "pdf"),
        ("text sheets only", "sheet", "-s", "a", "--format", "html"),
        ('--host "a b" should be', "sheet", "-s", "a", "--host", "a b"),
        ('--zone "k..org" should be', "sheet", "-s", "a", "--zone", "k..org"),
        ("say with --zone", "sheet", "-s", "a", "--names-address", "--form", "base32"),
        ("needs --form base32", "sheet", "-s", "a", "--names-address", "--zone", "k.example.org"),
        ("--confirm is about dns", "sheet", "-s", "a", "--confirm"),
        ("say only one of them", "sheet", "-s", "a", "--open", "22/tcp", "--ports", "61000-65534"),
        ("--ssh is about a port", "sheet", "-s", "a", "--ssh"),
        ("--hold is about a port", "sheet", "-s", "a", "--hold", "60s"),
        ("goes by tcp", "sheet", "-s", "a", "--open", "22/udp", "--ssh"),
        ('--hold "60" should be', "sheet", "-s", "a", "--open", "22/tcp", "--hold", "60"),
        *((f'--open "{port}" should be', "sheet", "-s", "a", "--open", port)
          for port in ("22", "0/tcp", "65536/tcp", "22/sctp", "ssh/tcp", "22/tcp/")),
        *((f'--ports "{ports}" should be', "sheet", "-s", "a", "--ports", ports)
          for ports in ("61000", "0-9", "9-8", "1-65536", "1-", "-1", "a-b", "1-2-3")),
        ('--udp-port "65536" should be', "sheet", "-s", "a", "--udp-port", "65536"),
    ):
        error = refused(2, words, *arguments)
        expect_in("--help", error)


def test_bad_challenges():
    """challenges that RFC 2289 does not know are refused with exit code 2"""
    for challenge in (
        "otp-md6 10 dog2",
        "otp-md5 ten dog2",
        "md5 10 dog2",
        "otp-md5 10",
        "otp-md5 10 dog_2",
        "otp-md5 -1 dog2",
    ):
        refused(2, challenge, "otp", challenge)


def test_bad_passphrases():
    """passphrases that break RFC 2289's rule are refused with exit code 1 wherever one is taken"""
    for arguments in (("list", *CHAIN), ("otp", "otp-md5 9 dog2"), ("sheet", *CHAIN), ("token", "--weak")):
        refused(1, "too short", *arguments, "-p", "-", typed="nine char\n")
        refused(1, "too long", *arguments, "-p", "-", typed="x" * 64 + "\n")
    output_of("list", *CHAIN, typed="ten chars.\n")
    output_of("list", *CHAIN, typed="x" * 63 + "\n")
    refused(1, "too long", "list", *CHAIN, "-p", "-", typed="x" * 100000)


def test_weak():
    """a weak passphrase is refused where it is chosen, six words are offered, and --weak takes it"""
    for weak in ("password12", "aaaaaaaaaaaaaaa", "qwertyuiop", "kqjfhxzwpt", "password1234", "Password1234!",
                 "P4ssw0rd2024", "hunter2hunter2", "password password", "summer-winter-2024",
                 "Passw0rd!Passw0rd?", "zaq12wsxcde3", "letmein letmeout"):
        error = refused(1, "easy to guess", "token", *CHAIN, "-p", "-", typed=weak)
        offer = re.search(r"\n    ((?:[a-z]{1,4} ){5}[a-z]{1,4})\n", error)
        assert offer, error
        assert output_of("token", *CHAIN, typed=offer[1]).startswith("otk1:md5:")
        image = oracle.chain("md5", weak.encode(), "dog2", 100)[100]
        expect(output_of("token", *CHAIN, "--weak", typed=weak), f"otk1:md5:100:dog2:{image}\n")
        output_of("list", *CHAIN, typed=weak)


def test_good():
    """what is long enough of random words or signs is taken"""
    for good in ("correct horse battery staple", "k#9Vq!2xLm", "wet okra gnaw 7 jibe skid", "grün-Rübe tanzt 53 mal laut"):
        assert output_of("token", *CHAIN, typed=good).startswith("otk1:md5:"), good


def test_no_dictionary():
    """without cracklib's dictionary nothing is called weak, and the package is named that has it"""
    if os.geteuid() != 0:
        raise Skip("hiding a folder takes root")
    hide = "mount -t tmpfs tmpfs /var/cache/cracklib && exec \"$@\""
    result = subprocess.run(["unshare", "-m", "sh", "-c", hide, "sh", PROGRAM, "token", *CHAIN, "-p", "-"],
                            input=b"correct horse battery staple", capture_output=True, check=False, timeout=60)
    expect((result.returncode, result.stdout), (1, b""))
    expect_in("cracklib-runtime", result.stderr.decode())
    expect_in("--weak", result.stderr.decode())
    assert b"easy to guess:" not in result.stderr.replace(b"whether the passphrase is easy to guess:", b""), result.stderr


def test_no_terminal():
    """without a terminal and without --passphrase-file the user is told of the option"""
    refused(1, "--passphrase-file", "list", *CHAIN)


def test_passphrase_file():
    """a passphrase file is read; one that others may read is warned of"""
    with tempfile.TemporaryDirectory() as directory:
        file = os.path.join(directory, "passphrase")
        with open(file, "w", encoding="utf-8") as out:
            out.write(PASSPHRASE + "\n")
        wanted = output_of("list", *CHAIN).encode()
        for mode, warned in ((0o600, False), (0o400, False), (0o640, True), (0o604, True)):
            os.chmod(file, mode)
            result = knockgen("list", *CHAIN, "--passphrase-file", file)
            expect((result.returncode, result.stdout), (0, wanted))
            expect((oct(mode), b"warning" in result.stderr), (oct(mode), warned))
        refused(1, "No such file", "list", *CHAIN, "-p", file + "x")
        refused(1, "Is a directory", "list", *CHAIN, "-p", directory)


def test_sheet_file():
    """a sheet's file has mode 0600 and is never overwritten"""
    with tempfile.TemporaryDirectory() as directory:
        file = os.path.join(directory, "sheet.txt")
        arguments = ("sheet", *CHAIN, "-p", "-", "--output", file)
        result = knockgen(*arguments, umask=0)
        expect((result.returncode, result.stdout), (0, b""))
        expect(stat.S_IMODE(os.stat(file).st_mode), 0o600)
        with open(file, encoding="utf-8") as sheet:
            content = sheet.read()
        expect(content, output_of("sheet", *CHAIN))
        refused(1, "exists already", *arguments, typed="another passphrase\n")
        with open(file, encoding="utf-8") as sheet:
            expect(sheet.read(), content)
        refused(1, "No such file", "sheet", *CHAIN, "-p", "-", "-o", os.path.join(directory, "none", "sheet.txt"))
        # Without a terminal or a passphrase: the file is looked at before either is asked for.
        refused(1, "exists already", "sheet", *CHAIN, "-o", file)
        refused(1, "exists already", "sheet", *CHAIN, "-o", directory)


def test_sheet_content():
    """a sheet holds the knocks of its chain, the lines for the first, and no user's name unless asked"""
    values = oracle.chain("md5", PASSPHRASE.encode(), "dog2", 99)
    sheet = output_of("sheet", *CHAIN, "--host", "192.0.2.7", "--zone", "k.example.org.", "--command", "reboot")
    for number in range(1, 100):
        grouped = " ".join(values[number][i : i + 4] for i in range(0, 16, 4))
        expect_in(f"[ ] {number:>2}  {grouped}", sheet)
    expect_in(f"    ping -c1 -p {values[99]} 192.0.2.7\n", sheet)
    expect_in(f"    nslookup {values[99]}.k.example.org.\n", sheet)
    expect_in(f"    echo {values[99]} | nc -u -w1 192.0.2.7 62201\n", sheet)
    assert "User" not in sheet
    expect_in("  User         alice\n", output_of("sheet", *CHAIN, "--user", "alice"))


def test_sheet_options():
    """a sheet's options leave out what they say"""
    sheet = output_of("sheet", *CHAIN, "--no-ping", "--udp-port", "0", "--from", "20", "--count", "5", "--warn", "2")
    for absent in ("ping -c1", "nc -u", "dig +short", "Check words"):
        assert absent not in sheet, absent
    expect(re.findall(r"\[ \] (\d+)", sheet), ["20", "19", "18", "17", "16"])
    expect_in("2 knocks left", sheet)


def test_sheet_that_names_an_address():
    """--names-address gives the lines for dns a place for the address, and no others"""
    value = output_of("list", *CHAIN, "--from", "99", "-c", "1", "--form", "base32").split(": ")[1].strip()
    sheet = output_of("sheet", *CHAIN, "--form", "base32", "--zone", "k.example.org", "--names-address")
    expect_in(f"    dig +short {value}-A-B-C-D.k.example.org\n", sheet)
    expect_in(f"    echo {value} | nc -u -w1 SERVER 62201\n", sheet)


def test_full_disk():
    """a full disk under standard output is noticed"""
    with open("/dev/full", "wb") as full:
        for arguments in (("list", *CHAIN), ("sheet", *CHAIN), ("token", *CHAIN), ("otp", "otp-md5 9 dog2")):
            result = knockgen(*arguments, "-p", "-", stdout=full, stderr=subprocess.PIPE)
            expect((arguments, result.returncode), (arguments, 1))
            expect_in("No space left", result.stderr.decode())
        expect(knockgen("--help", stdout=full, stderr=subprocess.PIPE).returncode, 1)


def test_reader_gone():
    """a reader that went away is noticed, and kills nobody by signal"""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        result = knockgen("list", *CHAIN, "-p", "-", stdout=pipe, stderr=subprocess.PIPE)
    expect(result.returncode, 1)
    expect_in("Broken pipe", result.stderr.decode())


def test_help():
    """--help teaches every subcommand, and every option in the help is one the program takes"""
    overview = knockgen("--help").stdout.decode()
    for name in ("list", "otp", "sheet", "token", "key", "profile", "send", "dynamic"):
        expect_in(f"\n  {name} ", overview)
        result = knockgen(name, "--help")
        text = result.stdout.decode()
        expect((result.returncode, result.stderr), (0, b""))
        expect_in("Examples:\n  knockgen " + name, text)
        options = re.findall(r"^ .{5}(--[a-z-]+)", text, re.MULTILINE)
        expect("--passphrase-file" in options, name not in ("key", "profile"))
        for option in options:
            answer = knockgen(name, option, "--help").stderr.decode() + knockgen(name, option, "x").stderr.decode()
            assert "does not exist" not in answer, (name, option, answer)
    assert re.fullmatch(rb"knockgen \d+\.\d+\.\d+\n", knockgen("--version").stdout)


if __name__ == "__main__":
    harness.run_all(dict(globals()))
