// P3 from a raw socket: what arrives, where it seems to come from, and that nothing comes in.

#include "knockd/capture/bind.h"
#include "knockd/capture/confine.h"
#include "knockd/capture/replying.h"
#include "net/socket_address.h"
#include "tests/unit/sys/helpers.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <sched.h>
#include <sys/socket.h>

using namespace otk;

namespace {

message::Reply reply(const char* from, const char* to, std::uint16_t to_port) {
    message::Reply made;
    made.from = *Address::parse(from);
    made.to = *Address::parse(to);
    made.from_port = 62201;
    made.to_port = to_port;
    for (std::size_t i = 0; i < made.bytes.size(); ++i)
        made.bytes[i] = static_cast<std::uint8_t>(3 * i + 1);
    return made;
}

message::CaptureSetup dynamic() {
    message::CaptureSetup setup;
    setup.dynamic = true;
    setup.dynamic_port = 62201;
    return setup;
}

// A UDP socket at an address, and its port.
struct Receiver {
    Fd socket;
    std::uint16_t port = 0;

    explicit Receiver(const Address& address) : socket(::socket(socket_family(address), SOCK_DGRAM, 0)) {
        const SocketAddress wanted = socket_address(address, 0);
        require(bind(socket.get(), wanted.get(), wanted.size) == 0);
        SocketAddress bound;
        bound.size = sizeof bound.storage;
        require(getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound.storage), &bound.size) == 0);
        port = port_of(bound);
    }
    static std::uint16_t port_of(const SocketAddress& address) {
        return address.storage.ss_family == AF_INET
                   ? ntohs(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port)
                   : ntohs(reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_port);
    }
    static void require(bool holds) { test::require_in_child(holds, "a socket to receive with"); }

    struct Got {
        std::vector<std::uint8_t> bytes;
        Address from;
        std::uint16_t port = 0;
    };
    // Waits for one; nothing when none can be on its way any more: loopback hands over while it sends.
    std::optional<Got> get() {
        std::array<std::uint8_t, 2048> room{};
        SocketAddress from;
        from.size = sizeof from.storage;
        const ssize_t size = recvfrom(socket.get(), room.data(), room.size(), MSG_DONTWAIT,
                                      reinterpret_cast<sockaddr*>(&from.storage), &from.size);
        if (size < 0) return std::nullopt;
        return Got{{room.begin(), room.begin() + size}, address_of(from.get()), port_of(from)};
    }
};

// In a network of its own with two addresses of each family that are not loopback's.
int in_network(const std::function<void()>& body) {
    return test::status_of([&body] {
        test::require_in_child(unshare(CLONE_NEWNET) == 0, "a network of its own");
        for (const char* command :
             {"ip link set lo up", "ip addr add 192.0.2.1/24 dev lo", "ip addr add 192.0.2.2/24 dev lo",
              "ip addr add 2001:db8::1/64 dev lo", "ip addr add 2001:db8::2/64 dev lo"})
            test::require_in_child(std::system(command) == 0, command); // NOLINT(cert-env33-c): a test
        body();
    });
}

} // namespace

TEST_CASE("the checksum of a datagram is the one that others compute") {
    CHECK(udp_datagram(reply("192.0.2.1", "192.0.2.2", 40000)).size() == 97);
    for (const auto& [from, to] :
         {std::pair{"192.0.2.1", "192.0.2.2"}, std::pair{"2001:db8::1", "2001:db8::2"}}) {
        const message::Reply made = reply(from, to, 40000);
        const auto datagram = udp_datagram(made);
        // A receiver sums everything with the checksum in its place: all ones.
        std::uint32_t sum = 17 + 97;
        const auto add = [&sum](Bytes bytes) {
            for (std::size_t i = 0; i < bytes.size(); ++i)
                sum += i % 2 == 0 ? static_cast<std::uint32_t>(bytes[i]) << 8U : bytes[i];
        };
        add(made.from.bytes());
        add(made.to.bytes());
        add(datagram);
        while (sum > 0xffff)
            sum = (sum & 0xffffU) + (sum >> 16U);
        CHECK(sum == 0xffff);
        CHECK(std::equal(made.bytes.begin(), made.bytes.end(), datagram.begin() + 8, datagram.end()));
    }
}

TEST_CASE("where dynamic mode is off, or a file is read, there is no socket") {
    std::vector<std::string> troubles;
    CHECK_FALSE(Replying(message::CaptureSetup{}, troubles).sends());
    message::CaptureSetup offline = dynamic();
    offline.offline = true;
    CHECK_FALSE(Replying(offline, troubles).sends());
    CHECK(troubles.empty());
}

