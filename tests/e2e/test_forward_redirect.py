#!/usr/bin/python3
"""Forwarding doors to a port of the server itself: by redirection where the service listens on every address, so that it
sees the user's own address; by a relay everywhere else (DESIGN 9)."""

from otk_e2e import guard, tap, wait
from otk_e2e.doors import close
from otk_e2e.forward import Service, answer_to_syn, families, joined, knock, port_of, relays, say, tcp_socket

suite = tap.Suite(guard.make_world)  # the guard is not armed before the last case
LOOPBACK = {4: "127.0.0.1", 6: "[::1]"}
EVERYWHERE = {4: "0.0.0.0", 6: "::"}


def access_to(w, target, hold="1h"):
    return w.access("--forward", target, "--hold", hold)


@families(suite, "a service on every address sees the user's address; no relay runs; strangers find a closed port")
def redirected(w, family):
    service = Service(w, 2400 + family, EVERYWHERE[family])
    access, stranger = access_to(w, f"{LOOPBACK[family]}:{service.port}"), w.network.host("other")
    address = w.server.address(family)
    port = knock(w, access, family)
    assert port == port_of(access.chain.current), port
    assert answer_to_syn(stranger, address, port) == "reset", "it does not look like the port it was before"
    with joined(w.client, address, port, service) as (near, far, source):
        assert source == w.client.address(family), source
        assert not relays(w)
        with joined(w.client, address, port, service) as (second, its_far, _):
            say(second, its_far)
        close(w, access)
        assert answer_to_syn(w.client, address, port) == "reset"
        say(near, far)


@families(suite, "a service that only loopback reaches gets a relay, and sees loopback")
def not_redirected(w, family):
    service = Service(w, 2410 + family, LOOPBACK[family].strip("[]"))
    access = access_to(w, service.endpoint)
    port = knock(w, access, family)
    with joined(w.client, w.server.address(family), port, service) as (near, far, source):
        assert source == service.address, source
        say(near, far)
    close(w, access)


@suite.case("a service on every address of IPv6 alone is no service for IPv4; one for both is")
def two_families(w):
    only = Service(w, 2420, "::", only_ipv6=True)
    access = access_to(w, f"127.0.0.1:{only.port}")
    knock(w, access)
    assert relays(w), "a redirection would lead where nobody listens"
    close(w, access)
    wait.until(lambda: not relays(w), "the relay ends")
    both = Service(w, 2421, "::", only_ipv6=False)
    access = access_to(w, f"127.0.0.1:{both.port}")
    port = knock(w, access)
    with joined(w.client, w.server.ipv4, port, both) as (near, far, source):
        assert source == w.client.ipv4 and not relays(w), source
        say(near, far)
    close(w, access)


@suite.case("a target on another host gets a relay")
def elsewhere(w):
    other = w.network.host("other")
    access = access_to(w, f"{other.ipv4}:2430")
    with tcp_socket(other, other.ipv4) as listener:
        listener.bind((other.ipv4, 2430))
        listener.listen()
        port = knock(w, access)
        with tcp_socket(w.client, w.server.ipv4) as near:
            near.connect((w.server.ipv4, port))
            far, peer = listener.accept()
            with far:
                assert peer[0] == w.server.ipv4, peer
                say(near, far)
    close(w, access)


@suite.case("the door ends with its hold, also when knockd is dead by then; connections live on")
def hold_ends(w):
    service = Service(w, 2440, "0.0.0.0")
    access = access_to(w, f"127.0.0.1:{service.port}", hold="3s")
    port = knock(w, access)
    with joined(w.client, w.server.ipv4, port, service) as (near, far, _):
        w.daemon.kill()
        wait.until(lambda: service.drop_waiting() or answer_to_syn(w.client, w.server.ipv4, port) == "reset",
                   "the kernel closes the door")
        say(near, far)
        w.daemon.start()
    wait.until(lambda: access.rows("closed"), "the ledger has its end")
    assert answer_to_syn(w.client, w.server.ipv4, port) == "reset"


@suite.case("after a restart the door is at the same port")
def restart(w):
    service = Service(w, 2450, "0.0.0.0")
    access = access_to(w, f"127.0.0.1:{service.port}")
    port = knock(w, access)
    for restart_it in (w.daemon.restart, lambda: (w.daemon.kill(), w.daemon.start())):
        restart_it()
        wait.until(lambda: knock_works(w, port, service), "the door is open again")
    close(w, access)
    assert answer_to_syn(w.client, w.server.ipv4, port) == "reset"


@suite.case("the guard shuts the service's own port and lets in who comes through the door, redirected or by a relay")
def guarded(w):
    service, inner = Service(w, 2460, "0.0.0.0"), Service(w, 2461, "127.0.0.1")
    for port in (2460, 2461):
        w.access("--open", f"{port}/tcp", "--hold", "1h")
    accesses = [access_to(w, f"127.0.0.1:{port}") for port in (2460, 2461)]
    w.arm()
    assert answer_to_syn(w.client, w.server.ipv4, 2460) == "nothing"
    for access, behind in zip(accesses, (service, inner)):
        port = knock(w, access)
        with joined(w.client, w.server.ipv4, port, behind) as (near, far, _):
            say(near, far)
            assert answer_to_syn(w.client, w.server.ipv4, behind.port) == "nothing"
            say(near, far)
        close(w, access)
    w.guard("off")


def knock_works(w, port, service):
    if answer_to_syn(w.client, w.server.ipv4, port) != "SYN-ACK":
        return False
    service.drop_waiting()
    with joined(w.client, w.server.ipv4, port, service) as (near, far, source):
        say(near, far)
        return source == w.client.ipv4


if __name__ == "__main__":
    suite.main()
