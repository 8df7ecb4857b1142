#include "knockd/monitor/listening.h"

#include "base/promise.h"
#include "net/socket_address.h"
#include "tests/unit/knockd/tcp.h"

#include <doctest/doctest.h>
#include <unistd.h>

namespace otk {

using test::ip;

namespace {

const Address all4 = ip("0.0.0.0");
const Address all6 = ip("::");
const Address user4 = ip("203.0.113.7");
const Address user6 = ip("2001:db8::7");
const Address here4 = ip("127.0.0.1");

TcpListener listener(const Address& address, bool both_families = false, std::uint32_t owner = 0) {
    return {address, both_families, owner};
}

// What the kernel says of a socket that listens there, with IPV6_V6ONLY or without.
std::vector<TcpListener> seen(const Address& address, bool only_ipv6) {
    const bool ipv6 = address.family() == Family::ipv6;
    const Fd made(socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int value = only_ipv6 ? 1 : 0;
    if (ipv6) REQUIRE(setsockopt(made.get(), IPPROTO_IPV6, IPV6_V6ONLY, &value, sizeof value) == 0);
    const SocketAddress here = socket_address(address, 0);
    REQUIRE(bind(made.get(), here.get(), here.size) == 0);
    REQUIRE(listen(made.get(), 1) == 0);
    sockaddr_in6 bound{};
    socklen_t size = sizeof bound;
    REQUIRE(getsockname(made.get(), reinterpret_cast<sockaddr*>(&bound), &size) == 0);
    return listeners_at(ntohs(bound.sin6_port));
}

} // namespace

TEST_CASE("listening: what the kernel says of a listening socket") {
    const std::uint32_t us = getuid();
    CHECK(seen(all4, false) == std::vector{listener(all4, false, us)});
    CHECK(seen(here4, false) == std::vector{listener(here4, false, us)});
    CHECK(seen(all6, false) == std::vector{listener(all6, true, us)});
    CHECK(seen(all6, true) == std::vector{listener(all6, false, us)});
    CHECK(seen(ip("::1"), false) == std::vector{listener(ip("::1"), false, us)});
}

TEST_CASE("listening: only those that listen, and only at that port") {
    const test::Listening one = test::listen_on(here4);
    const Fd connected = test::connect_from(here4, here4, one.port);
    const Fd accepted = test::accept_one(one);
    CHECK(listeners_at(one.port).size() == 1);
    const std::uint16_t port = one.port;
    const_cast<Fd&>(one.socket).close();
    CHECK(listeners_at(port).empty());
}

TEST_CASE("listening: redirected is what meets the same service") {
    CHECK(same_service({listener(all4)}, here4, user4));
    CHECK(same_service({listener(all6, true)}, here4, user4)); // one for both
    CHECK(same_service({listener(all6, true)}, here4, user6));
    CHECK(same_service({listener(all4), listener(all6)}, here4, user6));
    CHECK(same_service({listener(all6)}, ip("::1"), user6));
}

TEST_CASE(
    "listening: nothing is redirected to a service that only loopback should reach, or that is another") {
    CHECK_FALSE(same_service({}, here4, user4));
    CHECK_FALSE(same_service({listener(here4)}, here4, user4));
    CHECK_FALSE(same_service({listener(here4), listener(all4)}, here4, user4)); // the nearer one is meant
    CHECK_FALSE(same_service({listener(all6)}, here4, user4));                  // IPv6 only
    CHECK_FALSE(same_service({listener(all4)}, here4, user6));
    CHECK_FALSE(same_service({listener(all6)}, here4, user6));
    CHECK_FALSE(same_service({listener(all4, false, 0), listener(all6, false, 1000)}, here4, user6));
    CHECK(same_service({listener(ip("192.0.2.1")), listener(all4)}, here4, user4)); // another address
}

TEST_CASE("listening: addresses of this host") {
    CHECK(of_this_host(here4));
    CHECK(of_this_host(ip("127.9.9.9")));
    CHECK(of_this_host(ip("::1")));
    CHECK_FALSE(of_this_host(ip("203.0.113.7")));
    CHECK_FALSE(of_this_host(ip("2001:db8::7")));
}

} // namespace otk
