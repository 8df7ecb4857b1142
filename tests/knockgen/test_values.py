"""What knockgen computes, against RFC 2289's vectors, Python's hashlib and Heimdal's otpprint."""

import base64
import hashlib
import json
import re
import shutil
import subprocess

import harness
import oracle
from harness import PASSPHRASE, VECTORS, Skip, expect, expect_in, output_of

with open(VECTORS, encoding="utf-8") as file:
    RFC = json.load(file)

SECRET = PASSPHRASE.encode()


def challenge(vector):
    return f"otp-{vector['algorithm']} {vector['count']} {vector['seed']}"


def answer(vector, *options):
    return output_of("otp", challenge(vector), *options, typed=vector["passphrase"] + "\n").strip()


def lines_of(text):
    return [tuple(line.split(": ", 1)) for line in text.splitlines()]


def test_otp_words():
    """otp answers every challenge of RFC 2289 Appendix C in words"""
    assert len(RFC) >= 27
    for vector in RFC:
        expect(answer(vector), vector["words"])


def test_otp_hex():
    """otp answers every challenge of RFC 2289 Appendix C in hex"""
    for vector in RFC:
        expect(answer(vector, "--form", "hex"), vector["hex"])


def test_otp_without_quotes():
    """a challenge without quotes, in other spelling, is the same challenge"""
    expect(output_of("otp", "otp-md5", "99", "TEST"), output_of("otp", "otp-md5 99 TeSt"))


def test_list_against_hashlib():
    """list prints the whole chain, highest first, as Python computes it"""
    for algorithm in ("md5", "sha1", "sha256"):
        values = oracle.chain(algorithm, SECRET, "dog2", 99)
        wanted = [(str(number), values[number]) for number in range(99, 0, -1)]
        expect(lines_of(output_of("list", "--seed", "Dog2", "--algorithm", algorithm)), wanted)


def test_list_ranges():
    """--from, --count and --length choose the part they name"""
    values = oracle.chain("sha1", SECRET, "dog2", 600)

    def numbers(*options):
        lines = lines_of(output_of("list", "-s", "dog2", "-a", "sha1", *options))
        for number, value in lines:
            expect(value, values[int(number)])
        return [int(number) for number, _ in lines]

    expect(numbers("--from", "7", "--count", "3"), [7, 6, 5])
    expect(numbers("--from", "3"), [3, 2, 1])
    expect(numbers("--from", "3", "--count", "50"), [3, 2, 1])
    expect(numbers("--length", "5"), [4, 3, 2, 1])
    expect(numbers("--length", "601", "--count", "2"), [600, 599])
    expect(numbers("--length", "601", "--from", "300", "--count", "1"), [300])
    expect(numbers("--from", "600", "--count", "1"), [600])


def test_long_chain():
    """one knock of a chain of a million, and a list of ten thousand"""
    values = oracle.chain("md5", SECRET, "dog2", 999999)
    expect(output_of("list", "-s", "dog2", "-a", "md5", "-n", "1000000", "-c", "1"), f"999999: {values[-1]}\n")
    lines = lines_of(output_of("list", "-s", "dog2", "-a", "md5", "--from", "20000", "-c", "10000"))
    expect(lines, [(str(number), values[number]) for number in range(20000, 10000, -1)])


def test_base32():
    """base32 is that of RFC 4648 without padding"""
    value = bytes.fromhex(oracle.chain("sha256", SECRET, "dog2", 5)[5])
    wanted = base64.b32encode(value).decode().rstrip("=")
    expect(output_of("list", "-s", "dog2", "--from", "5", "-c", "1", "-f", "base32").lower(), f"5: {wanted.lower()}\n")


def test_otpprint():
    """Heimdal's otpprint prints the same words and digits"""
    if not shutil.which("otpprint"):
        raise Skip("otpprint is not installed (package heimdal-clients)")
    for algorithm, theirs in (("md4", "md4"), ("md5", "md5"), ("sha1", "sha")):
        for form, option in (("words", []), ("hex", ["-h"])):
            printed = subprocess.run(
                ["otpprint", *option, "-f", theirs, "-n", "200", "300", "ke1234"],
                input=SECRET + b"\n",
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # without a terminal it reads standard input
                check=True,
                timeout=60,
            )
            wanted = [line.strip() for line in printed.stdout.decode().splitlines()]
            wanted.sort(key=lambda line: int(line.split(":")[0]), reverse=True)  # theirs begins with the lowest
            expect(len(wanted), 200)
            ours = output_of("list", "-s", "ke1234", "-a", algorithm, "--from", "300", "-c", "200", "-f", form)
            expect(ours.splitlines(), wanted)


def test_json():
    """--json holds what the plain list holds"""
    plain = lines_of(output_of("list", "-s", "Dog2", "-a", "md5", "-c", "4", "-f", "words"))
    parsed = json.loads(output_of("list", "-s", "Dog2", "-a", "md5", "-c", "4", "-f", "words", "--json"))
    expect((parsed["algorithm"], parsed["seed"]), ("md5", "dog2"))
    expect([(str(knock["number"]), knock["value"]) for knock in parsed["knocks"]], plain)


