"""The tree that a machine boots: a Debian system that was made before (OTK_BOOT_ROOT; tools/test makes it) and is never
written to, over it this build of otk or its packages, over that what the machine writes."""

import ctypes
import os
import shutil
import subprocess
import tempfile

from otk_e2e.network import run
from otk_e2e.tap import Skip

CLONE_NEWNS = 0x00020000
_libc = ctypes.CDLL(None, use_errno=True)


def base():
    root = os.environ.get("OTK_BOOT_ROOT")
    if not root:
        raise Skip("OTK_BOOT_ROOT names no Debian tree to boot (tools/test makes one, as root, and sets it)")
    if not os.path.exists(f"{root}/sbin/init"):
        raise Skip(f"OTK_BOOT_ROOT={root}: no Debian tree with systemd is there")
    return root


def packages_directory():
    return os.environ.get("OTK_BOOT_PACKAGES")


def packages():
    """The .deb files that are to be tested, but those of debugging symbols."""
    directory = packages_directory()
    if not directory:
        raise Skip("OTK_BOOT_PACKAGES names no directory with packages: tools/package makes them, in build/packages")
    found = sorted(name for name in os.listdir(directory) if name.endswith(".deb") and "-dbgsym_" not in name)
    if not found:
        raise Skip(f"OTK_BOOT_PACKAGES={directory}: there are no packages")
    return [f"{directory}/{name}" for name in found]


class Tree:
    """A fresh one. All of it is in memory and in a mount namespace that this process begins, so nothing of it is left,
    however the test ends."""

    def __init__(self, undo):
        if os.geteuid() != 0:
            raise Skip("mounting the machine's tree needs root")
        lower = base()
        _enter_own_mount_namespace()
        self._place = tempfile.mkdtemp(prefix="otk-boot-")
        undo.callback(os.rmdir, self._place)
        run(["mount", "-t", "tmpfs", "-o", "mode=700", "otk-boot", self._place])
        undo.callback(run, ["umount", "-l", self._place])
        self.path = f"{self._place}/tree"
        for name in ("tree", "upper", "work"):
            os.mkdir(f"{self._place}/{name}")
            os.chmod(f"{self._place}/{name}", 0o755)
        try:
            run(["mount", "-t", "overlay", "-o",
                 f"lowerdir={lower},upperdir={self._place}/upper,workdir={self._place}/work", "otk-boot", self.path])
        except AssertionError as error:
            raise Skip(f"no overlay can be mounted here: {error}") from error
        undo.callback(run, ["umount", "-l", self.path])
        self._prepare()

    def _prepare(self):
        os.makedirs(f"{self.path}/var/log/journal", exist_ok=True)  # so that the journal outlives a boot
        self.write("etc/hostname", "server\n")
        self.write("etc/hosts", "127.0.0.1 localhost\n192.0.2.1 server\n")
        # A machine that was booted before: at its first boot systemd would enable every unit that there is.
        self.write("etc/machine-id", "0123456789abcdef0123456789abcdef\n")

    def write(self, name, text, mode=0o644):
        path = f"{self.path}/{name.lstrip('/')}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)

    def chroot(self, *argv):
        """Runs something in the tree while the machine is off."""
        return run(["chroot", self.path, "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive",
                    *argv])

    def install(self):
        """otk, as the environment says: the packages in OTK_BOOT_PACKAGES, else what meson installs of OTK_BUILD."""
        if packages_directory():
            self.chroot("dpkg", "--install", *self.add_packages(packages()))
        else:
            self._install_build()

    def add_packages(self, paths):
        """Copies them in, and gives where they are in there."""
        for path in paths:
            shutil.copy(path, f"{self.path}/var/tmp/")
        return [f"/var/tmp/{os.path.basename(path)}" for path in paths]

    def _install_build(self):
        build = os.environ.get("OTK_BUILD")
        if not build:
            raise Skip("OTK_BUILD does not name a build directory: run the tests by meson, or set it")
        subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", self.path], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.chroot("systemd-sysusers")


def _enter_own_mount_namespace():
    """Of this process and those that it starts from now on."""
    if _libc.unshare(CLONE_NEWNS) != 0:
        raise Skip(f"no mount namespace can be made here: {os.strerror(ctypes.get_errno())}")
    run(["mount", "--make-rprivate", "/"])
