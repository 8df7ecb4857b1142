#include "knockd/monitor/door_socket.h"

#include "base/promise.h"
#include "tests/unit/knockd/tcp.h"

#include <doctest/doctest.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace otk {

using test::ip;
using test::Progress;

namespace {

// A listening socket for these, at a port that the kernel chooses.
test::Listening door_for(Family family, const std::vector<Address>& only_for) {
    auto listener = listen_at(0, family, only_for);
    REQUIRE(listener);
    sockaddr_in6 here{}; // the port is at the same place in both families
    socklen_t size = sizeof here;
    REQUIRE(getsockname(listener->get(), reinterpret_cast<sockaddr*>(&here), &size) == 0);
    return {std::move(*listener), ntohs(here.sin6_port)};
}

bool waits_to_be_accepted(const test::Listening& door) {
    const Fd accepted(accept4(door.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
    return static_cast<bool>(accepted);
}

} // namespace

TEST_CASE("ports to try: the wanted one and the next eight, wrapping, each once") {
    const PortRange range{61'000, 65'534};
    CHECK(ports_to_try(61'234, range) ==
          std::vector<std::uint16_t>{61'234, 61'235, 61'236, 61'237, 61'238, 61'239, 61'240, 61'241, 61'242});
    CHECK(ports_to_try(65'533, range) ==
          std::vector<std::uint16_t>{65'533, 65'534, 61'000, 61'001, 61'002, 61'003, 61'004, 61'005, 61'006});
    CHECK(ports_to_try(102, {100, 102}) == std::vector<std::uint16_t>{102, 100, 101});
    CHECK(ports_to_try(7, {7, 7}) == std::vector<std::uint16_t>{7});
    CHECK(ports_to_try(65'535, {1, 65'535}).at(1) == 1);
}

TEST_CASE("ports to try: none outside the range, whoever asks") {
    CHECK_THROWS_AS((void)ports_to_try(22, {61'000, 65'534}), Error);
    CHECK_THROWS_AS((void)ports_to_try(65'535, {61'000, 65'534}), Error);
    CHECK_THROWS_AS((void)ports_to_try(0, {61'000, 65'534}), Error);
}

TEST_CASE("door socket: its user gets in; a stranger gets no answer at all, and uses nothing up") {
    for (const bool tightened_later : {false, true}) {
        CAPTURE(tightened_later);
        const Address user = ip("127.0.0.2");
        const test::Listening door =
            door_for(Family::ipv4, tightened_later ? std::vector<Address>{} : std::vector{user});
        if (tightened_later) let_in_only(door.socket, {user});
        const Fd stranger = test::begin_to_connect(ip("127.0.0.3"), ip("127.0.0.1"), door.port);
        const Fd other = test::begin_to_connect(ip("127.0.0.130"), ip("127.0.0.1"), door.port);
        const Fd friendly = test::connect_from(user, ip("127.0.0.1"), door.port);
        CHECK(test::progress_of(stranger) == Progress::unheard); // neither SYN-ACK nor RST
        CHECK(test::progress_of(other) == Progress::unheard);
        CHECK(waits_to_be_accepted(door));
        CHECK_FALSE(waits_to_be_accepted(door)); // that was the only one
    }
}

TEST_CASE("door socket: IPv6 addresses differ in any of their bits") {
    const Address here = ip("::1");
    test::Listening door = door_for(Family::ipv6, {here});
    const Fd friendly = test::connect_from(here, here, door.port);
    CHECK(waits_to_be_accepted(door));
    // The loopback interface has one address only; so the door is for others, and it is we who are unheard.
    for (const char* other : {"::2", "::1:0:0:1", "0:0:1::1", "8000::1", "::1:0:1"}) {
        CAPTURE(other);
        door = door_for(Family::ipv6, {ip(other)});
        const Fd unheard = test::begin_to_connect(here, here, door.port);
        const test::Listening witness = door_for(Family::ipv6, {ip(other), here});
        const Fd heard = test::connect_from(here, here, witness.port);
        CHECK(test::progress_of(unheard) == Progress::unheard);
        CHECK_FALSE(waits_to_be_accepted(door));
    }
}

TEST_CASE("door socket: one for everybody takes both families, and can be narrowed to some of each") {
    const test::Listening door = door_for(Family::none, {});
    const Fd first = test::connect_from(ip("127.0.0.2"), ip("127.0.0.1"), door.port);
    const Fd second = test::connect_from(ip("::1"), ip("::1"), door.port);
    let_in_only(door.socket, {ip("127.0.0.2"), ip("127.0.0.9"), ip("2001:db8::7"), ip("127.0.0.77")});
    const Fd stranger = test::begin_to_connect(ip("127.0.0.3"), ip("127.0.0.1"), door.port);
    const Fd other_family = test::begin_to_connect(ip("::1"), ip("::1"), door.port);
    const Fd third = test::connect_from(ip("127.0.0.77"), ip("127.0.0.1"), door.port);
    CHECK(test::progress_of(stranger) == Progress::unheard);
    CHECK(test::progress_of(other_family) == Progress::unheard);
    for (int i = 0; i < 3; ++i)
        CHECK(waits_to_be_accepted(door));
    CHECK_FALSE(waits_to_be_accepted(door));
    // What was there before goes on.
    test::send_text(second, "x");
}

TEST_CASE("door socket: the filter cannot be taken off or replaced") {
    const test::Listening door = door_for(Family::ipv4, {ip("127.0.0.2")});
    const int ignored = 0;
    CHECK(setsockopt(door.socket.get(), SOL_SOCKET, SO_DETACH_FILTER, &ignored, sizeof ignored) != 0);
    CHECK(setsockopt(door.socket.get(), SOL_SOCKET, SO_LOCK_FILTER, &ignored, sizeof ignored) != 0);
    CHECK_THROWS_AS(let_in_only(door.socket, {ip("127.0.0.3")}), Error);
}

TEST_CASE("door socket: a port that is taken is told, whoever has it") {
    const test::Listening door = door_for(Family::ipv4, {ip("127.0.0.2")});
    CHECK_FALSE(listen_at(door.port, Family::ipv4, {ip("127.0.0.2")}));
    CHECK_FALSE(listen_at(door.port, Family::none, {}));
    CHECK_FALSE(keep_port(door.port, Family::ipv4));
    CHECK(listen_at(door.port, Family::ipv6, {ip("::1")})); // a port of its own

    const test::Listening of_one_address = test::listen_on(ip("127.0.0.5"));
    CHECK_FALSE(listen_at(of_one_address.port, Family::none, {}));
    CHECK_FALSE(keep_port(of_one_address.port, Family::ipv4));
}

TEST_CASE("door socket: a port that is kept is taken for all others, and closed to those who connect") {
    std::optional<Fd> kept;
    std::uint16_t port = 61'000;
    while (!kept)
        kept = keep_port(++port, Family::ipv4);
    CHECK_FALSE(keep_port(port, Family::ipv4));
    CHECK_FALSE(listen_at(port, Family::ipv4, {ip("127.0.0.2")}));
    CHECK(test::progress_of(test::begin_to_connect(ip("127.0.0.2"), ip("127.0.0.1"), port)) ==
          Progress::refused);
    kept->close();
    CHECK(listen_at(port, Family::ipv4, {ip("127.0.0.2")}));
}

TEST_CASE("door socket: connections of an earlier door do not keep the port") {
    test::Listening door = door_for(Family::ipv4, {ip("127.0.0.2")});
    const Fd user = test::connect_from(ip("127.0.0.2"), ip("127.0.0.1"), door.port);
    const Fd accepted(accept4(door.socket.get(), nullptr, nullptr, SOCK_CLOEXEC));
    REQUIRE(accepted);
    door.socket.close();
    const auto again = listen_at(door.port, Family::ipv4, {ip("127.0.0.2")});
    CHECK(again);
    test::send_text(user, "still there");
    CHECK(test::receive(accepted, 11) == "still there");
}

} // namespace otk
