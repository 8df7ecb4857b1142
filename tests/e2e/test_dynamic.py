#!/usr/bin/python3
"""Dynamic mode with knockgen: a real sshd and the real ssh behind a port that the server chooses and tells (DESIGN 6)."""

import os
import pty
import re
import struct

from otk_e2e import crypto, dynamic, ed25519, tap, wait
from otk_e2e.client import Client, copy_with_capability, end_of
from otk_e2e.doors import wait_for_door, wait_for_none
from otk_e2e.dynamic import access_to, expect_outcomes, outcomes
from otk_e2e.forward import Service, answer_to_syn, families, joined, say
from otk_e2e.network import COMMAND_LIMIT
from otk_e2e.recording import Exchange, Recording, tell_segment
from otk_e2e.ssh import Sshd

LOOPBACK = {4: "127.0.0.1", 6: "[::1]"}
CLOSED = "Door is closed; connections that were made in time live on"


def make_world(undo):
    w = dynamic.make_world(undo, {"firewall": {"mode": "guard"}})  # never armed; with it, redirections are possible
    w.sshd = Sshd(undo, w.server, listen=("127.0.0.1", "[::1]"))  # nobody gets there but through a door
    return w


suite = tap.Suite(make_world)


def client_of(w, *options, family=4, hold="1h", **client):
    access = access_to(w, f"{LOOPBACK[family]}:22", *options, hold=hold)
    return access, Client(w, access, address=w.server.address(family), **client)


def lines_of(process):
    """The lines of a countdown so far, without waiting for its end."""
    return iter(process.stdout.readline, "")


