#!/usr/bin/env python3
"""Writes corpus/signed_knock, corpus/dynamic_request and corpus/dynamic_message from the vectors of tests/unit/request:
the valid messages and what is near them."""

import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = json.loads((HERE / "../unit/request/vectors.json").read_text())
PROTOCOL = VECTORS["protocol"]
REFUSED = VECTORS["refused"]


def write(target, name, data):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def replaced(data, at, new):
    return data[:at] + new + data[at + len(new):]


def flipped(data, at):
    return replaced(data, at, bytes([data[at] ^ 1]))


def signed_knocks():
    valid = [bytes.fromhex(each["message"]) for each in PROTOCOL["signed"]]
    for name, data in zip(("ipv4", "ipv6_argument", "no_address"), valid):
        write("signed_knock", name, data)
    ipv4, with_argument, _ = valid
    for name, at in (("value", 0), ("type", 16), ("family", 17), ("address", 18), ("padding", 33), ("time", 41),
                     ("length", 43), ("r", 44), ("s", 107)):
        write("signed_knock", f"bit_of_{name}", flipped(ipv4, at))
    write("signed_knock", "high_s", bytes.fromhex(REFUSED["high_s"]))
    write("signed_knock", "mapped", replaced(ipv4, 17, b"\x06" + bytes(10) + b"\xff\xff\xcb\x00\x71\x09"))
    write("signed_knock", "loopback", replaced(ipv4, 17, b"\x04\x7f\x00\x00\x01"))
    write("signed_knock", "multicast6", replaced(with_argument, 17, b"\x06\xff\x02"))
    write("signed_knock", "latest", replaced(ipv4, 34, b"\x00\x00\x00\x02\x25\xc1\x7d\x04"))
    write("signed_knock", "too_late", replaced(ipv4, 34, b"\x00\x00\x00\x02\x25\xc1\x7d\x05"))
    for name, argument in (("overlong", b"\xc0\xaf"), ("surrogate", b"\xed\xa0\x80"), ("control", b"a\nb"),
                           ("c1", b"\xc2\x85"), ("four_bytes", b"\xf0\x9f\x94\x91"), ("longest", b"a" * 256),
                           ("too_long", b"a" * 257)):
        body = replaced(ipv4[:44], 42, len(argument).to_bytes(2, "big"))
        write("signed_knock", f"argument_{name}", body + argument + ipv4[44:])


def dynamic_requests():
    dynamic = PROTOCOL["dynamic"]
    packet = bytes.fromhex(dynamic["p1"])
    text = bytes.fromhex(dynamic["signed_bytes"])[-43:] + bytes.fromhex(dynamic["signature"])
    raw, sealed = b"\x00", b"\x01"
    write("dynamic_request", "valid", raw + packet)
    for name, at in (("value", 0), ("type", 16), ("key", 17), ("box", 49), ("tag", 171)):
        write("dynamic_request", f"bit_of_{name}", raw + flipped(packet, at))
    for number, u in enumerate(REFUSED["zero_shares"]):
        write("dynamic_request", f"zero_share_{number}", raw + replaced(packet, 17, bytes.fromhex(u)))
    write("dynamic_request", "text", sealed + text)
    for name, at in (("time", 7), ("family", 8), ("address", 12), ("padding", 24), ("port", 26), ("sequence", 30),
                     ("r", 43), ("s", 106)):
        write("dynamic_request", f"text_bit_of_{name}", sealed + flipped(text, at))
    write("dynamic_request", "text_port_0", sealed + replaced(text, 25, b"\x00\x00"))
    write("dynamic_request", "text_port_twice", sealed + replaced(text, 31, text[25:27]))
    write("dynamic_request", "text_ipv6", sealed + replaced(text, 8, b"\x06\x20\x01\x0d\xb8"))
    write("dynamic_request", "text_no_address", sealed + replaced(text, 0, bytes(25)))


def dynamic_messages():
    dynamic = PROTOCOL["dynamic"]
    raw, sealed = b"\x00", b"\x01"
    for kind in ("p2", "p3"):
        for each in dynamic[kind]:
            packet = bytes.fromhex(each["packet"])
            write("dynamic_message", f"{kind}_{each['counter']}", raw + packet)
            for name, at in (("id", 0), ("type", 16), ("counter", 24), ("box", 25), ("tag", 88)):
                write("dynamic_message", f"{kind}_{each['counter']}_bit_of_{name}", raw + flipped(packet, at))
    seen = b"\x04\xc6\x33\x64\x07" + bytes(12)
    for name, text in (("waiting", bytes(7) + seen), ("open", b"\x01\xc3\xcb\x00\x00\x00\x1b" + seen),
                       ("refused", b"\x02" + bytes(6) + seen), ("open_without_port", b"\x01" + bytes(6) + seen),
                       ("over_with_port", b"\x04\xc3\xcb" + bytes(4) + seen), ("unknown_status", b"\x05"),
                       ("loopback", bytes(7) + b"\x04\x7f\x00\x00\x01"), ("unknown_family", bytes(7) + b"\x05"),
                       ("stray", bytes(47) + b"\x01")):
        write("dynamic_message", f"text_{name}", sealed + text)


signed_knocks()
dynamic_requests()
dynamic_messages()
