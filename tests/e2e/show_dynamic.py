#!/usr/bin/python3
"""Prints one dynamic exchange of knockgen and knockd as it was on the wire and what it says, decrypted with the server's
private key: docs/dynamic-exchange.md shows such a run. As root: OTK_BUILD=build tests/e2e/show_dynamic.py"""

import contextlib
import socket
import textwrap

from otk_e2e import dynamic
from otk_e2e.cable import OUT
from otk_e2e.client import Client
from otk_e2e.recording import Exchange, Recording, tell_segment


def main():
    with contextlib.ExitStack() as undo:
        w = dynamic.make_world(undo)
        access = dynamic.known(w, dynamic.access_to(w, "127.0.0.1:22", hold="60s"))
        user = Client(w, access)
        recording = Recording(w.client)
        said = user.dynamic("--exec", "echo {port}").splitlines()
        with open(f"{w.installation.state}/server/1.key", encoding="ascii") as file:
            exchange = Exchange(bytes.fromhex(file.read()))
        print(f"server's id           {access.server.id.hex()}")
        print(f"server's private key  {exchange.private.hex()}")
        print(f"server's public key   {exchange.public.hex()}")
        print(f"user's public key     {access.chain.public_key.hex()}")
        print(f"command               {access.command}\n")
        for when, frame in recording.frames():
            show(exchange, when, frame)
        print("\n".join(said[-2:]))


def show(exchange, when, frame):
    if frame.protocol == socket.IPPROTO_UDP:
        name, lines = exchange.tell(frame.payload())
        lines += [f"keys: {label} {key.hex()}" for label, key in (("c2s", exchange.keys.to_server), ("s2c", exchange.keys.to_client))
                  if name == "P1"]
        lines += textwrap.wrap(frame.payload().hex(), 96)
    else:
        name, lines = tell_segment(frame)
    arrow = "client -> server" if frame.direction == OUT else "server -> client"
    print(f"{1000 * when:8.3f} ms  {arrow}  {name}")
    print("".join(f"             {line}\n" for line in lines))


if __name__ == "__main__":
    main()
