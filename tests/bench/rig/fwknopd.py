"""fwknopd as Debian packages it, with its own client's packets: rijndael and HMAC-SHA256, the command of one access stanza."""

import base64
import os
import subprocess
import time

from .network import PORT, until
from .requests import by_udp
from .side import Side

PACKET_SIZE = 205  # of `fwknop -A tcp/22 -a ADDRESS`, in base64


def _key(size):
    return base64.b64encode(os.urandom(size)).decode()


class Fwknopd(Side):
    name = "fwknopd"
    ports = (PORT,)

    def __init__(self, rig, undo, directory, stanzas=1, tuned=False):
        super().__init__(rig, undo, directory)
        self.stanzas = stanzas
        self._tuned = tuned
        if tuned:
            self.name = "fwknopd tuned"
        self._keys = [(_key(32), _key(64)) for _ in range(stanzas)]
        self._home = f"{directory}/fwknop"
        self._log = f"{self._home}/log"
        os.makedirs(f"{self._home}/run", mode=0o700, exist_ok=True)
        self._configure()

    def _configure(self):
        lines = [f"PCAP_INTF eth0;\nFWKNOP_RUN_DIR {self._home}/run;\nPCAP_FILTER udp dst port {PORT};\n"]
        if self._tuned:
            lines.append("PCAP_LOOP_SLEEP 1000;\n")  # microseconds between two looks at the ring, instead of 100,000
        self._write("fwknopd.conf", lines)
        self._write("access.conf", [
            f"SOURCE ANY\nKEY_BASE64 {key}\nHMAC_KEY_BASE64 {hmac}\n"
            f"CMD_CYCLE_OPEN {' '.join(self.command)}\nCMD_CYCLE_CLOSE NONE\n\n" for key, hmac in self._keys])

    def _write(self, name, lines):
        with open(f"{self._home}/{name}", "w", encoding="ascii") as file:
            os.chmod(file.fileno(), 0o600)
            file.writelines(lines)

    def look_alikes(self, carrier):
        return ["--carrier", "text", "--size", PACKET_SIZE, "--port", PORT]

    def requests(self, number, carrier="udp"):
        """By the client, which only writes them down. The last stanza's keys: the costliest to find."""
        key, hmac = self._keys[-1]
        path = f"{self._home}/packet"
        made = []
        for _ in range(number):
            subprocess.run(["fwknop", "--test", "-A", "tcp/22", "-a", self.rig.client.ipv4, "-D", self.rig.server.ipv4,
                            "--use-hmac", "--key-base64-rijndael", key, "--key-base64-hmac", hmac, "--no-rc-file",
                            "--no-save-args", "--save-packet", path], stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL, check=True, env=dict(os.environ, HOME=self._home))
            with open(path, "rb") as file:
                made.append([by_udp(file.read().strip(), PORT)])
        return made

    def launch(self):
        with open(self._log, "wb") as log:
            self.process = self.rig.server.start(
                ["fwknopd", "-f", "-c", f"{self._home}/fwknopd.conf", "-a", f"{self._home}/access.conf",
                 "-r", f"{self._home}/run"], self.undo, stdout=log, stderr=log)

    def wait_ready(self):
        def ready():
            with open(self._log, encoding="utf-8", errors="replace") as file:
                return "main event loop" in file.read()

        until(ready, "fwknopd is ready", 120)
        time.sleep(0.2)
