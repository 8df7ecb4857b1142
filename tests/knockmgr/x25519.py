"""X25519 (RFC 7748 section 5) in a few lines: somebody else's arithmetic to compare the server's keys with."""

P = 2**255 - 19


def public_half(private_hex):
    """The public key, in hex, of a private one."""
    scalar = bytearray.fromhex(private_hex)
    scalar[0] &= 248
    scalar[31] = scalar[31] & 127 | 64
    number = int.from_bytes(scalar, "little")
    x2, z2, x3, z3 = 1, 0, 9, 1
    for bit in range(254, -1, -1):
        swap = number >> bit & 1
        if swap:
            x2, z2, x3, z3 = x3, z3, x2, z2
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb, aa, bb = d * a, c * b, a * a, b * b
        x3, z3 = (da + cb) ** 2 % P, 9 * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, (aa - bb) * (aa + 121665 * (aa - bb)) % P
        if swap:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little").hex()