@suite.case("Ed25519, X25519 and the sealed boxes of this test are those of the RFCs")
def vectors(_):
    seed = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")  # RFC 8032, 7.1, test 2
    assert ed25519.public_key(seed).hex().startswith("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    assert ed25519.sign(seed, b"\x72").hex().startswith("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da")
    scalar = bytes.fromhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4")  # RFC 7748, 5.2
    point = bytes.fromhex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")
    assert crypto.x25519(scalar, point).hex().startswith("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552")
    text = (b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would "
            b"be it.")  # RFC 8439, 2.8.2
    key, nonce = bytes(range(0x80, 0xA0)), bytes.fromhex("070000004041424344454647")
    associated = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
    box = crypto.seal(key, nonce, text, associated)
    assert box[-16:].hex() == "1ae10b594f09e26a7e902ecbd0600691" and crypto.unseal(key, nonce, box, associated) == text
    assert crypto.unseal(key, nonce, box, associated + b"x") is None


@families(suite, "ssh gets in at the port that is told, within its time, from that address alone; the session lives on")
def through(w, family):
    access, user = client_of(w, family=family)
    address, stranger = w.server.address(family), w.network.host("other")
    assert not w.sshd.says(w.client, address), "sshd is not reachable before"
    door = user.door()
    assert (door["host"], door["address"], door["seen_as"]) == (address, address, w.client.address(family)), door
    assert 61000 <= door["port"] <= 65534 and 0 < door["seconds"] <= 3600, door
    assert answer_to_syn(stranger, address, door["port"]) == "nothing"
    assert answer_to_syn(w.client, w.server.address(10 - family), door["port"]) == "reset", "the other family has no door"
    session = w.sshd.session(w.client, address, door["port"])
    assert session.alive()
    w.clock.advance(3600)
    wait_for_none(w, access)
    w.clock.set_by(-3600)  # as late as the clients have it
    wait.until(lambda: answer_to_syn(w.client, address, door["port"]) == "reset", "the door closes")
    assert session.alive() and not w.sshd.says(w.client, address, door["port"])
    expect_outcomes(access, ["opened"])


@suite.case("each request has another port, and the next knock; a door that is open stays")
def again(w):
    access, user = client_of(w)
    doors = [user.door() for _ in range(3)]
    assert [door["number"] for door in doors] == [99, 98, 97], doors
    assert len({door["port"] for door in doors}) == 3, doors
    assert all(w.sshd.says(w.client, w.server.ipv4, door["port"]) for door in doors)
    expect_outcomes(access, ["opened"] * 3)
    assert user.next_number() == 96
    w.installation.knockmgr("doors", "close", access.user, "--yes")


@families(suite, "--exec starts ssh with the port and the host filled in, and its exit code is ssh's")
def executed(w, family):
    _, user = client_of(w, family=family)
    address = w.server.address(family)
    words = w.sshd.words("{host}", "echo inside; exit 7", port="{port}")
    assert not any("'" in word for word in words)
    said = user.dynamic("--exec", " ".join(f"'{word}'" for word in words), code=7)
    assert re.search(rf"^knockgen: Door is open at {address} port \d+ for 3[56]\d\d seconds\ninside\n$", said, re.M), said


@suite.case("--exec: no shell reads the words, and a program that is not there is told after the door is open")
def executed_words(w):
    _, user = client_of(w)
    said = user.dynamic("--exec", "printf '<%s>' $HOME '{host} {port}' `id` ;x \"\" {address}")
    port = re.search(r"port (\d+)", said)[1]
    host = w.server.ipv4
    assert said.endswith(f"<$HOME><{host} {port}><`id`><;x><><{host}>"), said
    said = user.dynamic("--exec", "/nonexistent/ssh {port}", code=1)
    assert "Door is open" in said and "cannot start /nonexistent/ssh: No such file or directory" in said, said


@suite.case("without a terminal the countdown is plain lines, from the open door to the closed one")
def countdown(w):
    access, user = client_of(w, hold="12s")
    process = user.start()
    lines = lines_of(process)
    opened = re.fullmatch(rf"Door is open at {w.server.ipv4} port (\d+) for (\d+) seconds\n", next(lines))
    assert opened and 0 < int(opened[2]) <= 12, opened
    assert w.sshd.says(w.client, w.server.ipv4, opened[1])
    code, rest = end_of(process)
    assert (code, rest.removeprefix("10 seconds left\n")) == (0, f"{CLOSED}\n"), (code, rest)
    wait_for_none(w, access)


@suite.case("on a terminal the countdown rewrites one line")
def countdown_on_terminal(w):
    _, user = client_of(w, hold="6s")
    main, terminal = pty.openpty()
    with os.fdopen(main, "rb", buffering=0) as screen:
        process = user.start(stdout=terminal)
        os.close(terminal)
        shown = read_all(screen)
        assert process.wait(timeout=COMMAND_LIMIT) == 0
    first, *others = re.findall(r"\r(Door is [^\x1b]*)\x1b\[K", shown)
    assert first.startswith(f"Door is open at {w.server.ipv4} port ") and first.endswith(" seconds"), shown
    assert others[-1] == CLOSED and "\n" not in shown.rstrip("\r\n"), shown


def read_all(screen):
    """Until the other side is closed, of which a terminal makes an error."""
    shown = b""
    try:
        while more := screen.read(4096):
            shown += more
    except OSError:
        pass
    return shown.decode()


@suite.case("without CAP_NET_RAW it says what is missing and how to get it, and takes no knock")
def no_capability(w):
    access, user = client_of(w, user="nobody")
    said = user.dynamic(code=1)
    assert "CAP_NET_RAW" in said and "setcap cap_net_raw=ep" in said and "sudo" in said and "--isn ignore" in said, said
    assert user.next_number() == 99 and not access.rows("accepted")


@families(suite, "with the file capability of setcap an ordinary user needs nothing else")
def file_capability(w, family):
    access, user = client_of(w, family=family, user="nobody", program=copy_with_capability(w))
    door = user.door()
    assert w.sshd.says(w.client, w.server.address(family), door["port"])
    expect_outcomes(access, ["opened"])


@families(suite, "without any privilege ordinary connects do, where the right says --isn ignore")
def ordinary_connects(w, family):
    access, user = client_of(w, "--isn", "ignore", family=family, user="nobody")
    door = user.door()
    assert w.sshd.says(w.client, w.server.address(family), door["port"])
    expect_outcomes(access, ["opened"])


@suite.case("--isn ignore on the client's side alone is worth nothing: the server compares, and no door opens")
def ignored_by_client_only(w):
    access, user = client_of(w, user="nobody")
    said = user.dynamic("--isn", "ignore", "--timeout", "3s", code=1)
    assert "not all of its three SYN segments reached it as declared" in said, said
    wait.until(lambda: outcomes(access) == ["no SYNs"], lambda: f"the row ends; there is {outcomes(access)}")
    assert user.next_number() == 98


@suite.case("the capability is given up: the program that --exec starts has no raw sockets of it")
def capability_is_given_up(w):
    _, user = client_of(w, user="nobody", program=copy_with_capability(w))
    said = user.dynamic("--exec", "grep Cap /proc/self/status {port}", code=2)  # there is no file of that name
    sets = dict(re.findall(r"Cap(\w+):\s+([0-9a-f]+)", said))
    assert all(int(sets[name], 16) == 0 for name in ("Inh", "Prm", "Eff", "Amb")), said


@suite.case("a request that the rules refuse: told so, and why in the ledger")
def refused(w):
    access, user = client_of(w, "--from", "198.51.100.0/24")
    said = user.dynamic(code=1)
    assert "refused knock 99 by its rules" in said and "knockmgr log" in said, said
    assert outcomes(access) == ["source not allowed"]


@suite.case("nobody answers: the request is repeated until its time is over, and the end is clear")
def silence(w):
    access, user = client_of(w)
    user.add_profile(dynamic.profile_of(w, access, w.network.host("other").ipv4))
    said = user.dynamic("--timeout", "2s", code=1)
    assert "no answer from 192.0.2.3" in said and "within 2s" in said and "knock 99" in said, said
    assert user.next_number() == 98 and not access.rows("accepted")


@suite.case("what the profile does not allow is refused before a knock is taken")
def not_dynamic(w):
    plain = w.access("--forward", "127.0.0.1:22", "--hold", "60s", options=("--plain",), its_chain=dynamic.SignedChain())
    opening = w.access("--open", "22/tcp", "--hold", "60s", its_chain=dynamic.SignedChain())
    user = Client(w, opening)
    said = user.dynamic(code=1)
    assert "is not for dynamic mode" in said, said
    assert user.next_number() == 99 and not plain.rows("accepted")
    with_source = access_to(w, "127.0.0.1:22", "--address", "source")
    said = Client(w, with_source).dynamic("--address", w.client.ipv4, code=1)
    assert "takes no named address" in said, said
    said = Client(w, with_source).dynamic("--number", "100", code=1)
    assert "100" in said, said


@suite.case("a host with both families: with a right that takes the source, whichever is answered first; once spent")
def both_families(w):
    access = access_to(w, "[::1]:22", "--address", "source")
    hosts = f"{w.server.ipv4} both.test\n{w.server.ipv6} both.test\n"
    user = Client(w, access, address="both.test", host=with_hosts(w, hosts))
    door = user.door()
    assert door["address"] in (w.server.ipv4, w.server.ipv6), door
    assert w.sshd.says(w.client, door["address"], door["port"])
    expect_outcomes(access, ["opened"])
    assert not access.rows("contested")


@suite.case("a host whose IPv6 is dead: the request goes by IPv4 after a while, naming that address")
def dead_family(w):
    access = access_to(w, "127.0.0.1:22")
    hosts = f"2001:db8::99 half.test\n{w.server.ipv4} half.test\n"
    user = Client(w, access, address="half.test", host=with_hosts(w, hosts))
    door = user.door()
    assert door["address"] == w.server.ipv4 and w.sshd.says(w.client, w.server.ipv4, door["port"]), door
    expect_outcomes(access, ["opened"])
    assert not access.rows("contested")


def with_hosts(w, text):
    """The client, whose programs find these lines in /etc/hosts from now on (ip-netns(8))."""
    w.network.etc_hosts(w.client, text)
    return w.client


@suite.case("the port that P3 tells is the one of the ledger, and the row is marked as dynamic")
def in_the_ledger(w):
    access, user = client_of(w)
    door = user.door()
    row = access.rows("accepted")[-1]
    assert row["outcome"].startswith(f"opened {door['port']}/tcp to 127.0.0.1:22 for {w.client.ipv4} "), row
    assert (row["number"], row["request"]) == (door["number"], "dynamic"), row
    assert wait_for_door(w, access)["port"] == f"{door['port']}/tcp"


@suite.case("on the wire: P1 declares the SYNs that follow, P2 and P3 are of one size, and the last P3 has the port")
def on_the_wire(w):
    access, user = client_of(w)
    recording = Recording(w.client)
    door = user.door()
    with open(f"{w.installation.state}/server/1.key", encoding="ascii") as file:
        exchange = Exchange(bytes.fromhex(file.read()))
    assert exchange.public == access.server.key, "the profile has the public half"
    frames = [frame for _, frame in recording.frames()]
    told = [exchange.tell(frame.payload()) for frame in frames if dynamic.PORT in frame.ports]
    first, *others = told
    assert first[0] == "P1" and {name for name, _ in others} >= {"P2", "P3"}, told
    declared = set(re.findall(r"SYN to port (\d+, sequence number \d+)", "\n".join(first[1])))
    sent = {re.search(r"to port (\d+, sequence number \d+)", tell_segment(frame)[1][0])[1] for frame in frames if frame.is_syn}
    assert len(declared) == 3 and sent == declared, (declared, sent)
    assert f"     address {w.client.ipv4}" in first[1], first
    sizes = {len(frame.payload()) for frame in frames if dynamic.PORT in frame.ports}
    assert sizes == {dynamic.REQUEST_SIZE, dynamic.MESSAGE_SIZE}, sizes
    last = [lines for name, lines in told if name == "P3"][-1]
    assert f"port {door['port']}, " in last[-1] and f"seen {w.client.ipv4}" in last[-1], last
    hidden = [struct.pack("!H", door["port"]), *(struct.pack("!H", int(syn.split(",")[0])) for syn in declared)]
    # By chance two given bytes stand somewhere in some 600 with a probability of 1 %; all four of them do not.
    shown = b"".join(frame.payload() for frame in frames if dynamic.PORT in frame.ports)
    assert not all(port in shown for port in hidden), "the ports can be read by everybody"


@suite.case("the service behind a redirected port sees the user's own address")
def redirected(w):
    service = Service(w, 2500, "0.0.0.0")
    access = access_to(w, f"127.0.0.1:{service.port}")
    door = Client(w, access).door()
    with joined(w.client, w.server.ipv4, door["port"], service) as (near, far, source):
        assert source == w.client.ipv4, source
        say(near, far)


if __name__ == "__main__":
    suite.main()
