"""A dynamic exchange as it was on the wire, decrypted with the server's private key: what was said, when, and by whom."""

import contextlib
import socket
import struct

from . import crypto, dynamic
from .cable import IN, OUT, Frame

_SO_TIMESTAMPNS = 35
_STATUS = {dynamic.WAITING: "waiting", dynamic.OPEN: "open", dynamic.REFUSED: "refused", dynamic.FAILED: "failed",
           dynamic.OVER: "over"}


class Recording:
    """Of what a host sends and gets from now on."""

    def __init__(self, host):
        self._wire = host.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
        self._wire.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)

    def frames(self):
        """When each came, in seconds since the first; UDP and TCP only. Ends the recording."""
        self._wire.setblocking(False)
        taken = []
        with self._wire, contextlib.suppress(BlockingIOError):
            while True:
                raw, extra, _, where = self._wire.recvmsg(65536, 64)
                direction = OUT if where[2] == socket.PACKET_OUTGOING else IN
                frame = Frame(direction, bytes(10) + raw)
                if frame.protocol in (socket.IPPROTO_TCP, socket.IPPROTO_UDP):
                    seconds, nanoseconds = struct.unpack("qq", extra[0][2])
                    taken.append((seconds * 10**9 + nanoseconds, frame))
        return [((when - taken[0][0]) / 1e9, frame) for when, frame in taken]


class Exchange:
    """Reads along with the server's private key, as knockd-validate does."""

    def __init__(self, private):
        self.private, self.public = private, crypto.x25519(private)
        self.keys = None

    def tell(self, payload):
        """The name of a message and what it says, as lines."""
        kind = payload[16]
        if kind == dynamic.REQUEST:
            return "P1", self._request(payload)
        counter, = struct.unpack_from("!Q", payload, 17)
        if kind == dynamic.QUESTION:
            plain = crypto.unseal(self.keys.to_server, dynamic.nonce(counter), payload[25:], payload[:25])
            assert plain == bytes(48), "P2 says nothing but its counter"
            return "P2", [f"id {payload[:16].hex()}", f"counter {counter}", "box: 48 zero bytes"]
        answer = dynamic.read_answer(self.keys, payload)
        said = f"box: status {answer.status} ({_STATUS[answer.status]}), port {answer.port}, {answer.seconds} s, seen {answer.seen}"
        return "P3", [f"id {payload[:16].hex()}", f"counter {answer.counter}", said]

    def _request(self, payload):
        value, public = payload[:16], payload[17:49]
        self.keys = dynamic.Keys(crypto.x25519(self.private, public), value, self.public, public)
        plain = crypto.unseal(self.keys.request, dynamic.nonce(0), payload[49:], payload[:49])
        when, = struct.unpack_from("!Q", plain)
        syns = [struct.unpack_from("!HI", plain, 25 + 6 * i) for i in range(3)]
        return [f"value {value.hex()}", f"client's key {public.hex()}", f"box: time {when}",
                f"     address {dynamic.read_address(plain[8:25])}",
                *(f"     SYN to port {port}, sequence number {sequence}" for port, sequence in syns),
                f"     signature {plain[43:75].hex()}", f"               {plain[75:].hex()}"]


def tell_segment(frame):
    source, destination, sequence = struct.unpack_from("!HHI", frame.bytes, frame.at)
    flags = frame.bytes[frame.at + 13]
    names = "+".join(name for bit, name in ((2, "SYN"), (16, "ACK"), (4, "RST"), (1, "FIN")) if flags & bit)
    return f"TCP {names}", [f"from port {source} to port {destination}, sequence number {sequence}"]
