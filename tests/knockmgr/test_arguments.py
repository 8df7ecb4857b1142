"""Commands that take an argument: the pattern, where it is shown, and who can trigger them."""

from harness import CALLER, Installation, expect, expect_in, run_all
from users import signing_token, token


def add(otk, name, *words, argv=("/bin/echo", "{argument}"), run=None):
    return (run or otk.must)("command", "add", name, "--exec", "--as", CALLER, *words, "--", *argv)


def test_pattern():
    """a pattern is kept as it was given, and shown wherever the command is"""
    pattern = "[a-z0-9-]{1,63}(\\.[a-z]{2,9})?|it's"
    with Installation() as otk:
        expect(add(otk, "restart", "--argument", pattern).err, "")
        expect(otk.must("command", "show", "restart", "--json").json()["argument"], pattern)
        expect(otk.must("command", "list", "--json").json()[0]["argument"], pattern)
        expect_in(pattern, otk.must("command", "show", "restart").out)
        expect_in(f"with an argument that matches {pattern}", otk.must("command", "list").out)
        expect_in("takes none", add(otk, "plain", argv=("/bin/true",)) and otk.must("command", "show", "plain").out)
        expect(otk.must("command", "show", "plain", "--json").json()["argument"], None)
        change = otk.must("log", "--changes", "--json").json()[-2]
        expect_in('"argument":"[a-z0-9-]{1,63}', change["after"])


def test_bad_patterns():
    """a pattern that nobody should use is refused, with the reason and what to write instead"""
    with Installation() as otk:
        for pattern, part in (("", "is empty"), ("(a)\\1", "has \\1, "), ("\\bweb", "word boundaries"),
                              ("(a", "missing ): (a"), ("a)", "unexpected )"), ("ä", "printable ASCII"),
                              ("a" * 257, "256"), ("a{1001}", "bounds {1001}"), ("((a{99}){99}){99}", "above 1000"),
                              (".{860}.{860}.{860}", "repeats too much"), ("*", "regular expression")):
            otk.refused(2, part, "command", "add", "x", "--exec", "--as", CALLER, f"--argument={pattern}", "--",
                        "/bin/echo", "{argument}")
        otk.refused(2, "only a program", "command", "add", "x", "--open", "22/tcp", "--hold", "60s", "--argument", "a")
        otk.refused(2, "only a program", "command", "add", "x", "--forward", "127.0.0.1:22", "--hold", "60s", "--argument", "a")


def test_warnings():
    """a token that is always empty, and a pattern that no argument uses, are warned of"""
    with Installation() as otk:
        expect_in("will always be empty", add(otk, "one").err)
        expect_in("$OTK_ARGUMENT", add(otk, "two", "--argument", "a", argv=("/bin/true",)).err)
        expect(add(otk, "three", "--argument", "a", "--hold", "9s", "--undo", '["/bin/true", "{argument}"]',
                   argv=("/bin/true",)).err, "")


def test_only_signed_knocks_carry_one():
    """a grant whose knocks could never carry the argument that the command demands is refused"""
    with Installation() as otk:
        otk.must("user", "add", "anna")
        add(otk, "restart", "--argument", "nginx|postgresql")
        add(otk, "perhaps", "--argument", "(nginx)?")
        otk.refused(2, "demands an argument", "grant", "add", "anna", "restart", "--generate")
        otk.refused(2, "demands an argument", "grant", "add", "anna", "restart", "--token", token("one"))
        said = otk.must("grant", "add", "anna", "restart", "--token", signing_token("two")).out
        expect_in(" argument=yes'", said)
        otk.refused(2, "demands an argument", "grant", "renew", "anna", "restart", "--generate", "--unsigned")
        otk.must("grant", "add", "anna", "perhaps", "--generate")


run_all(globals())
