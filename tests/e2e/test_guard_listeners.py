#!/usr/bin/python3
"""The guard lets no connection come about, and answers nothing, whatever kind of socket listens behind it: bound to all
addresses or to one, to an address of IPv4 as IPv6 has it, to a device, several of them (DESIGN 9)."""

import contextlib
import itertools
import socket

from otk_e2e import guard, segments, tap, wait
from otk_e2e.segments import ACK, FIN, RST, SYN

PORT = 2200
EVERY_SYN_GETS_A_COOKIE = 2  # Linux, Documentation/networking/ip-sysctl.rst, tcp_syncookies
DEVICE = 25  # SO_BINDTODEVICE


class Kind:
    """A kind of listener: addresses (with the device, if it is bound to one), and by which families it is reached."""

    def __init__(self, name, *bound, families=(4,), only_six=False):
        self.name, self.bound, self.families, self.only_six = name, bound, families, only_six


KINDS = (
    Kind("of all addresses", ("0.0.0.0", None)),
    Kind("of one address", ("{4}", None)),
    Kind("of one address of IPv6", ("{6}", None), families=(6,)),
    Kind("of one address of IPv6 alone", ("{6}", None), families=(6,), only_six=True),
    Kind("of one address of IPv4, as IPv6 has it", ("::ffff:{4}", None)),
    Kind("of all addresses of both families", ("::", None), families=(4, 6)),
    Kind("of all addresses of IPv6", ("::", None), families=(6,), only_six=True),
    Kind("bound to a device", ("0.0.0.0", "eth0")),
    Kind("bound to a device, of both families", ("::", "eth0"), families=(4, 6)),
    Kind("bound to a device and one address", ("{4}", "eth0")),
    Kind("bound to a device and one address of IPv6", ("{6}", "eth0"), families=(6,)),
    Kind("several for one address", ("{4}", None), ("{4}", None)),
    Kind("of all addresses beside one of one address", ("::", None), ("{4}", None), ("{6}", None), families=(4, 6)),
)


def make_world(undo):
    w = guard.make_world(undo)
    segments.hush(w.client)
    w.ports = itertools.count(segments.PORTS.start)
    w.access_to_it = w.access("--open", f"{PORT}/tcp", "--hold", "1h")
    w.server.run("sysctl", "-qw", f"net.ipv4.tcp_syncookies={EVERY_SYN_GETS_A_COOKIE}")
    w.arm()
    return w


suite = tap.Suite(make_world)


@contextlib.contextmanager
def listening(w, kind):
    with contextlib.ExitStack() as stack:
        listeners = []
        for address, device in kind.bound:
            address = address.replace("{4}", w.server.ipv4).replace("{6}", w.server.ipv6)
            listener = stack.enter_context(guard.socket_to(w.server, address))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if ":" in address:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(kind.only_six))
            if device:
                listener.setsockopt(socket.SOL_SOCKET, DEVICE, device.encode())
            listener.bind((address, PORT))
            listener.listen(64)
            listener.setblocking(False)
            listeners.append(listener)
        yield listeners


def stranger(w, family):
    return segments.Stranger(w.client, w.client.address(family), next(w.ports), w.server.address(family), PORT)


def open_door(w, family):
    row = w.access_to_it.spend(lambda value: w.knock_udp(value, family))
    assert row["end"]["outcome"] in ("opened", "prolonged"), row


def let_everything_arrive(w, family):
    assert not w.through(PORT, address=w.server.address(family))


def taken(listeners):
    """A connection that has come about; nothing if there is none."""
    for listener in listeners:
        with contextlib.suppress(BlockingIOError):
            return listener.accept()[0]
    return None


def cookie(one):
    """Begins a connection; the server's sequence number, which is a cookie: the server itself remembers nothing."""
    one.send(SYN)
    flags, number = one.answer(wait.DEADLINE)
    assert flags == SYN | ACK, flags
    return number


def finish(one, number):
    one.send(ACK, 1001, number + 1)


def each_way(w):
    for kind in KINDS:
        for family in kind.families:
            with listening(w, kind) as listeners:
                yield f"a listener {kind.name}, by IPv{family}", family, listeners


@suite.case("nothing answers a segment that belongs to no connection, whatever listens")
def stray(w):
    for what, family, listeners in each_way(w):
        for flags in (SYN, ACK, SYN | ACK, FIN, FIN | ACK, RST, RST | ACK, SYN | FIN, SYN | RST, 0):
            with stranger(w, family) as one:
                one.send(flags, 1000, 2000, b"data")
                let_everything_arrive(w, family)
                assert one.answer(0) is None, f"{what}: flags {flags:#x} are answered"
        assert taken(listeners) is None, what


def expect_no_connection(w, what, family, listeners, one):
    let_everything_arrive(w, family)
    assert taken(listeners) is None, f"{what}: a connection has come about"
    assert one.answer(0) is None, f"{what}: something answers"


@suite.case("a cookie that was got through a door makes no connection when the door has closed")
def cookies(w):
    for what, family, listeners in each_way(w):
        open_door(w, family)
        with stranger(w, family) as one, stranger(w, family) as late:
            finish(one, cookie(one))
            wait.until(lambda: taken(listeners), f"{what}: with the door open the cookie makes a connection")
            number = cookie(late)
            w.close_doors()
            finish(late, number)
            expect_no_connection(w, what, family, listeners, late)


@suite.case("neither does one that was got before the guard was armed")
def older_cookies(w):
    for what, family, listeners in each_way(w):
        w.guard("off")
        with stranger(w, family) as one:
            number = cookie(one)
            w.arm()
            finish(one, number)
            expect_no_connection(w, what, family, listeners, one)


if __name__ == "__main__":
    suite.main()
