// The program knockd-forward itself, in its sandbox, between a user and a target on the loopback interface.
#include "knockd/forward_messages.h"
#include "net/socket_address.h"
#include "sys/channel.h"
#include "sys/spawn.h"
#include "tests/unit/knockd/tcp.h"
#include "tests/unit/sys/helpers.h"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>

namespace otk {

namespace {

using test::ip;

const Address user4 = ip("127.0.0.2");
const Address stranger4 = ip("127.0.0.3");
const Address target4 = ip("127.0.0.4");
constexpr std::chrono::milliseconds long_enough = std::chrono::hours{1};

// A relay whose door is for user4, and its target.
class Relayed {
  public:
    explicit Relayed(const Address& user = user4, std::chrono::milliseconds left = long_enough,
                     const Address& target_address = target4) :
        user_(user),
        target(test::listen_on(target_address)), door_(test::listen_on(user)) {
        message::ForwardSetup setup;
        setup.left_ms = left.count();
        setup.target = {target_address, target.port};
        setup.allowed[setup.allowed_count++] = user;
        start(setup);
    }
    ~Relayed() {
        channel.reset();
        if (pid > 0) {
            (void)::kill(pid, SIGKILL);
            (void)test::wait_for(pid);
        }
    }

    [[nodiscard]] Fd connect(const Address& source) const {
        return test::connect_from(source, door_address(), door_port());
    }
    [[nodiscard]] Fd connect() const { return connect(user_); }
    [[nodiscard]] Address door_address() const { return user_; } // the door listens there
    [[nodiscard]] std::uint16_t door_port() const { return door_.port; }

    template <typename Message>
    [[nodiscard]] Message hear() {
        Message message;
        const auto received = channel->receive({reinterpret_cast<std::uint8_t*>(&message), sizeof message});
        REQUIRE(received.what == Channel::Received::What::message);
        REQUIRE(received.size == sizeof message);
        REQUIRE(message.kind == Message{}.kind);
        return message;
    }
    // Waits for its end.
    [[nodiscard]] int status() { return test::wait_for(std::exchange(pid, -1)); }
    // The door is closed for good when this returns: nobody holds its socket any more.
    void wait_until_closed() const {
        for (;;) {
            // Before that it is let in by the kernel and reset by the relay.
            const Fd attempt = test::begin_to_connect(stranger4, door_address(), door_port());
            if (test::progress_of(attempt) == test::Progress::refused) return;
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
        }
    }

  private:
    void start(const message::ForwardSetup& setup) {
        const char* folder = std::getenv("OTK_LIBEXEC");
        REQUIRE_MESSAGE(folder != nullptr, "OTK_LIBEXEC says where knockd-forward is");
        const int flags = fcntl(door_.socket.get(), F_GETFL);
        REQUIRE(fcntl(door_.socket.get(), F_SETFL, flags | O_NONBLOCK) == 0);
        auto [ours, theirs] = Channel::make_pair();
        pid = spawn_helper(std::filesystem::path(folder) / "knockd-forward", {},
                           {theirs.fd(), door_.socket.get()});
        door_.socket.close();
        channel = std::make_unique<Channel>(std::move(ours));
        REQUIRE(channel->send_struct(setup) == Channel::Sent::done);
    }

    Address user_;

  public:
    test::Listening target;
    std::unique_ptr<Channel> channel;
    pid_t pid = -1;

