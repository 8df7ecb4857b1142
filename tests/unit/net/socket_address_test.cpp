#include "net/socket_address.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netdb.h>
#include <string>

namespace otk {

namespace {

// As the C library reads it.
std::string printed(const SocketAddress& address) {
    char host[NI_MAXHOST];
    char port[NI_MAXSERV];
    if (getnameinfo(address.get(), address.size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return "unreadable";
    return std::string(host) + " " + port;
}

} // namespace

TEST_CASE("socket address: what the system reads is what was meant, and comes back") {
    for (const char* text : {"192.0.2.1", "0.0.0.0", "2001:db8::7", "::1", "::", "fe80::1"}) {
        CAPTURE(text);
        const Address address = *Address::parse(text);
        const SocketAddress made = socket_address(address, 61'234);
        CHECK(printed(made) == std::string(text) + " 61234");
        CHECK(address_of(made.get()) == address);
        CHECK(made.storage.ss_family == socket_family(address));
    }
    const SocketAddress on_link = socket_address(*Address::parse("fe80::1"), 53, 1);
    CHECK(reinterpret_cast<const sockaddr_in6&>(on_link.storage).sin6_scope_id == 1);
}

TEST_CASE("socket address: IPv4 that came to a socket of both families is IPv4; others are no address") {
    sockaddr_in6 mapped{};
    mapped.sin6_family = AF_INET6;
    REQUIRE(inet_pton(AF_INET6, "::ffff:192.0.2.1", &mapped.sin6_addr) == 1);
    CHECK(address_of(reinterpret_cast<const sockaddr*>(&mapped)) == *Address::parse("192.0.2.1"));
    const sockaddr local{.sa_family = AF_UNIX, .sa_data = {}};
    CHECK(address_of(&local).empty());
    CHECK(address_of(nullptr).empty());
}

} // namespace otk
