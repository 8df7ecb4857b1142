#!/usr/bin/python3
"""Every way to write a value down and type it again; made by knockgen, as users get it."""

import os
import re

from otk_e2e import chain, dns, tap, world
from otk_e2e.installation import ZONE

PASSPHRASE = b"correct horse battery staple 2289"


class Sheet:
    """A grant whose chain comes from a passphrase, and its knocks in every form as knockgen lists them."""

    def __init__(self, w, algorithm, length=60):
        passphrase = f"{w.installation.directory}/passphrase"
        with open(passphrase, "wb") as file:
            os.chmod(passphrase, 0o600)
            file.write(PASSPHRASE + b"\n")
        seed = f"forms{algorithm}"
        options = ("--passphrase-file", passphrase, "--seed", seed, "--length", length, "--algorithm", algorithm)
        self.token = re.search(r"otk1:\S+", w.installation.call("knockgen", "token", "--plain", *options)).group()
        start = chain.start_of(algorithm, PASSPHRASE, seed)
        self.right = w.right(its_chain=chain.Chain(algorithm, length, seed, start))
        self.forms = {form: self._list(w, options, form) for form in ("hex", "base32", "words")}

    @staticmethod
    def _list(w, options, form):
        said = w.installation.call("knockgen", "list", *options, "--form", form)
        lines = [line.split(":", 1) for line in said.splitlines() if line[:1].isdigit()]
        return {int(count): text.strip() for count, text in lines}

    def text(self, form):
        """The current knock's."""
        return self.forms[form][self.right.chain.count]


class FormsWorld(world.World):
    def __init__(self, undo):
        super().__init__(undo)
        self.sheets = [Sheet(self, "sha256"), Sheet(self, "md5")]


suite = tap.Suite(FormsWorld)


def udp(w, sheet, form, change=lambda text: text):
    sheet.right.expect_one_run(lambda _: w.knock_udp(change(sheet.text(form)).encode()))


@suite.case("knockgen's token and values are those of the documents")
def oracle(w):
    for sheet in w.sheets:
        assert sheet.token == sheet.right.chain.token(), (sheet.token, sheet.right.chain.token())
        numbers = range(1, sheet.right.chain.length)
        for form, plain in (("hex", lambda value: value.hex()), ("base32", lambda value: chain.base32(value).lower())):
            listed = {count: bare(sheet.forms[form][count]) for count in numbers}
            assert listed == {count: plain(sheet.right.chain.at(count)) for count in numbers}, form


def bare(text):
    return "".join(text.split()).replace("-", "").lower()


@suite.case("hex as printed, without groups, grouped by blanks and dashes, upper and lower case")
def hexadecimal(w):
    for sheet in w.sheets:
        udp(w, sheet, "hex")
        udp(w, sheet, "hex", lambda text: bare(text).upper())
        udp(w, sheet, "hex", lambda text: chain.grouped(bare(text), 2, "-"))
        udp(w, sheet, "hex", lambda text: chain.grouped(bare(text), 8, " ") + "\r\n")


@suite.case("base32 as printed, without groups, grouped, upper and lower case, misread letters")
def base32(w):
    misread = str.maketrans("oib", "018")
    for sheet in w.sheets:
        udp(w, sheet, "base32")
        udp(w, sheet, "base32", lambda text: bare(text))
        udp(w, sheet, "base32", lambda text: chain.grouped(bare(text).upper(), 5, "-"))
        udp(w, sheet, "base32", lambda text: bare(text).translate(misread))


@suite.case("words parted by space, `_`, `-` or `.`, upper and lower case")
def words(w):
    for sheet in w.sheets:
        udp(w, sheet, "words")
        for separator in " _-.":
            udp(w, sheet, "words", lambda text, separator=separator: separator.join(text.split()))
            udp(w, sheet, "words", lambda text, separator=separator: separator.join(text.lower().split()) + "\n")


@suite.case("words joined by `_` or `-` in a name, where they fit a label")
def words_dns(w):
    for sheet in w.sheets:
        for separator in "_-":
            def ask(_, separator=separator, sheet=sheet):
                label = separator.join(sheet.text("words").lower().split())
                if len(label) > 63:
                    return False  # twelve long words: the sheet's base32 is for that
                dns.ask(w.client, w.server.ipv4, dns.question(f"{label}.{ZONE}"))
                return True

            before = len(sheet.right.runs())
            while not ask(sheet.right.chain.next()):
                pass
            sheet.right.wait_for_runs(before + 1)


@suite.case("almost a value: a wrong word, a digit too few, a letter that is none")
def almost(w):
    right = w.sheets[0].right
    sheet = w.sheets[0]

    def spoil(form, change):
        right.expect_no_run(lambda _: w.knock_udp(change(sheet.text(form)).encode()))

    spoil("words", lambda text: " ".join(reversed(text.split())))
    spoil("words", lambda text: text.rsplit(" ", 1)[0])
    spoil("hex", lambda text: bare(text)[:-1])
    spoil("hex", lambda text: bare(text)[:-1] + "g")
    spoil("base32", lambda text: bare(text) + "a")
    udp(w, sheet, "base32")


if __name__ == "__main__":
    suite.main()
