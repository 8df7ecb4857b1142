"""Runs a program with a standard stream that cannot be used: closed, on a full disk, or a pipe whose reader has left."""

import os
import subprocess

STATES = ("closed", "full", "left")
NAMES = {1: "standard output", 2: "standard error"}


def spoil(descriptor, state):
    """In the process that is to become the program."""
    if state == "closed":
        os.close(descriptor)
        return
    if state == "full":
        opened = os.open("/dev/full", os.O_WRONLY)
    else:
        reading, opened = os.pipe()
        os.close(reading)
    os.dup2(opened, descriptor)
    os.close(opened)


def run_with(words, descriptor, state, stdin="", **settings):
    """The finished process, with what it wrote to the other stream. Both: a descriptor of 0."""
    return subprocess.run(words, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False,
                          timeout=60, preexec_fn=lambda: [spoil(each, state) for each in ([descriptor] if descriptor else NAMES)], **settings)
