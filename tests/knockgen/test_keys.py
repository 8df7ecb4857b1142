"""Key files: made for their owner alone, never overwritten, and not used where others can get at them."""

import contextlib
import os
import re
import stat

import harness
import homes
from harness import Skip, expect, expect_in
from homes import Home, ed25519


def test_new():
    """key new makes a file of mode 0600, whatever the umask, with a comment and 64 hex digits; each has another key"""
    with contextlib.ExitStack() as undo:
        home = Home(undo)
        seen = set()
        for name in ("one", "two"):
            path = f"{home.directory}/{name}"
            said = home.said("key", "new", path, umask=0)
            expect(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            with open(path, encoding="ascii") as file:
                comment, digits, *rest = file.read().split("\n")
            expect((comment[:2], rest), ("# ", [""]))
            assert re.fullmatch("[0-9a-f]{64}", digits), digits
            assert digits not in said, "the secret went to standard output"
            seen.add(digits)
        expect(len(seen), 2)


def test_never_overwrites():
    """key new refuses a name that is taken, also by a link to nowhere, and changes nothing"""
    with contextlib.ExitStack() as undo:
        home = Home(undo)
        key = home.key()
        home.refused(1, "exists already", "key", "new", key.path)
        expect(homes.Key(key.path).master, key.master)
        os.symlink(f"{home.directory}/nowhere", f"{home.directory}/link")
        home.refused(1, "exists already", "key", "new", f"{home.directory}/link")
        assert not os.path.exists(f"{home.directory}/nowhere")
        home.refused(1, "No such file", "key", "new", f"{home.directory}/none/key")


def test_show():
    """key show prints the public key that Ed25519 gives (computed here by hand), and six words that tell keys apart"""
    with contextlib.ExitStack() as undo:
        home = Home(undo)
        words = set()
        for name in ("one", "two"):
            key = home.key(name)
            said = home.said("key", "show", key.path)
            expect_in(f"Public key:  {ed25519.public_key(key.seed).hex()}\n", said)
            words.add(re.search(r"Check words: ((?:[A-Z]{1,4} ?){6})\n", said).group(1))
            expect(home.said("key", "show", key.path), said)
        expect(len(words), 2)


def test_open_to_others():
    """a key file that group or others may read or write is refused, with the chmod to type"""
    with contextlib.ExitStack() as undo:
        home = Home(undo)
        key = home.key()
        for mode in (0o640, 0o604, 0o620, 0o602, 0o660, 0o601, 0o777):
            os.chmod(key.path, mode)
            said = home.refused(1, f"chmod 600 {key.path}", "key", "show", key.path)
            expect_in(f"{mode:04o}", said)
            home.refused(1, "chmod 600", "list", "--key", key.path)
            home.refused(1, "chmod 600", "token", "--key", key.path)
        for mode in (0o600, 0o400):
            os.chmod(key.path, mode)
            home.said("key", "show", key.path)


def test_somebody_elses():
    """a key file of another user is refused"""
    if os.geteuid() != 0:
        raise Skip("only root can give files away")
    with contextlib.ExitStack() as undo:
        home = Home(undo)
        key = home.key()
        os.chown(key.path, 65534, -1)
        home.refused(1, "is not yours", "key", "show", key.path)


def test_no_key():
    """what is no regular file, or holds no key, is refused"""
    with contextlib.ExitStack() as undo:
        home = Home(undo)
        os.mkfifo(f"{home.directory}/pipe", 0o600)
        for name in ("pipe", "", ".config/.."):
            os.makedirs(f"{home.directory}/.config", exist_ok=True)
            home.refused(1, "no regular file", "key", "show", f"{home.directory}/{name}")
        home.refused(1, "No such file", "key", "show", f"{home.directory}/none")
        digits = "0123456789abcdef" * 4
        for content in ("", "# only a comment\n", digits[1:] + "\n", digits + "0\n", f"{digits}\n{digits}\n",
                        f"{digits[:-1]}g\n", f" {digits}\n", "x" * 5000):
            with open(f"{home.directory}/bad", "w", encoding="ascii") as file:
                file.write(content)
            os.chmod(f"{home.directory}/bad", 0o600)
            said = home.refused(1, "key", "key", "show", f"{home.directory}/bad")
            assert digits[1:] not in said, "part of a secret in an error"


def test_list_and_sheet():
    """list and sheet take a key file in place of a passphrase, and give the chain of DESIGN section 3"""
    with contextlib.ExitStack() as undo:
        home = Home(undo)
        key = home.key()
        wanted = [f"{number}: {key.values[number].hex()}" for number in range(homes.LENGTH - 1, 0, -1)]
        expect(home.said("list", "--key", key.path, "-n", homes.LENGTH).splitlines(), wanted)
        expect(home.said("list", "--key", key.path, "-n", homes.LENGTH, "-s", "s1").splitlines(), wanted)
        expect_in(f"ping -c1 -p {key.values[7].hex()}", home.said("sheet", "--key", key.path, "-s", "s1", "--from", "7"))
        home.refused(2, "--seed is missing", "sheet", "--key", key.path)
        home.refused(2, "give one of them", "list", "--key", key.path, "-p", "-")
        home.refused(2, "sha256 chains only", "list", "--key", key.path, "-s", "a", "-a", "md5")


def test_token():
    """a token of a key file has its image and public key; --plain leaves the key out; each says what it is for"""
    with contextlib.ExitStack() as undo:
        home = Home(undo)
        key = home.key()
        plain = f"otk1:sha256:{homes.LENGTH}:s1:{key.values[homes.LENGTH].hex()}"
        arguments = ("token", "--key", key.path, "-s", "s1", "-n", homes.LENGTH)
        result = home.run(*arguments)
        expect(result.stdout.decode(), f"{plain}:{ed25519.public_key(key.seed).hex()}\n")
        expect_in("knockgen send signs", result.stderr.decode())
        expect_in("knockgen profile add", result.stderr.decode())
        assert "knockgen sheet" not in result.stderr.decode()
        result = home.run(*arguments, "--plain")
        expect(result.stdout.decode(), plain + "\n")
        expect_in("knockgen sheet --seed s1", result.stderr.decode())


def test_usage():
    """what is missing is said"""
    with contextlib.ExitStack() as undo:
        home = Home(undo)
        for words in ([], ["make"], ["new"], ["show"], ["new", "a", "b"]):
            expect_in("--help", home.refused(2, "key", "key", *words))


if __name__ == "__main__":
    harness.run_all(dict(globals()))
