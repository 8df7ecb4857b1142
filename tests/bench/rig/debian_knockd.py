"""knockd as Debian packages it: three udp ports in order."""

import time

from .requests import by_udp
from .side import Side

SEQUENCE = (7000, 8000, 9000)


class DebianKnockd(Side):
    name = "knockd"
    ports = SEQUENCE

    def __init__(self, rig, undo, directory, of_the_user=False):
        """`of_the_user`: the look-alikes bear the user's own address, which anybody can forge; else many others."""
        super().__init__(rig, undo, directory)
        self._sources = 1 if of_the_user else 1_000
        if of_the_user:
            self.name = "knockd, user's address"

    def look_alikes(self, carrier):
        return ["--carrier", "udp", "--port", SEQUENCE[0], "--sources", self._sources]

    def requests(self, number, carrier="udp"):
        return [[by_udp(b"", port) for port in SEQUENCE] for _ in range(number)]

    def launch(self):
        path = f"{self.directory}/knockd.conf"
        with open(path, "w", encoding="ascii") as file:
            ports = ",".join(f"{port}:udp" for port in SEQUENCE)
            file.write(f"[options]\n\tlogfile = {self.directory}/knockd.log\n\n[bench]\n\tsequence = {ports}\n"
                       f"\tseq_timeout = 5\n\tcommand = {' '.join(self.command)}\n")
        self.process = self.rig.server.start(["/usr/sbin/knockd", "-4", "-i", "eth0", "-c", path,
                                              "-p", f"{self.directory}/knockd.pid"], self.undo)

    def wait_ready(self):
        time.sleep(1)  # it says nothing
