#!/usr/bin/env python3
"""Computes vectors.json, the known answer of lib/request/prepare.cpp and the vectors of docs/PROTOCOL.md without any
code of lib/request.

    ./make_vectors.py > vectors.json
    ./make_vectors.py --document        the last section of docs/PROTOCOL.md

Curves, cipher and key derivation are those of primitives.py, which must first give the RFCs' own answers; scrypt and
SHA-2 are Python's. The layouts are written from docs/PROTOCOL.md.
"""

import hashlib
import ipaddress
import json
import struct
import sys

from primitives import (L, P, ed25519_public, ed25519_sign, hkdf_expand, hkdf_extract, seal, small_order_encodings,
                        x25519, x25519_public, x_of)


def unhex(text):
    return bytes.fromhex(text.replace(" ", ""))


# -- The RFCs' own answers --------------------------------------------------------------------------------------

ED25519 = [  # RFC 8032 section 7.1: tests 1, 2, 3 and SHA(abc): private key, public key, message, signature
    ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
     "655141438e7a100b"),
    ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
     "b00d291612bb0c00"),
    ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
     "c027beceea1ec40a"),
    ("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf", hashlib.sha512(b"abc").hexdigest(),
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17a"
     "d9bef1177331a704"),
]
X25519 = [  # RFC 7748 section 5.2 (two) and 6.1 (either side): scalar, u-coordinate, result
    ("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
     "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
     "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"),
    # The second vector's u has its highest bit set, which X25519 ignores and otk refuses: here it is cleared.
    ("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
     "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a413",
     "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"),
    ("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
     "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
     "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"),
    ("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
     "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
     "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"),
]
CHACHA20_POLY1305 = [  # RFC 8439 section 2.8.2: key, nonce, associated data, text, box
    ("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", "070000004041424344454647",
     "50515253c0c1c2c3c4c5c6c7",
     (b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would "
      b"be it.").hex(),
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b29"
     "05d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b"
     "61161ae10b594f09e26a7e902ecbd0600691"),
]
# RFC 5869 appendix A, tests 1 and 2 (the third has neither salt nor info, and otk always has both): secret, salt, info,
# extracted, result
HKDF = [
    (22 * "0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
     "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"),
    (bytes(range(0x00, 0x50)).hex(), bytes(range(0x60, 0xb0)).hex(), bytes(range(0xb0, 0x100)).hex(),
     "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
     "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8"
     "367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"),
]

for seed, public, message, signature in ED25519:
    assert ed25519_public(unhex(seed)).hex() == public
    assert ed25519_sign(unhex(seed), unhex(message)).hex() == signature
for scalar, u, result in X25519:
    assert x25519(unhex(scalar), unhex(u)).hex() == result
for key, nonce, before, text, box in CHACHA20_POLY1305:
    assert seal(unhex(key), unhex(nonce), unhex(before), unhex(text)).hex() == box