  private:
    test::Listening door_;
};

struct Joined {
    Fd user;
    Fd target;
};

Joined join(const Relayed& relayed) {
    Fd user = relayed.connect();
    return {std::move(user), test::accept_one(relayed.target)};
}

// Both directions at once; how many bytes came right on each side.
std::pair<std::size_t, std::size_t> both_ways(const Joined& joined, std::uint64_t seed, std::size_t size) {
    std::size_t at_target = 0;
    std::size_t at_user = 0;
    std::vector<std::thread> threads;
    threads.emplace_back([&] { test::send_pattern(joined.user, seed, size); });
    threads.emplace_back([&] { test::send_pattern(joined.target, seed + 1, size); });
    threads.emplace_back([&] { at_target = test::receive_pattern(joined.target, seed); });
    at_user = test::receive_pattern(joined.user, seed + 1);
    for (std::thread& thread : threads)
        thread.join();
    return {at_target, at_user};
}

} // namespace

TEST_CASE("forward: nothing is lost, both ways at once, to the last byte") {
    constexpr std::size_t size = 48 * 1024 * 1024 + 12'345;
    for (const auto& pair : {std::pair{user4, target4}, {ip("::1"), ip("::1")}, {user4, ip("::1")}}) {
        const Address& user = pair.first;
        const Address& target = pair.second;
        CAPTURE(user.text());
        CAPTURE(target.text());
        Relayed relayed(user, long_enough, target);
        const Joined joined = join(relayed);
        CHECK(both_ways(joined, 20261121, size) == std::pair{size, size});
    }
}

TEST_CASE("forward: several connections at once do not mix") {
    constexpr std::size_t size = 3 * 1024 * 1024 + 1;
    Relayed relayed;
    std::vector<Joined> all;
    for (int i = 0; i < 6; ++i)
        all.push_back(join(relayed));
    std::vector<std::thread> threads;
    std::vector<std::pair<std::size_t, std::size_t>> came(all.size());
    for (std::size_t i = 0; i < all.size(); ++i) {
        threads.emplace_back([&, i] { came[i] = both_ways(all[i], 1000 * (i + 1), size); });
    }
    for (std::thread& thread : threads)
        thread.join();
    for (const auto& each : came)
        CHECK(each == std::pair{size, size});
}

TEST_CASE("forward: a side that has said all still hears the other, in both directions") {
    Relayed relayed;
    const Joined first = join(relayed);
    test::send_text(first.user, "question");
    test::end_of_sending(first.user);
    CHECK(test::receive_all(first.target) == "question"); // to the FIN
    test::send_text(first.target, "a long answer");
    test::end_of_sending(first.target);
    CHECK(test::receive_all(first.user) == "a long answer");

    const Joined second = join(relayed);
    test::send_text(second.target, "greeting");
    test::end_of_sending(second.target);
    CHECK(test::receive_all(second.user) == "greeting");
    test::send_text(second.user, "still talking");
    CHECK(test::receive(second.target, 13) == "still talking");
    test::end_of_sending(second.user);
    CHECK(test::receive_all(second.target).empty());
}

TEST_CASE("forward: a reset is passed on as a reset, and what was said before it too") {
    Relayed relayed;
    Joined first = join(relayed);
    test::send_text(first.user, "x");
    CHECK(test::receive(first.target, 1) == "x");
    test::reset(std::move(first.user));
    CHECK(test::was_reset(first.target));

    Joined second = join(relayed);
    test::reset(std::move(second.target));
    CHECK(test::was_reset(second.user));

    // One that comes so soon that the relay learns of the connection and of its end at once; some of them do.
    for (int i = 0; i < 50; ++i) {
        Joined hasty = join(relayed);
        test::send_text(hasty.target, "go away");
        test::reset(std::move(hasty.target));
        CHECK(test::was_reset(hasty.user));
    }

    // Also after the other side has said all. There is no reading it then: whoever writes learns it.
    Joined third = join(relayed);
    test::end_of_sending(third.target);
    CHECK(test::receive_all(third.user).empty());
    test::reset(std::move(third.target));
    pollfd failing{.fd = third.user.get(), .events = 0, .revents = 0};
    CHECK(poll(&failing, 1, 60'000) == 1);
    CHECK((failing.revents & POLLERR) != 0);
}

TEST_CASE("forward: a target that refuses is a reset for the user, and the door stays") {
    Relayed relayed;
    const std::uint16_t port = relayed.target.port;
    relayed.target.socket.close();
    const Fd unlucky = relayed.connect();
    CHECK(test::was_reset(unlucky));
    // It is there again, at the same port.
    Fd socket_again(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    (void)setsockopt(socket_again.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const SocketAddress here = socket_address(target4, port);
    REQUIRE(bind(socket_again.get(), here.get(), here.size) == 0);
    REQUIRE(listen(socket_again.get(), 1) == 0);
    relayed.target.socket = std::move(socket_again);
    const Joined joined = join(relayed);
    test::send_text(joined.user, "hello");
    CHECK(test::receive(joined.target, 5) == "hello");
}

TEST_CASE("forward: who gets in though the door is for another is reset and told") {
    Relayed relayed(ip("127.0.0.1"));
    // Here the kernel lets everybody in: it is the race that a filter leaves. Loopback is no address that a
    // door could be for, so it is not told; the monitor would take that for a broken contract.
    const Fd refused = relayed.connect(stranger4);
    CHECK(test::was_reset(refused));
    const Joined joined = join(relayed);
    test::send_text(joined.user, "hello");
    CHECK(test::receive(joined.target, 5) == "hello");
}

TEST_CASE("forward: the door closes when its time is over; connections live on, and then it ends") {
    Relayed relayed(user4, std::chrono::milliseconds{500});
    Joined joined = join(relayed);
    relayed.wait_until_closed();
    CHECK(::waitpid(relayed.pid, nullptr, WNOHANG) == 0);
    CHECK(both_ways(joined, 7, 100'000) == std::pair<std::size_t, std::size_t>{100'000, 100'000});
    CHECK(test::succeeded(relayed.status()));
}

TEST_CASE("forward: the door can be prolonged") {
    Relayed relayed(user4, std::chrono::milliseconds{500});
    const Joined witness = join(relayed); // the relay has its set-up and reads on
    REQUIRE(relayed.channel->send_struct(message::ForwardProlong{.left_ms = long_enough.count()}) ==
            Channel::Sent::done);
    // Longer than its first time.
    std::this_thread::sleep_for(std::chrono::milliseconds{1'000});
    const Joined joined = join(relayed);
    test::send_text(joined.user, "hello");
    CHECK(test::receive(joined.target, 5) == "hello");
}

TEST_CASE("forward: when the monitor hangs up the door closes; connections live on, and then it ends") {
    Relayed relayed;
    Joined joined = join(relayed);
    relayed.channel.reset();
    relayed.wait_until_closed();
    test::send_text(joined.user, "still here");
    CHECK(test::receive(joined.target, 10) == "still here");
    CHECK(::waitpid(relayed.pid, nullptr, WNOHANG) == 0);
    joined.user.close();
    joined.target.close();
    CHECK(test::succeeded(relayed.status()));
}

TEST_CASE("forward: who connected before the door closed is let in, also when the relay had no time for it") {
    Relayed relayed;
    REQUIRE(::kill(relayed.pid, SIGSTOP) == 0);
    std::vector<Fd> early; // the kernel has done their handshakes; more than are taken up in one go
    for (int i = 0; i < 50; ++i)
        early.push_back(relayed.connect());
    relayed.channel.reset();
    REQUIRE(::kill(relayed.pid, SIGCONT) == 0);
    for (const Fd& user : early) {
        const Fd target = test::accept_one(relayed.target);
        test::end_of_sending(target);
        CHECK(test::receive_all(user).empty()); // its FIN, and no reset
    }
}

TEST_CASE("forward: more connections than it may have wait, and none is lost") {
    // 32 descriptors for itself, 6 for each connection: two connections at once.
    const rlimit narrow{.rlim_cur = 45, .rlim_max = 45};
    rlimit wide{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &wide) == 0);
    const int status = test::status_of([&] {
        REQUIRE(setrlimit(RLIMIT_NOFILE, &narrow) == 0);
        Relayed relayed;
        Joined first = join(relayed);
        const Joined second = join(relayed);
        const Fd third = relayed.connect(); // shaken hands with by the kernel
        test::send_text(third, "patience");
        test::send_text(second.user, "x");
        test::require_in_child(test::receive(second.target, 1) == "x", "the second goes on");
        pollfd arriving{.fd = relayed.target.socket.get(), .events = POLLIN, .revents = 0};
        test::require_in_child(poll(&arriving, 1, 0) == 0, "the third is not passed on");
        first.user.close();
        first.target.close();
        const Fd third_target = test::accept_one(relayed.target);
        test::require_in_child(test::receive(third_target, 8) == "patience", "the third is passed on");
    });
    CHECK(test::succeeded(status));
}

} // namespace otk
