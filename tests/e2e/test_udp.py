#!/usr/bin/python3
"""Knocks over udp with what is at hand: nc, the shell's /dev/udp, nping, and PowerShell's UdpClient by its bytes."""

import socket

from otk_e2e import chain, packets, tap, wait, world

suite = tap.Suite(world.World)
PORT = 62201


def nc(w, text, family=4):
    w.client.run("nc", f"-{family}", "-u", "-w1", w.server.address(family), PORT, stdin=text)


def shell(w, text, family=4):
    w.client.run("bash", "-c", f"cat > /dev/udp/{w.server.address(family)}/{PORT}", stdin=text)


@suite.case("nc -u -w1 with the value in hex and a line end")
def nc_hex(w):
    right = w.right()
    right.expect_one_run(lambda value: nc(w, value.hex() + "\n"))
    right.expect_one_run(lambda value: nc(w, value.hex() + "\n", 6))


@suite.case("cat > /dev/udp/HOST/PORT with the value in base32")
def dev_udp(w):
    right = w.right()
    right.expect_one_run(lambda value: shell(w, chain.base32(value) + "\n"))
    right.expect_one_run(lambda value: shell(w, chain.base32(value), 6))


@suite.case("nping --udp with raw bytes and with text as data")
def nping(w):
    right = w.right()
    words = ("nping", "--udp", "-c", "1", "-p", PORT)
    right.expect_one_run(lambda value: w.client.run(*words, "--data", value.hex(), w.server.ipv4, codes=None))
    right.expect_one_run(lambda value: w.client.run(*words, "--data-string", value.hex(), w.server.ipv4, codes=None))
    words += ("-6", "--unprivileged")  # as root nping 0.7.93 gives its IPv6 packets no source
    right.expect_one_run(lambda value: w.client.run(*words, "--data", value.hex(), w.server.ipv6, codes=None))


@suite.case("raw bytes: 16 of sha256, 8 of md5 and sha1")
def raw(w):
    for algorithm in ("sha256", "md5", "sha1"):
        right = w.right(algorithm=algorithm)
        for family in (4, 6):
            right.expect_one_run(lambda value, family=family: w.knock_udp(value, family))


@suite.case("UdpClient.Send of .NET and PowerShell: ASCII in one datagram, with and without \\r\\n")
def powershell(w):
    right = w.right()
    for end in (b"", b"\r\n"):
        right.expect_one_run(lambda value, end=end: w.knock_udp(value.hex().upper().encode() + end))


@suite.case("other ports of the configuration count, all others do not; a knock port stays closed")
def ports(w):
    right = w.right()
    right.expect_no_run(lambda value: packets.send_udp(w.client, w.server.ipv4, value, 62202))
    with w.client.socket(socket.AF_INET, socket.SOCK_DGRAM) as knocker:
        knocker.settimeout(0.2)
        knocker.connect((w.server.ipv4, PORT))
        right.expect_one_run(knocker.send)
        wait.until(lambda: refused(knocker, right.chain.current), "the kernel says of a knock's port: closed")


def refused(knocker, value):
    """As by every other closed port. The kernel says it to one host only so many times a second, so it may take more."""
    try:
        knocker.send(value)
        answer = knocker.recv(512)
    except socket.timeout:
        return False
    except ConnectionRefusedError:
        return True
    raise AssertionError(f"a knock was answered with {answer}")


@suite.case("behind IPv6 extension headers, and in a frame with a VLAN tag")
def wrapped(w):
    right = w.right()
    wire = packets.Wire(w.undo, w.client, w.server)

    def ipv6(value):
        datagram = packets.udp_message(value, PORT)
        options = bytes([packets.UDP, 0, 1, 4, 0, 0, 0, 0]) + datagram  # destination options, padded (RFC 8200)
        hop_by_hop = bytes([60, 0, 1, 4, 0, 0, 0, 0]) + options
        wire.send(packets.IPV6, packets.ipv6_packet(w.client.ipv6, w.server.ipv6, 0, hop_by_hop))

    def tagged(value):
        packet = packets.ipv4_packet(w.client.ipv4, w.server.ipv4, packets.UDP, packets.udp_message(value, PORT))
        wire.send(0x8100, b"\x00\x05" + packets.IPV4.to_bytes(2, "big") + packet)

    right.expect_one_run(ipv6)
    right.expect_one_run(tagged)


@suite.case("bytes before or after a raw value, and a value in a longer payload, are no knock")
def not_exact(w):
    right = w.right()
    right.expect_no_run(lambda value: w.knock_udp(value + b"\0"))
    right.expect_no_run(lambda value: w.knock_udp(b"\0" + value))
    right.expect_no_run(lambda value: w.knock_udp(value.hex().encode() + b"\n\n\n"))
    right.expect_no_run(lambda value: w.knock_udp(b"x" * 600 + value))
    right.expect_one_run(w.knock_udp)


if __name__ == "__main__":
    suite.main()