for secret, salt, info, extracted, result in HKDF:
    assert hkdf_extract(unhex(salt), unhex(secret)).hex() == extracted
    assert hkdf_expand(unhex(extracted), unhex(info), len(result) // 2).hex() == result

# The known answer that lib/request/prepare.cpp compares.
known_share = unhex(X25519[2][2])
known_box = seal(hkdf_expand(hkdf_extract(b"salt", known_share), b"info", 32), b"\x01" + bytes(11), b"before", b"\x72")

# -- A chain, its keys, and what is sent --------------------------------------------------------------------------

PASSPHRASE, SEED, LENGTH, COUNT = "a secret of the manual", "dog2", 100, 99
COMMAND, ARGUMENT = "sshd", "Grüße, Anna"
SERVER_ID = bytes(range(0x10, 0x20))
TIME = 1795000000
LOW, HIGH = 61000, 65534

master = hashlib.scrypt(PASSPHRASE.encode(), salt=f"otk-v1:{SEED}".encode(), n=2**17, r=8, p=1, maxmem=2**28, dklen=32)
start = hkdf_expand(master, b"otk chain 1", 16)
signing_seed = hkdf_expand(master, b"otk sign 1", 32)
public_key = ed25519_public(signing_seed)


def value_at(count):
    value = start
    for _ in range(count):
        value = hashlib.sha256(value).digest()[:16]
    return value


def door_port(value):
    number, = struct.unpack(">I", hashlib.sha256(b"otk-door-1" + value).digest()[:4])
    return LOW + number % (HIGH - LOW + 1)


def address_field(address):
    if address is None:
        return bytes(17)
    parsed = ipaddress.ip_address(address)
    return bytes([parsed.version]) + parsed.packed.ljust(16, b"\0")


def begin_signed(domain):
    return domain + b"\0" + SERVER_ID + bytes([len(COMMAND)]) + COMMAND.encode()


def signed_knock(count, address, time, argument):
    body = value_at(count) + b"\x01" + address_field(address) + struct.pack(">QH", time, len(argument)) + argument
    covered = begin_signed(b"otk-signed-1") + body
    signature = ed25519_sign(signing_seed, covered)
    return {"count": count, "address": address or "-", "time": time, "argument": argument.decode(),
            "signed_bytes": covered.hex(), "signature": signature.hex(), "message": (body + signature).hex()}


signed = [signed_knock(COUNT, "203.0.113.9", TIME, b""),
          signed_knock(COUNT - 1, "2001:db8::17", TIME, ARGUMENT.encode()),
          signed_knock(COUNT - 2, None, 0, b"")]

SYNS = [(443, 0x01020304), (8443, 0xFFFFFFFF), (22, 0)]
server_private, client_private = bytes(range(0x20, 0x40)), bytes(range(0x60, 0x80))
server_public, client_public = x25519_public(server_private), x25519_public(client_private)
share = x25519(client_private, server_public)
assert share == x25519(server_private, client_public)
dynamic_value = value_at(COUNT - 3)
extracted = hkdf_extract(dynamic_value, share)
keys = {label: hkdf_expand(extracted, b"otk-dynamic-1" + server_public + client_public + label.encode(), size)
        for label, size in (("p1", 32), ("c2s", 32), ("s2c", 32), ("id", 16))}


def nonce(counter):
    return bytes(4) + struct.pack(">Q", counter)


head = dynamic_value + b"\x02" + client_public
text = (struct.pack(">Q", TIME) + address_field("203.0.113.9") +
        b"".join(struct.pack(">HI", port, sequence) for port, sequence in SYNS))
covered = begin_signed(b"otk-dynamic-1") + server_public + head + text
dynamic_signature = ed25519_sign(signing_seed, covered)
p1 = head + seal(keys["p1"], nonce(0), head, text + dynamic_signature)
assert len(p1) == 172


def later(kind, counter, key, content):
    before = keys["id"] + bytes([kind]) + struct.pack(">Q", counter)
    packet = before + seal(key, nonce(counter), before, content.ljust(48, b"\0"))
    assert len(packet) == 89
    return packet


def answer(status, port, seconds, seen):
    return struct.pack(">BHI", status, port, seconds) + address_field(seen)


p2 = [{"counter": n, "packet": later(3, n, keys["c2s"], b"").hex()} for n in (1, 2)]
p3 = [{"counter": n, "status": status, "port": port, "seconds": seconds, "seen": seen,
       "packet": later(4, n, keys["s2c"], answer(status, port, seconds, seen)).hex()}
      for n, (status, port, seconds, seen) in enumerate([(0, 0, 0, "198.51.100.7"), (1, 50123, 27, "198.51.100.7"),
                                                         (4, 0, 0, "2001:db8::7")], 1)]

# -- What must be refused -------------------------------------------------------------------------------------------

small_order = [encoding.hex() for encoding in small_order_encodings()]
not_canonical = [(y | sign << 255).to_bytes(32, "little").hex()
                 for y in range(P, 2**255) for sign in (0, 1) if x_of(y - P) is not None]
not_canonical = [encoding for encoding in not_canonical if encoding not in small_order]
no_point = [y.to_bytes(32, "little").hex() for y in range(2, 40) if x_of(y) is None]
points = [y.to_bytes(32, "little").hex() for y in range(2, 40) if x_of(y) is not None]
# The same signature with S + L, which the equation allows just as well.
high_s = signed[0]["message"][:-64] + (int.from_bytes(unhex(signed[0]["signature"])[32:], "little") +
                                       L).to_bytes(32, "little").hex()
# u of points of small order: with any private key they give a share of zeros (RFC 7748 section 6.1).
zero_shares = [u.to_bytes(32, "little").hex() for u in (
    0, 1, P - 1, 325606250916557431795983626356110631294008115727848805560023387167927233504,
    39382357235489614581723060781553021112529911719440698176882885853963445705823)]
for u in zero_shares:
    assert x25519(server_private, unhex(u)) == bytes(32)

VECTORS = {
    "rfc": {
        "ed25519": [dict(zip(("seed", "public", "message", "signature"), v)) for v in ED25519],
        "x25519": [dict(zip(("private", "other", "share"), v)) for v in X25519],
        "chacha20_poly1305": [dict(zip(("key", "nonce", "before", "text", "box"), v)) for v in CHACHA20_POLY1305],
        "hkdf": [dict(zip(("secret", "salt", "info", "extracted", "result"), v)) for v in HKDF],
    },
    "protocol": {
        "chain": {"passphrase": PASSPHRASE, "seed": SEED, "length": LENGTH, "master": master.hex(),
                  "start": start.hex(), "signing_seed": signing_seed.hex(), "public_key": public_key.hex(),
                  "image": value_at(LENGTH).hex()},
        "doors": [{"count": n, "value": value_at(n).hex(), "low": LOW, "high": HIGH, "port": door_port(value_at(n))}
                  for n in (99, 98, 1)],
        "addressee": {"server_id": SERVER_ID.hex(), "command": COMMAND},
        "signed": signed,
        "dynamic": {
            "server_private": server_private.hex(), "server_public": server_public.hex(),
            "client_private": client_private.hex(), "client_public": client_public.hex(),
            "share": share.hex(), "count": COUNT - 3, "value": dynamic_value.hex(), "extracted": extracted.hex(),
            "key_p1": keys["p1"].hex(), "key_c2s": keys["c2s"].hex(), "key_s2c": keys["s2c"].hex(),
            "id": keys["id"].hex(), "time": TIME, "address": "203.0.113.9",
            "syns": [{"port": port, "sequence": sequence} for port, sequence in SYNS],
            "signed_bytes": covered.hex(), "signature": dynamic_signature.hex(), "p1": p1.hex(),
            "p2": p2, "p3": p3,
        },
    },
    "refused": {"small_order": small_order, "not_canonical": not_canonical, "no_point": no_point, "high_s": high_s,
                "zero_shares": zero_shares},
    "points": points,
    "known_box": known_box.hex(),
}

# -- docs/PROTOCOL.md ---------------------------------------------------------------------------------------------

STATUS = {0: "waiting", 1: "open", 4: "over"}


def lines(*rows):
    """Hex in lines of 32 bytes behind the name of what it is."""
    out = []
    for name, hexadecimal in rows:
        for at in range(0, len(hexadecimal), 64):
            out.append(f"    {name if at == 0 else '':<15} {hexadecimal[at:at + 64]}")
    return "\n".join(out) + "\n"


def document():
    p = VECTORS["protocol"]
    chain, dynamic = p["chain"], p["dynamic"]
    yield (f"The passphrase is `{PASSPHRASE}`, the seed `{SEED}`, the length {LENGTH}, the command `{COMMAND}`.\n")
    yield lines(("server's id", p["addressee"]["server_id"]), ("master", chain["master"]), ("start", chain["start"]),
                ("signing seed", chain["signing_seed"]), ("public key", chain["public_key"]),
                (f"image ({LENGTH})", chain["image"]))
    yield f"Values, and the ports of their one-time doors in {LOW}-{HIGH}:\n"
    yield "".join(f"    {'value ' + str(door['count']):<15} {door['value']}   door {door['port']}\n"
                  for door in p["doors"])
    for each in p["signed"]:
        with_argument = f", argument `{each['argument']}`" if each["argument"] else ""
        yield (f"Signed knock {each['count']}, address `{each['address']}`, time {each['time']}{with_argument}:\n")
        yield lines(("signed bytes", each["signed_bytes"]), ("signature", each["signature"]),
                    ("message", each["message"]))
    syns = ", ".join(f"{s['port']} ({s['sequence']})" for s in dynamic["syns"])
    yield (f"Dynamic request by value {dynamic['count']}, address `{dynamic['address']}`, time {dynamic['time']},\n"
           f"ports (and sequence numbers) {syns}:\n")
    yield lines(*((name.replace("_", " "), dynamic[name]) for name in (
        "server_private", "server_public", "client_private", "client_public", "share", "value", "extracted", "key_p1",
        "key_c2s", "key_s2c", "id", "signed_bytes", "signature")), ("P1", dynamic["p1"]))
    for each in dynamic["p2"]:
        yield lines((f"P2, counter {each['counter']}", each["packet"]))
    for each in dynamic["p3"]:
        told = f", port {each['port']}, {each['seconds']} seconds" if each["port"] else ""
        yield f"P3, counter {each['counter']}: `{STATUS[each['status']]}`{told}, seen `{each['seen']}`:\n"
        yield lines(("P3", each["packet"]))


if sys.argv[1:] == ["--document"]:
    print("\n".join(document()), end="")
else:
    json.dump(VECTORS, sys.stdout, indent=1, ensure_ascii=False)
    print()