def test_token():
    """a token holds algorithm, length, seed and the value at the length, and nothing else is on standard output"""
    for algorithm in ("md5", "sha256"):
        image = oracle.chain(algorithm, SECRET, "dog2", 50)[50]
        token = output_of("token", "--plain", "--seed", "DOG2", "--length", "50", "--algorithm", algorithm)
        expect(token, f"otk1:{algorithm}:50:dog2:{image}\n")


def check_words(result):
    lines = [line for line in result.stderr.decode().splitlines() if line.startswith("Check words:")]
    expect(len(lines), 1)
    return lines[0].split(":")[1].split()


def test_check_words():
    """the check words are six, the same for the same token, and others for another; the sheet repeats them"""

    def words(length):
        return check_words(harness.knockgen("token", "-s", "dog2", "-a", "md5", "-n", length, "-p", "-"))

    first = words("50")
    expect(len(first), 6)
    assert all(word.isalpha() and word.isupper() and len(word) <= 4 for word in first), first
    expect(words("50"), first)
    assert words("51") != first
    sheet = output_of("sheet", "-s", "dog2", "-a", "md5", "-n", "50")
    expect_in("  Check words  " + " ".join(first) + "\n", sheet)


def test_random_seed():
    """without --seed a token has 16 random letters and digits, which are also told with what to do next"""
    results = [harness.knockgen("token", "-a", "md5", "-p", "-") for _ in range(3)]
    seeds = {result.stdout.decode().split(":")[3] for result in results}
    expect(len(seeds), 3)
    for seed in seeds:
        assert re.fullmatch("[a-z0-9]{16}", seed), seed
    told = results[0].stderr.decode()
    seed = results[0].stdout.decode().split(":")[3]
    expect_in(f"Seed:        {seed}\n", told)
    expect_in(f"knockgen sheet --seed {seed} --algorithm md5 --length 100", told)
    expect_in("knockmgr grant add", told)


def door_port(value, low, high):
    """DESIGN section 6, last paragraph."""
    digest = hashlib.sha256(b"otk-door-1" + bytes.fromhex(value)).digest()
    return low + int.from_bytes(digest[:4], "big") % (high - low + 1)


def test_ports():
    """the port that a knock opens stands beside it, in every form and number of columns"""
    for algorithm, low, high in (("md5", 61000, 65534), ("sha256", 1, 65535), ("sha1", 4242, 4242)):
        values = oracle.chain(algorithm, SECRET, "dog2", 20)
        for form in ("hex", "base32", "words"):
            options = ("-s", "dog2", "-a", algorithm, "-n", "21", "-f", form)
            page = output_of("sheet", *options, "--ports", f"{low}-{high}", "--hold", "90s", "--ssh")
            plain = output_of("sheet", *options)
            cells = re.findall(r"\[ \] +(\d+)  (\S.*?)  +(\d+)(?=  \[|\n)", page)
            expect(sorted(int(number) for number, _, _ in cells), list(range(1, 21)))
            for number, value, port in cells:
                expect_in(f"{number}  {value}", plain)
                expect((number, int(port)), (number, door_port(values[int(number)], low, high)))
            first = door_port(values[20], low, high)
            for part in (f"port {first} is open for 90s", f"    ssh {'' if first == 22 else f'-p {first} '}SERVER\n"):
                expect_in(part, page)
            expect(max(len(line) for line in page.splitlines()) <= 80, True)


def test_after_the_knock():
    """a sheet says what to do after the knock only where there is something to do"""
    options = ("-s", "dog2", "-a", "md5", "-n", "5")
    value = oracle.chain("md5", SECRET, "dog2", 4)[4]
    for more, part in ((("--open", "22/tcp"), "    ssh SERVER\n"), (("--open", "2222/tcp", "--ssh"), "    ssh -p 2222 SERVER\n"),
                       (("--open", "53/udp"), "connect to SERVER, port 53/udp\n"),
                       (("--confirm", "--zone", "k.example.org"), f"    dig +short TXT {value}.k.example.org\n")):
        page = output_of("sheet", *options, *more)
        expect_in(part, page)
        expect_in("AFTER KNOCK 4\n", page)
    expect("AFTER" in output_of("sheet", *options, "--zone", "k.example.org"), False)


def test_passphrase_bytes():
    """a passphrase is the bytes as they are, less one newline at the end"""
    umlauts = "\u00fcn\u00efcode \u2603".encode()
    for secret in (b" blanks at the ends ", b"new\nline inside", b"two newlines\n", b"car\r\nriage\r", umlauts):
        wanted = oracle.chain("md5", secret, "dog2", 1)[1]
        expect(output_of("list", "-s", "dog2", "-a", "md5", "--from", "1", typed=secret + b"\n"), f"1: {wanted}\n")


if __name__ == "__main__":
    harness.run_all(dict(globals()))
