"""A world whose state is on a small file system of its own, which a test fills up, makes read-only, or breaks."""

import contextlib
import ctypes
import os
import shutil
import subprocess
import tempfile

from . import doors
from .network import COMMAND_LIMIT, run
from .tap import Skip
from .world import World

CLONE_NEWNS = 0x00020000
_libc = ctypes.CDLL(None, use_errno=True)


def keep_mounts_to_ourselves():
    """What this process mounts from now on, nobody else sees, and it goes with the last of our processes."""
    if _libc.unshare(CLONE_NEWNS) != 0:
        raise Skip(f"no mount namespace can be made here: {os.strerror(ctypes.get_errno())}")
    run(["mount", "--make-rprivate", "/"])


def _mount_over(undo, directory, words):
    """A new file system over the directory, with what is in it."""
    with tempfile.TemporaryDirectory() as aside:
        run(["cp", "-a", f"{directory}/.", aside])
        try:
            run(["mount", *words, directory])
        except AssertionError as error:
            raise Skip(f"no file system can be mounted here: {error}") from error
        undo.callback(run, ["umount", directory])
        run(["cp", "-a", f"{aside}/.", directory])
        run(["sync", "--file-system", directory])  # what was there before is safe, whatever breaks


class Disk:
    """A tmpfs over a directory."""

    def __init__(self, undo, directory, megabytes=16):
        self._directory = directory
        self._filler = f"{directory}/filler"
        _mount_over(undo, directory, ["-t", "tmpfs", "-o", f"size={megabytes}M", "otk-e2e"])

    def fill(self):
        """To the last byte."""
        with open(self._filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(bytes(4096)):
                pass
        if os.statvfs(self._directory).f_bavail != 0:
            raise AssertionError("the disk could not be filled up")

    def make_room(self):
        os.remove(self._filler)

    def read_only(self):
        """Nobody may have a file open for writing."""
        run(["mount", "-o", "remount,ro", self._directory])

    def writable(self):
        run(["mount", "-o", "remount,rw", self._directory])


class BreakingDisk:
    """An ext4 in a file, over a directory. It fails as a real one does: under whoever writes."""

    def __init__(self, undo, directory, image):
        self._directory = directory
        self._image = image
        with open(image, "wb") as file:
            file.truncate(32 * 1024 * 1024)
        if shutil.which("mkfs.ext4") is None:
            raise Skip("the program mkfs.ext4 is missing (Debian: e2fsprogs)")
        run(["mkfs.ext4", "-q", image])
        _mount_over(undo, directory, ["-o", "loop", image])

    def break_it(self):
        """The kernel meets an error and makes it read-only at once, whoever writes. That it then says `busy` is because it
        cannot do the rest of what mount asks of it."""
        subprocess.run(["mount", "-o", "remount,abort", self._directory], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=COMMAND_LIMIT, check=False)
        with contextlib.suppress(OSError):
            with open(f"{self._directory}/probe", "wb"):
                pass
            raise AssertionError("the file system can still be written")

    @contextlib.contextmanager
    def still(self):
        """It answers nobody who writes until the end of the block: they wait, and cannot even be killed."""
        if shutil.which("fsfreeze") is None:
            raise Skip("the program fsfreeze is missing (Debian: util-linux)")
        run(["fsfreeze", "--freeze", self._directory])
        try:
            yield
        finally:
            run(["fsfreeze", "--unfreeze", self._directory])

    def mend(self):
        """As an administrator does it; nobody may use it."""
        run(["umount", self._directory])
        subprocess.run(["fsck.ext4", "-p", self._image], stdout=subprocess.DEVNULL, timeout=COMMAND_LIMIT, check=False)
        run(["mount", "-o", "loop", self._image, self._directory])


def make_world(undo):
    """w.ledger_disk holds the ledger alone, w.disk all other state."""
    keep_mounts_to_ourselves()
    w = World(undo, {"firewall": {"mode": "sets"}}, start=False)
    w.server.run("nft", "-f", "-", stdin=doors.RULESET)
    w.disk = Disk(undo, w.installation.state)
    w.ledger_disk = Disk(undo, f"{w.installation.state}/ledger")
    w.daemon.start()
    return w
