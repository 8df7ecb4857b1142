"""DNS messages by hand (RFC 1035), also such as no library would make."""

import os
import socket
import struct

from . import wait

TYPES = {"A": 1, "NS": 2, "SOA": 6, "TXT": 16, "AAAA": 28, "ANY": 255}


def wire_name(name):
    labels = [label.encode() for label in name.rstrip(".").split(".")] if name.strip(".") else []
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def question(name, kind="A", wire=None, opcode=0, response=False, questions=1, tail=b"", class_=1):
    """A query. `wire` is a name in wire form instead of `name`; `questions` is the number that the header claims."""
    flags = (0x8000 if response else 0) | opcode << 11 | 0x0100
    head = os.urandom(2) + struct.pack("!HHHHH", flags, questions, 0, 0, 0)
    return head + (wire_name(name) if wire is None else wire) + struct.pack("!HH", TYPES[kind], class_) + tail


def send(host, server, message):
    """Sends the question from a new port and gives the socket on which the answer may come."""
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    asker = host.socket(family, socket.SOCK_DGRAM)
    asker.connect((server, 53))
    asker.send(message)
    return asker


def ask(host, server, message):
    """The answer to a question that must be answered; asked again from time to time, as resolvers do."""
    with send(host, server, message) as asker:
        asker.settimeout(1)

        def answer():
            try:
                return asker.recv(65535)
            except (socket.timeout, ConnectionRefusedError):
                asker.send(message)
                return None

        return Message(wait.until(answer, f"an answer to {message.hex()} from {server}"))


def answered(host, server, messages, barrier):
    """Those of the messages that get an answer. `barrier` is a question that is answered: the server takes one after
    the other, so when its answer is there, those to the questions before it are there too, or never come."""
    askers = [send(host, server, message) for message in messages]
    ask(host, server, barrier)
    heard = []
    for asker, message in zip(askers, messages):
        with asker:
            try:
                asker.recv(65535, socket.MSG_DONTWAIT)
                heard.append(message)
            except BlockingIOError:
                pass
    return heard


class Message:
    """A message taken apart; each record is (name, type, class, ttl, data)."""

    def __init__(self, data):
        self.size = len(data)
        self._data = data
        self.id, flags, questions, *counts = struct.unpack("!HHHHHH", data[:12])
        self.response, self.authoritative = bool(flags & 0x8000), bool(flags & 0x0400)
        self.truncated, self.code = bool(flags & 0x0200), flags & 15
        at = 12
        for _ in range(questions):
            _, at = self._name(at)
            at += 4
        self.question = data[12:at]
        self.answer, at = self._records(at, counts[0])
        self.authority, at = self._records(at, counts[1])
        self.additional, at = self._records(at, counts[2])
        if at != len(data):
            raise AssertionError(f"{len(data) - at} bytes after the end of the DNS message")

    def _name(self, at):
        labels, end = [], None
        while self._data[at] != 0:
            length = self._data[at]
            if length >= 0xC0:
                end = end or at + 2
                at = (length & 0x3F) << 8 | self._data[at + 1]
            else:
                labels.append(self._data[at + 1:at + 1 + length].decode("latin-1"))
                at += 1 + length
        return ".".join(labels), end or at + 1

    def _records(self, at, count):
        records = []
        for _ in range(count):
            name, at = self._name(at)
            kind, class_, ttl, size = struct.unpack("!HHIH", self._data[at:at + 10])
            records.append((name, kind, class_, ttl, self._data[at + 10:at + 10 + size]))
            at += 10 + size
        return records, at
