"""Stops every process at the moment at which it opens a file of a folder, so that a test can look at it: by fanotify,
which needs root and a kernel that asks before a file is opened."""

import ctypes
import os
import select
import struct
import subprocess

from tap import Skip

LIBC = ctypes.CDLL(None, use_errno=True)
CLASS_CONTENT, CLOEXEC, NONBLOCK = 0x4, 0x1, 0x2  # fanotify_init(2)
MARK_ADD, OPEN_PERM, ON_CHILD = 0x1, 0x10000, 0x08000000  # fanotify_mark(2)
AT_FDCWD = -100
ALLOW = 1
EVENT = struct.Struct("=IBBHQii")  # length, version, reserved, length of this part, mask, descriptor, process
LIMIT = 60000  # milliseconds, after which a program that hangs is a failure


class Opening:
    """`with Opening(folder) as opening`: runs programs, and shows those who open files of that folder."""

    def __init__(self, folder):
        self._folder = folder

    def __enter__(self):
        self._fd = LIBC.fanotify_init(CLASS_CONTENT | CLOEXEC | NONBLOCK, os.O_RDONLY | os.O_CLOEXEC)
        if self._fd < 0:
            raise Skip(f"needs root and fanotify: {os.strerror(ctypes.get_errno())}")
        mask = ctypes.c_uint64(OPEN_PERM | ON_CHILD)
        if LIBC.fanotify_mark(self._fd, MARK_ADD, mask, AT_FDCWD, self._folder.encode()) != 0:
            os.close(self._fd)
            raise Skip(f"fanotify cannot hold a process that opens a file: {os.strerror(ctypes.get_errno())}")
        return self

    def __exit__(self, *_):
        os.close(self._fd)  # lets go whoever still waits

    def run(self, words, look, **settings):
        """Runs them to their end; `look` gets the process id of each that opens a file there, before it does. What
        `look` raises is raised when the program has ended."""
        fault = None
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, **settings)
        ended = os.pidfd_open(process.pid)
        try:
            poll = select.poll()
            for descriptor in (self._fd, ended):
                poll.register(descriptor, select.POLLIN)
            while True:
                ready = [descriptor for descriptor, _ in poll.poll(LIMIT)]
                assert ready, f"{words} hangs"
                if self._fd not in ready:
                    break
                fault = self._answer(look) or fault
        finally:
            os.close(ended)
            process.kill()
            out, err = process.communicate()
        if fault:
            raise fault
        return process.returncode, out, err

    def _answer(self, look):
        """All that wait are let go, whatever becomes of the look; gives what it raised."""
        fault = None
        data = os.read(self._fd, 65536)
        while data:
            length, *_, descriptor, process = EVENT.unpack_from(data)
            data = data[length:]
            try:
                look(process)
            except Exception as raised:  # to be raised when nobody waits any more
                fault = raised
            os.write(self._fd, struct.pack("=iI", descriptor, ALLOW))
            os.close(descriptor)
        return fault


def descriptors_of(process):
    """Number -> what is open there."""
    folder = f"/proc/{process}/fd"
    return {int(number): os.readlink(f"{folder}/{number}") for number in os.listdir(folder)}


def status_of(process):
    with open(f"/proc/{process}/status", encoding="ascii") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def shared_memory_of(process):
    """The files (or "") behind memory that is shared with others."""
    with open(f"/proc/{process}/maps", encoding="utf-8") as file:
        lines = [line.split(maxsplit=5) for line in file]
    return [(words[5:] or [""])[0].strip() for words in lines if words[1].endswith("s")]
