"""knockgen send on one machine: every byte that leaves, and what is refused before anything does."""

import base64
import contextlib
import json
import socket
import threading
import time

import harness
import homes
from harness import PASSPHRASE, expect, expect_in
from homes import LENGTH, Home, signed_knock, time_in

FIRST = LENGTH - 1


class Sender:
    """A user with a key file and one profile, and the server's port."""

    def __init__(self, undo, **fields):
        self.home = Home(undo)
        self.key = self.home.key()
        self.port = homes.Port(undo)
        self.home.add("p", self.key, **{"udp": self.port.number, **fields})

    def send(self, *options):
        return self.home.said("send", "p", "--key", self.key.path, *options)

    def refused(self, words, *options, code=1):
        self.home.refused(code, words, "send", "p", "--key", self.key.path, *options)
        expect(self.port.packets(), [])


def test_signed():
    """a signed knock is what DESIGN section 5 says, to the byte, and all its copies are the same"""
    with contextlib.ExitStack() as undo:
        sender = Sender(undo)
        begin = int(time.time())
        sender.send()
        packets = sender.port.packets()
        expect(len(packets), 3)
        said_at = time_in(packets[0])
        assert begin <= said_at <= int(time.time()), said_at
        expect(packets, [signed_knock(sender.key, FIRST, said_at)] * 3)


def test_copies():
    """--copies, and the number told for repeating"""
    with contextlib.ExitStack() as undo:
        sender = Sender(undo)
        for copies in (1, 2, 10):
            said = sender.send("--copies", copies)
            packets = sender.port.packets()
            expect((len(packets), len(set(packets))), (copies, 1))
            expect_in(f"knockgen send p --number {sender.key.number_of(packets[0][:16])}", said)
        for bad in (0, 11, "x"):
            sender.refused("--copies", "--copies", bad, code=2)


def test_argument_and_clock():
    """--argument is signed, as UTF-8; --no-clock signs no time"""
    with contextlib.ExitStack() as undo:
        sender = Sender(undo, argument="yes")
        for text in ("off", "zweitausendfünf ☃", "", "x" * 256, "-v"):
            sender.send("--argument", text, "--copies", 1, "--no-clock")
            [packet] = sender.port.packets()
            expect(packet, signed_knock(sender.key, sender.key.number_of(packet[:16]), 0, text.encode()))
        sender.refused("takes an argument", code=2)
        for bad in ("x" * 257, "a\nb", "a\x7f", "\udcff\udcfe"):  # two bytes that are no UTF-8
            sender.refused("should be text", "--argument", bad, code=2)


def test_address():
    """--address names an address where the right needs one; this machine's loopback address is none"""
    with contextlib.ExitStack() as undo:
        sender = Sender(undo, address="yes")
        for text in ("203.0.113.9", "2001:db8::9"):
            sender.send("--address", text, "--copies", 1, "--no-clock")
            [packet] = sender.port.packets()
            family = socket.AF_INET6 if ":" in text else socket.AF_INET
            field = bytes([6 if ":" in text else 4]) + socket.inet_pton(family, text).ljust(16, b"\0")
            expect(packet, signed_knock(sender.key, sender.key.number_of(packet[:16]), 0, address=field))
        sender.send("--address", "source", "--copies", 1)
        expect(sender.port.packets()[0][17:34], bytes(17))
        sender.refused("Nothing was sent")
        for bad in ("127.0.0.1", "0.0.0.0", "::", "ff02::1", "224.0.0.1", "here", ""):
            sender.refused("--address", "--address", bad, code=2)


def test_address_not_taken():
    """a right that takes no named address: none is named, and one that is asked for is refused before it is spent"""
    with contextlib.ExitStack() as undo:
        sender = Sender(undo)
        sender.refused("takes no named address", "--address", "203.0.113.9")
        sender.send("--copies", 1)
        expect(sender.port.packets()[0][17:34], bytes(17))


