"""Packets as other systems' programs make them, byte by byte."""

import itertools
import socket
import struct

ECHO_REQUEST = {4: 8, 6: 128}  # RFC 792, RFC 4443
IPV4, IPV6, ICMP, UDP, ICMPV6 = 0x0800, 0x86DD, 1, 17, 58
_numbers = itertools.count(1)


def family_of(address):
    return 6 if ":" in address else 4


def checksum(data):
    """RFC 1071."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def send_udp(host, address, payload, port=62201):
    family = socket.AF_INET6 if family_of(address) == 6 else socket.AF_INET
    with host.socket(family, socket.SOCK_DGRAM) as sender:
        sender.sendto(payload, (address, port))


def echo_message(family, payload):
    """An echo request; the kernel fills in ICMPv6's checksum, which covers the addresses."""
    head = struct.pack("!BBHHH", ECHO_REQUEST[family], 0, 0, 0x4F54, next(_numbers) & 0xFFFF)
    if family == 4:
        head = head[:2] + struct.pack("!H", checksum(head + payload)) + head[4:]
    return head + payload


def send_echo(host, address, payload):
    family = family_of(address)
    domain, protocol = (socket.AF_INET6, socket.IPPROTO_ICMPV6) if family == 6 else (socket.AF_INET, socket.IPPROTO_ICMP)
    with host.socket(domain, socket.SOCK_RAW, protocol) as sender:
        sender.sendto(echo_message(family, payload), (address, 0))


def udp_message(payload, port, source_port=40000):
    """Without checksum, which IPv4 allows."""
    return struct.pack("!HHHH", source_port, port, 8 + len(payload), 0) + payload


def ipv4_packet(source, destination, protocol, payload):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(destination))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def syn(source, destination, port, source_port=40000):
    """A TCP SYN over IPv4, from whatever source."""
    segment = struct.pack("!HHIIBBHHH", source_port, port, 1, 0, 5 << 4, 2, 65535, 0, 0)
    pseudo = struct.pack("!4s4sBBH", socket.inet_aton(source), socket.inet_aton(destination), 0, socket.IPPROTO_TCP, len(segment))
    segment = segment[:16] + struct.pack("!H", checksum(pseudo + segment)) + segment[18:]
    return ipv4_packet(source, destination, socket.IPPROTO_TCP, segment)


def ipv6_packet(source, destination, protocol, payload):
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), protocol, 64, socket.inet_pton(socket.AF_INET6, source),
                       socket.inet_pton(socket.AF_INET6, destination)) + payload


class Wire:
    """Whole Ethernet frames from one host to another, as they are."""

    def __init__(self, undo, source, destination):
        self._socket = source.socket(socket.AF_PACKET, socket.SOCK_RAW)
        undo.callback(self._socket.close)
        self._socket.bind(("eth0", 0))
        self._addresses = hardware_address(destination) + hardware_address(source)

    def send(self, ethertype, packet):
        self._socket.send(self._addresses + struct.pack("!H", ethertype) + packet)


def hardware_address(host):
    text = host.run("cat", "/sys/class/net/eth0/address")
    return bytes.fromhex(text.strip().replace(":", ""))
