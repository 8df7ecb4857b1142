"""TCP segments one by one, from a port of a host whose kernel has no connection there."""

import select
import socket
import struct

from . import packets

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
PORTS = range(20_000, 30_000)  # of one who sends segments; below those that the kernel gives out
_CHECKSUM_AT = 16


def hush(host):
    """The host's kernel refuses no segment for those ports, so that one end can be played there."""
    host.run("nft", "-f", "-", stdin=f"""table inet hushed {{
        chain output {{
            type filter hook output priority 0; policy accept;
            tcp sport {PORTS.start}-{PORTS.stop - 1} tcp flags & rst != 0 meta mark != 1 drop
        }}
    }}
    """)


class Stranger:
    """One end of a connection that may come about: host, its address and port, and where it sends to."""

    def __init__(self, host, own, own_port, address, port):
        self._own, self._own_port, self._address, self.port = own, own_port, address, port
        self._six = packets.family_of(address) == 6
        family = socket.AF_INET6 if self._six else socket.AF_INET
        self._socket = host.socket(family, socket.SOCK_RAW, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, 1)
        if self._six:
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_CHECKSUM, _CHECKSUM_AT)
        self._socket.bind((own, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def send(self, flags, sequence=1000, acknowledged=0, data=b""):
        head = struct.pack("!HHIIBBHHH", self._own_port, self.port, sequence, acknowledged, 5 << 4, flags, 65535, 0, 0)
        if not self._six:
            pseudo = struct.pack("!4s4sBBH", socket.inet_aton(self._own), socket.inet_aton(self._address), 0,
                                 socket.IPPROTO_TCP, len(head) + len(data))
            head = head[:16] + struct.pack("!H", packets.checksum(pseudo + head + data)) + head[18:]
        self._socket.sendto(head + data, (self._address, 0))

    def answer(self, seconds):
        """(flags, sequence number) of the next segment that has come back, or that comes within that time; or None."""
        while select.select([self._socket], [], [], seconds)[0]:
            packet = self._socket.recv(65535)
            segment = packet if self._six else packet[(packet[0] & 15) * 4:]
            source, destination, sequence, _, _, flags = struct.unpack_from("!HHIIBB", segment)
            if (source, destination) == (self.port, self._own_port):
                return flags & (FIN | SYN | RST | ACK), sequence
        return None
