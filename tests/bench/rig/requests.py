"""Valid requests, each sent once, at their moments, over one socket; made ready before the flood begins."""

import socket
import struct
import threading
import time

from otk_e2e import chain, dns, packets

ZONE = "knock.example.org"
PING_SIZE = 56


def by_udp(payload, port):
    return socket.SOCK_DGRAM, 0, payload, port


def by_icmp(value):
    """As `ping -p` sends it: the pattern repeated, behind sixteen bytes of time."""
    pattern = (value * 4)[:PING_SIZE - 16]
    return socket.SOCK_RAW, socket.IPPROTO_ICMP, packets.echo_message(4, struct.pack("=QQ", 0, 0) + pattern), 0


def by_dns(value):
    return socket.SOCK_DGRAM, 0, dns.question(f"{chain.base32(value).lower()}.{ZONE}"), 53


class Requests:
    """Sends each request, a list of datagrams, `gap` seconds after the one before; in a thread of its own."""

    def __init__(self, rig, requests, gap, pause=0.002):
        kind, protocol = requests[0][0][:2]
        self._socket = rig.client.socket(socket.AF_INET, kind, protocol)
        self._address = rig.server.ipv4
        self._requests = requests
        self._gap = gap
        self._pause = pause  # between the datagrams of one request
        self.sent_at = []    # ns since 1970, of each request's last datagram
        self._thread = threading.Thread(target=self._run)

    def begin(self, after=0.0):
        self._begin = time.monotonic() + after
        self._thread.start()

    def finish(self):
        self._thread.join()
        self._socket.close()

    def _run(self):
        for number, datagrams in enumerate(self._requests):
            time.sleep(max(0.0, self._begin + number * self._gap - time.monotonic()))
            self.send(datagrams)

    def send(self, datagrams):
        for number, (_, _, payload, port) in enumerate(datagrams):
            if number:
                time.sleep(self._pause)
            if number == len(datagrams) - 1:
                self.sent_at.append(time.time_ns())
            self._socket.sendto(payload, (self._address, port))

    def close(self):
        self._socket.close()
