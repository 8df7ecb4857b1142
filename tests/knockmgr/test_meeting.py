"""Chains that would meet: one secret for two grants, or somebody else's knock handed in as a token."""

import hashlib
import subprocess

from harness import KNOCKGEN, Installation, expect, expect_in, run_all
from users import SIGNING_KEYS, ready, signing_token, step, token

MEETS = "is for one grant, once"


def chain(secret, length):
    """The values of a sha256 chain: the one at each count from 0 to its length."""
    values = [hashlib.sha256(secret.encode()).hexdigest()[:32]]
    for _ in range(length):
        values.append(step(values[-1]))
    return values


def with_two(otk):
    ready(otk)
    otk.must("user", "add", "bert")
    return otk


def test_image_is_a_knock_of_another():
    """a token whose image is a knock of another chain is refused, whichever knock, also on renewal and of a chain that is gone"""
    with Installation() as otk:
        values = chain("one", 60)
        with_two(otk).must("grant", "add", "anna", "hello", "--token", token("one", length=60, image=values[60]))
        add = ("grant", "add", "bert", "hello", "--token")
        for number in (59, 30, 1):
            refusal = otk.refused(1, MEETS, *add, token("two", length=20, image=values[number])).err
            expect_in(f"the image of this token is number {number} of the chain of anna/hello", refusal)
        otk.must(*add, token("three"))
        otk.refused(1, MEETS, "grant", "renew", "bert", "hello", "--token", token("two", length=20, image=values[59]))
        otk.must("grant", "remove", "anna", "hello", "--yes")
        expect_in("of a chain that this server had before",
                  otk.refused(1, MEETS, "grant", "renew", "bert", "hello", "--token", token("two", length=20, image=values[59])).err)


def test_knock_is_an_image_of_another():
    """a longer chain that runs through the image of another is refused, as far down as it has knocks"""
    with Installation() as otk:
        values = chain("one", 60)
        with_two(otk).must("grant", "add", "anna", "hello", "--token", token("one", length=20, image=values[20]))
        add = ("grant", "add", "bert", "hello", "--token")
        for length, number in ((21, 20), (60, 20)):
            refusal = otk.refused(1, MEETS, *add, token("two", length=length, image=values[length])).err
            expect_in(f"number {number} of this token's chain is the image of the chain of anna/hello", refusal)
        otk.must(*add, token("two", length=40, image=values[60]))  # its last knock is above that image


def test_one_key_file_for_two():
    """a key file is enrolled once: with another length, seed or grant its token is refused, signed or plain"""
    with Installation() as otk:
        with_two(otk)
        key = f"{otk.base}/anna.key"
        subprocess.run([KNOCKGEN, "key", "new", key], capture_output=True, check=True, timeout=60)
        def made(*options):
            done = subprocess.run([KNOCKGEN, "token", "--key", key, *options], capture_output=True, text=True, check=True, timeout=60)
            return done.stdout.split()[0]
        otk.must("grant", "add", "anna", "hello", "--token", made("--length", "50", "--seed", "one"))
        otk.refused(1, "the public key of this token was enrolled", "grant", "add", "bert", "hello", "--token",
                    made("--length", "80", "--seed", "two"))
        for length in ("80", "20"):
            otk.refused(1, MEETS, "grant", "add", "bert", "hello", "--token", made("--length", length, "--seed", "two", "--plain"))
        otk.must("user", "remove", "anna", "--yes")
        otk.refused(1, "the public key of this token was enrolled", "grant", "add", "bert", "hello", "--token",
                    made("--length", "80", "--seed", "two"))


def test_public_key():
    """a public key is enrolled once, whatever else stands in the token"""
    with Installation() as otk:
        with_two(otk).must("grant", "add", "anna", "hello", "--token", signing_token("one"))
        otk.refused(1, MEETS_KEY, "grant", "add", "bert", "hello", "--token", signing_token("two"))
        otk.refused(1, MEETS_KEY, "grant", "renew", "anna", "hello", "--token", signing_token("two"))
        otk.must("grant", "add", "bert", "hello", "--token", signing_token("two", SIGNING_KEYS[1]))


MEETS_KEY = "the public key of this token was enrolled"


def test_not_looked_at():
    """where looking at all chains would take too long, the newest are looked at, and how many are not is said"""
    with Installation() as otk:
        with_two(otk)
        old, new = chain("old", 5), chain("new", 5)
        otk.must("grant", "add", "anna", "hello", "--token", token("old", length=5, image=old[5]))
        for number in range(19):
            otk.must("grant", "renew", "anna", "hello", "--generate", "--length", "2")
        otk.must("grant", "renew", "anna", "hello", "--token", token("new", length=5, image=new[5]))
        long = ("grant", "add", "bert", "hello", "--token")
        otk.refused(1, MEETS, *long, token("far", length=1000000, image=step(new[5])))
        done = otk.must(*long, token("far", length=1000000, image=step(old[5])))
        expect_in("whether the images of the 1 oldest are knocks of this chain was not looked at", done.err)


run_all(globals())