def test_plain():
    """the bare value: with --plain where the server takes it, and always where it knows no key"""
    with contextlib.ExitStack() as undo:
        sender = Sender(undo, plain="yes", address="yes")
        sender.send("--plain", "--copies", 2)
        expect(sender.port.packets(), [sender.key.values[FIRST]] * 2)
        sender.send("--plain", "--copies", 1, "--address", "203.0.113.9")
        value, address = sender.port.packets()[0].split()
        expect(address, b"203.0.113.9")
        expect(value.decode().lower(), base32(sender.key.values[FIRST - 1]))
    with contextlib.ExitStack() as undo:
        sender = Sender(undo, signed="no", plain="yes")
        sender.send("--copies", 1)
        expect(sender.port.packets(), [sender.key.values[FIRST]])
        sender.refused("knows no public key", "--no-clock", code=2)
    with contextlib.ExitStack() as undo:
        Sender(undo).refused("takes signed knocks only", "--plain")


def base32(value):
    return base64.b32encode(value).decode().rstrip("=").lower()


def test_passphrase():
    """a passphrase makes the same knock as a list of it does; a 64-bit chain is sent as it is"""
    with contextlib.ExitStack() as undo:
        home, port = Home(undo), homes.Port(undo)
        for algorithm in ("sha256", "md5"):
            home.add(algorithm, PASSPHRASE, "--downgrade", algorithm=algorithm, udp=port.number, signed="no", plain="yes")
            home.said("send", algorithm, "-p", "-", "--copies", 1, typed=PASSPHRASE)
            listed = home.said("list", "-s", "s1", "-a", algorithm, "--from", FIRST, "-c", 1, "-p", "-", typed=PASSPHRASE)
            expect([packet.hex() for packet in port.packets()], [listed.split()[1]])


def test_ways():
    """what the server does not take is refused, and the ways that there are, are named"""
    with contextlib.ExitStack() as undo:
        sender = Sender(undo)
        sender.refused("it takes udp", "--via", "dns")
        sender.refused("it takes udp", "--via", "icmp")
        sender.refused("there are udp, icmp and dns", "--via", "tcp", code=2)
        sender.refused("say --via dns", "--resolver", "direct", code=2)
    with contextlib.ExitStack() as undo:
        Sender(undo, udp=None).refused("no way to send")
    with contextlib.ExitStack() as undo:
        sender = Sender(undo, dns="k.example.org", argument="yes")
        sender.refused("does not fit", "--via", "dns", "--resolver", "127.0.0.1", "--argument", "x" * 100)
        expect_in("dns", sender.home.said("send", "p", "--via", "dns", "--argument", "x", "--dry-run"))


def test_nowhere():
    """a host without an address: nothing is sent, and no number is taken"""
    with contextlib.ExitStack() as undo:
        sender = Sender(undo, host="x" * 64 + ".invalid")  # too long a label to be asked for anywhere
        sender.refused("has no address")
        expect(json.loads(sender.home.said("profile", "show", "p", "--json"))["next"], FIRST)


def test_waiting():
    """--wait says open when the port answers, and else what to try next, with exit code 1"""
    with contextlib.ExitStack() as undo:
        listener = undo.enter_context(socket.create_server(("127.0.0.1", 0)))
        number = listener.getsockname()[1]
        sender = Sender(undo, opens=f"{number}/tcp")
        sender.send("--wait", "--copies", 1)
        shown = json.loads(sender.send("--wait", "--copies", 1, "--json"))
        expect((shown["port"], shown["open"], shown["number"]), (number, True, FIRST - 1))
        sender.port.packets()
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            shut = unused.getsockname()[1]
            result = sender.home.run("send", "p", "--key", sender.key.path, "--copies", 1, f"--wait={shut}")
        expect(result.returncode, 1)
        expect_in(f"port {shut} did not answer", result.stderr.decode())
        expect_in(f"knockgen send p --number {FIRST - 2}", result.stderr.decode())
        sender.port.packets()
        sender.refused("--wait=", "--wait=0", code=2)
    with contextlib.ExitStack() as undo:
        Sender(undo).refused("does not say which port", "--wait", code=2)
        Sender(undo, opens="53/udp").refused("opens 53/udp", "--wait", code=2)


