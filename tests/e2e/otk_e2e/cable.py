"""A cable between a host and the switch that loses, repeats, delays and changes frames as a test tells it to. It stands in
for `tc netem`, which not every kernel has, and does what that cannot: just the n-th packet, in an order that repeats."""

import contextlib
import heapq
import select
import socket
import struct
import threading
import time

from . import packets
from .network import Host, run

OUT, IN = "out", "in"  # from the host, to the host
_SOL_PACKET, _PACKET_VNET_HDR, _EVERYTHING = 263, 15, 0x0003
_VNET_HEADER = 10  # struct virtio_net_hdr: says what of a frame the kernel has put off, such as its checksum
_ETHERNET = 14


class Frame:
    """One on its way. What is changed in `bytes` goes on changed; checksums of TCP and UDP are set right again."""

    def __init__(self, direction, raw):
        self.direction = direction
        self._offload = raw[:_VNET_HEADER]
        self.bytes = bytearray(raw[_VNET_HEADER:])
        self._as_it_came = bytes(self.bytes)
        kind = struct.unpack_from("!H", self.bytes, 12)[0]
        self.protocol, self.at = None, 0  # of TCP or UDP, and where its header begins
        if kind == packets.IPV4:
            self.protocol, self.at = self.bytes[_ETHERNET + 9], _ETHERNET + 4 * (self.bytes[_ETHERNET] & 0x0F)
        elif kind == packets.IPV6:
            self.protocol, self.at = self.bytes[_ETHERNET + 6], _ETHERNET + 40
        self.family = 4 if kind == packets.IPV4 else 6

    @property
    def ports(self):
        """Source and destination."""
        return struct.unpack_from("!HH", self.bytes, self.at)

    @property
    def is_syn(self):
        return self.protocol == socket.IPPROTO_TCP and self.bytes[self.at + 13] & 0x3F == 0x02

    def payload_at(self):
        """Where UDP's begins."""
        return self.at + 8

    def payload(self):
        return bytes(self.bytes[self.payload_at():])

    def addresses(self):
        first, size = (_ETHERNET + 12, 4) if self.family == 4 else (_ETHERNET + 8, 16)
        return bytes(self.bytes[first:first + 2 * size])

    def raw(self):
        if self.bytes == self._as_it_came:
            return self._offload + bytes(self.bytes)
        place = self.at + (16 if self.protocol == socket.IPPROTO_TCP else 6)
        self.bytes[place:place + 2] = b"\0\0"
        segment = bytes(self.bytes[self.at:])
        pseudo = self.addresses() + struct.pack("!II", len(segment), self.protocol)
        struct.pack_into("!H", self.bytes, place, packets.checksum(pseudo + segment) or 0xFFFF)
        return bytes(_VNET_HEADER) + bytes(self.bytes)


class Cable:
    """Between the host of that role and the switch of its network, from now on. A frame goes on after the seconds that `rule` says, once
    for each number in the list that it returns: [] loses it, [0, 0] doubles it. Without a rule it goes on at once."""

    def __init__(self, w, role):
        switch = w.network.switch
        self.rule = None
        run(["ip", "-n", switch, "link", "add", f"{role}-plug", "type", "veth", "peer", "name", f"{role}-jack"])
        run(["ip", "-n", switch, "link", "set", f"{role}-jack", "master", "switch", "up"])
        run(["ip", "-n", switch, "link", "set", f"{role}-plug", "up"])
        run(["ip", "-n", switch, "link", "set", role, "nomaster"])
        self._sockets = {OUT: self._end(w, role), IN: self._end(w, f"{role}-plug")}
        self._waiting = []  # (when, number, where to, raw frame)
        self._serial = 0
        self._stop, stopped = socket.socketpair()
        self._thread = threading.Thread(target=self._carry, args=(stopped,), daemon=True)
        self._thread.start()
        w.undo.callback(self._end_thread)

    @contextlib.contextmanager
    def follows(self, rule):
        """For so long."""
        self.rule = rule
        try:
            yield
        finally:
            self.rule = None

    def _end(self, w, interface):
        end = Host(w.network.switch, 0).socket(socket.AF_PACKET, socket.SOCK_RAW)
        end.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1)
        end.bind((interface, _EVERYTHING))
        w.undo.callback(end.close)
        return end

    def _end_thread(self):
        self._stop.close()
        self._thread.join()

    def _carry(self, stopped):
        other = {OUT: self._sockets[IN], IN: self._sockets[OUT]}
        while True:
            left = max(self._waiting[0][0] - time.monotonic(), 0) if self._waiting else None
            ready, _, _ = select.select([stopped, *self._sockets.values()], [], [], left)
            if stopped in ready:
                return
            for direction, end in self._sockets.items():
                if end in ready:
                    raw, where = end.recvfrom(1 << 17)
                    if where[2] != socket.PACKET_OUTGOING:
                        self._take(Frame(direction, raw), other[direction])
            while self._waiting and self._waiting[0][0] <= time.monotonic():
                _, _, end, raw = heapq.heappop(self._waiting)
                end.send(raw)

    def _take(self, frame, end):
        rule = self.rule if frame.protocol in (socket.IPPROTO_TCP, socket.IPPROTO_UDP) else None
        for delay in rule(frame) if rule else [0]:
            self._serial += 1
            heapq.heappush(self._waiting, (time.monotonic() + delay, self._serial, end, frame.raw()))