TEST_CASE("a reply arrives from the address and the port that were asked, which nobody has bound") {
    if (!test::is_root()) return test::say_skipped("replying", "only root has raw sockets");
    const int status = in_network([] {
        std::vector<std::string> troubles;
        Replying replying(dynamic(), troubles);
        test::require_in_child(replying.sends() && troubles.empty(), "raw sockets");
        for (const auto& [from, to] :
             {std::pair{"192.0.2.1", "192.0.2.2"}, std::pair{"2001:db8::1", "2001:db8::2"}}) {
            Receiver client(*Address::parse(to));
            const message::Reply made = reply(from, to, client.port);
            replying.send(made);
            const auto got = client.get();
            test::require_in_child(got.has_value(), "a reply arrives, with a checksum that the kernel takes");
            test::require_in_child(
                std::equal(made.bytes.begin(), made.bytes.end(), got->bytes.begin(), got->bytes.end()),
                "the bytes");
            test::require_in_child(got->from == made.from && got->port == 62201, "the sender");
        }
        test::require_in_child(replying.replied == 2, "both count");
    });
    CHECK(test::succeeded(status));
}

TEST_CASE("nothing is sent to loopback, to itself, from others' addresses, or across families") {
    if (!test::is_root()) return test::say_skipped("replying", "only root has raw sockets");
    const int status = in_network([] {
        std::vector<std::string> troubles;
        Replying replying(dynamic(), troubles);
        Receiver loopback(*Address::parse("127.0.0.1"));
        Receiver own(*Address::parse("192.0.2.1"));
        Receiver client(*Address::parse("192.0.2.2"));
        Receiver client6(*Address::parse("2001:db8::2"));
        replying.send(reply("192.0.2.1", "127.0.0.1", loopback.port));
        replying.send(reply("192.0.2.1", "192.0.2.1", own.port));
        replying.send(reply("192.0.2.1", "192.0.2.2", 0));
        replying.send(reply("2001:db8::1", "192.0.2.2", client.port));
        replying.send(reply("198.51.100.1", "192.0.2.2", client.port)); // the kernel's word
        replying.send(reply("2001:db8:1::1", "2001:db8::2", client6.port));
        for (Receiver* each : {&loopback, &own, &client, &client6})
            test::require_in_child(!each->get(), "nothing arrives");
        test::require_in_child(replying.replied == 0, "nothing counts");
    });
    CHECK(test::succeeded(status));
}

TEST_CASE("in the sandbox a reply leaves, and no other socket may send so") {
    if (!test::is_root()) return test::say_skipped("replying", "only root has raw sockets");
    const auto confined = [](bool replies, bool misuse) {
        return in_network([replies, misuse] {
            std::vector<std::string> troubles;
            Replying replying(dynamic(), troubles);
            Receiver client(*Address::parse("192.0.2.2")); // its descriptor is a low one
            confine_capture({.answers = false, .replies = replies});
            const message::Reply made = reply("192.0.2.1", "192.0.2.2", client.port);
            if (misuse) {
                const SocketAddress to = socket_address(made.to, client.port);
                msghdr header{};
                header.msg_name = const_cast<sockaddr*>(to.get());
                header.msg_namelen = to.size;
                (void)sendmsg(client.socket.get(), &header, 0);
            } else {
                replying.send(made);
                test::require_in_child(client.get().has_value(), "a reply arrives");
            }
        });
    };
    CHECK(test::succeeded(confined(true, false)));
    CHECK(test::killed_by(confined(true, true), SIGSYS));
    CHECK(test::killed_by(confined(false, false), SIGSYS));
}

TEST_CASE("what comes to the host does not get into these sockets") {
    if (!test::is_root()) return test::say_skipped("replying", "only root has raw sockets");
    const int status = in_network([] {
        std::vector<std::string> troubles;
        const Replying replying(dynamic(), troubles);
        Receiver client(*Address::parse("192.0.2.2"));
        const SocketAddress to = socket_address(*Address::parse("192.0.2.1"), 62201);
        const std::array<std::uint8_t, 100> bytes{};
        for (int i = 0; i < 10; ++i)
            (void)sendto(client.socket.get(), bytes.data(), bytes.size(), 0, to.get(), to.size);
        int raw = 0;
        for (int fd = lowest_sending_fd; fd < lowest_sending_fd + 8; ++fd) {
            std::array<std::uint8_t, 1> room{};
            const ssize_t size = recv(fd, room.data(), room.size(), MSG_DONTWAIT);
            if (size < 0 && errno == EBADF) continue;
            ++raw;
            test::require_in_child(size < 0 && errno == EAGAIN, "nothing is queued");
            const int off = 0;
            test::require_in_child(setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &off, sizeof off) != 0,
                                   "the filter is locked");
        }
        test::require_in_child(raw == 2, "one socket for each family");
    });
    CHECK(test::succeeded(status));
}