def test_open_before():
    """--wait tells a port that was open before the knock from one that the knock has opened"""
    with contextlib.ExitStack() as undo:
        listener = undo.enter_context(socket.create_server(("127.0.0.1", 0)))
        number = listener.getsockname()[1]
        sender = Sender(undo, opens=f"{number}/tcp")
        said = sender.send("--wait", "--copies", 2)
        expect_in(f"open already before the knock: port {number} at 127.0.0.1 answered; this does not show", said)
        expect_in(f"knockgen send p --number {FIRST}", said)
        expect(len(sender.port.packets()), 2)  # as many as without a door to be waited for
        shown = json.loads(sender.send("--wait", "--copies", 1, "--json"))
        expect((shown["port"], shown["open"], shown["open_before"]), (number, True, True))
        listener.close()
        server = undo.enter_context(socket.socket())
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", number))
        sender.port.packets()
        door = threading.Thread(target=lambda: (sender.port.wait(), server.listen()))
        door.start()
        said = sender.send("--wait", "--copies", 1)
        door.join()
        expect_in(f"open: port {number} at 127.0.0.1 answers\n", said)
        assert "already" not in said, said


def test_said_again():
    """the line that repeats a knock has the options that were given; another way has none of the way before"""
    with contextlib.ExitStack() as undo:
        sender = Sender(undo, address="yes", icmp="yes", plain="yes")
        key = f" --key {sender.key.path}"
        expect_in(f"knockgen send p --number {FIRST} --address 203.0.113.9{key} --via udp\n",
                  sender.send("--via", "udp", "--address", "203.0.113.9"))
        expect_in(f"knockgen send p --number {FIRST - 1} --address source --copies 1{key} --no-clock\n",
                  sender.send("--no-clock", "--address", "source", "--copies", 1, "--number", FIRST - 1))
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            shut = unused.getsockname()[1]
            result = sender.home.run("send", "p", "--key", sender.key.path, "--plain", "--via", "udp", f"--wait={shut}")
        expect(result.returncode, 1)
        expect_in(f"knockgen send p --number {FIRST - 2}{key} --plain --wait={shut} --via icmp;", result.stderr.decode())
        expect_in("knockgen profile set p --next N", result.stderr.decode())
    with contextlib.ExitStack() as undo:
        sender = Sender(undo, argument="yes")
        expect_in("--argument 'it'\\''s on' ", sender.send("--argument", "it's on", "--copies", 1))
        expect_in("--argument '' ", sender.send("--argument", "", "--copies", 1))


def test_loopback():
    """a name that leads to this machine itself is warned of; an address that somebody wrote is not"""
    with contextlib.ExitStack() as undo:
        sender = Sender(undo, host="localhost")
        said = sender.home.run("send", "p", "--key", sender.key.path, "--copies", 1)
        expect(said.returncode, 0)
        expect_in("localhost leads to this machine itself (", said.stderr.decode())
        expect_in("knockmgr grant profile USER COMMAND --host NAME", said.stderr.decode())
    with contextlib.ExitStack() as undo:
        sender = Sender(undo)
        said = sender.home.run("send", "p", "--key", sender.key.path, "--copies", 1)
        assert b"leads to this machine" not in said.stderr, said.stderr


def test_usage():
    """what is missing is said"""
    with contextlib.ExitStack() as undo:
        home = Home(undo)
        home.refused(2, "say which profile", "send")
        home.refused(2, "say which profile", "send", "a", "b")


if __name__ == "__main__":
    harness.run_all(dict(globals()))
