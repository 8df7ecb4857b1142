#include "sys/event_loop.h"

#include "base/promise.h"
#include "helpers.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace otk {

using namespace std::chrono_literals;

namespace {

void put(const Fd& fd, std::string_view text) {
    REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

char get(const Fd& fd) {
    char c = 0;
    return ::read(fd.get(), &c, 1) == 1 ? c : '\0';
}

} // namespace

TEST_CASE("event loop: calls back for what is readable until it was read, and for the end") {
    EventLoop loop;
    auto pipe = test::make_pipe();
    std::string seen;
    loop.on_readable(pipe.read.get(), [&] {
        const char c = get(pipe.read);
        seen += c == '\0' ? '.' : c;
        if (c == '\0') loop.stop();
    });
    put(pipe.write, "abc");
    pipe.write.close();
    loop.run();
    CHECK(seen == "abc.");
}

TEST_CASE("event loop: what follows each callback is done before the first and after the last one, too") {
    EventLoop loop;
    std::string order;
    loop.after_each([&] { order += '|'; });
    const auto first = loop.after(std::chrono::milliseconds{1}, [&] { order += '1'; });
    std::unique_ptr<EventLoop::Timer> second;
    const auto starts_second = loop.after(std::chrono::milliseconds{2}, [&] {
        order += '2';
        second = loop.after(std::chrono::milliseconds{1}, [&] {
            order += '3';
            loop.stop();
        });
    });
    loop.run();
    CHECK((order == "|1|2|3|" || order == "|2|1|3|"));
}

TEST_CASE("event loop: a descriptor may have both directions, and loses them one by one") {
    EventLoop loop;
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const Fd ours(ends[0]);
    const Fd theirs(ends[1]);
    std::string seen;
    loop.on_writable(ours.get(), [&] {
        seen += 'w';
        loop.no_longer_writable(ours.get());
        put(theirs, "x");
    });
    loop.on_readable(ours.get(), [&] {
        seen += get(ours);
        loop.remove(ours.get());
        loop.stop();
    });
    loop.run();
    CHECK(seen == "wx");
    loop.remove(ours.get()); // again: nothing happens
    loop.no_longer_writable(ours.get());
}

TEST_CASE("event loop: one that only writes learns that the other end is gone") {
    EventLoop loop;
    auto pipe = test::make_pipe();
    REQUIRE(fcntl(pipe.write.get(), F_SETFL, O_NONBLOCK) == 0);
    while (::write(pipe.write.get(), "x", 1) == 1) { // full, so that it is not simply writable
    }
    pipe.read.close();
    bool told = false;
    loop.on_writable(pipe.write.get(), [&] {
        told = true;
        loop.stop();
    });
    loop.run();
    CHECK(told);
}

TEST_CASE("event loop: callbacks may remove themselves, replace themselves and remove each other") {
    EventLoop loop;
    auto first = test::make_pipe();
    auto second = test::make_pipe();
    put(first.write, "1");
    put(second.write, "2");
    int calls = 0;
    const auto only_one = [&] {
        ++calls; // both are readable at once; whoever comes first closes the other, whose event must not come
        loop.remove(first.read.get());
        loop.remove(second.read.get());
        first.read.close();
        second.read.close();
    };
    loop.on_readable(first.read.get(), only_one);
    loop.on_readable(second.read.get(), only_one);
    const auto end = loop.after(1ms, [&] { loop.stop(); });
    loop.run();
    CHECK(calls == 1);

    auto third = test::make_pipe();
    put(third.write, "3");
    const std::string marker(100, 'm'); // on the heap of the callback, so that a freed one would show
    std::string seen;
    loop.on_readable(third.read.get(), [&, marker] {
        loop.on_readable(third.read.get(), [&] {
            seen += "second";
            loop.stop();
        });
        seen += marker;
    });
    loop.run();
    CHECK(seen == marker + "second");
}

TEST_CASE("event loop: timers fire once or again and again, are dropped with their handle, and may drop "
          "themselves") {
    EventLoop loop;
    int once = 0;
    int dropped = 0;
    int repeated = 0;
    const auto single = loop.after(0ns, [&] { ++once; });
    const auto overdue = loop.after(-5s, [&] { ++once; });
    auto never = loop.after(1ms, [&] { ++dropped; });
    never.reset();
    std::unique_ptr<EventLoop::Timer> ticking;
    ticking = loop.every(1ms, [&] {
        if (++repeated < 3) return;
        ticking.reset();
        loop.stop();
    });
    loop.run();
    CHECK(once == 2);
    CHECK(dropped == 0);
    CHECK(repeated == 3);
}

TEST_CASE("event loop: signals arrive as calls, not as interruptions") {
    // In a child, because on_signals changes the mask of the whole process.
    const int status = test::status_of([] {
        EventLoop loop;
        std::vector<int> seen;
        loop.on_signals({SIGUSR1, SIGTERM}, [&](int number) {
            seen.push_back(number);
            if (seen.size() == 2) loop.stop();
        });
        (void)::raise(SIGUSR1);
        (void)::raise(SIGTERM); // would end the process if it were not blocked
        loop.run();
        test::require_in_child(seen == std::vector{SIGUSR1, SIGTERM},
                               "both signals in order of their number");
    });
    CHECK(test::succeeded(status));
}

TEST_CASE("event loop: a descriptor that cannot be watched is an error that names it") {
    EventLoop loop;
    CHECK_THROWS_WITH_AS(loop.on_readable(12345, [] {}), doctest::Contains("12345"), Error);
    loop.remove(12345); // nothing of the failed call is left behind
}

} // namespace otk
