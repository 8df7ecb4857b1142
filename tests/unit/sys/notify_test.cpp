#include "sys/notify.h"

#include "base/promise.h"
#include "helpers.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace otk {

namespace {

// A service manager's end; `name` as in sockaddr_un, so that a leading zero means the abstract namespace.
Fd listen_on(std::string_view name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(name.size() <= sizeof address.sun_path);
    std::copy(name.begin(), name.end(), address.sun_path);
    Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    REQUIRE(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0);
    return fd;
}

std::string received(const Fd& fd) {
    std::array<char, 100> text{};
    const ssize_t size = ::recv(fd.get(), text.data(), text.size(), 0);
    return size < 0 ? "nothing" : std::string(text.data(), static_cast<std::size_t>(size));
}

} // namespace

TEST_CASE("notify: one datagram to the socket that the environment names") {
    const test::TemporaryDirectory directory;
    const std::string path = (directory.path() / "notify").string();
    const Fd manager = listen_on(path);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    notify_service_manager("READY=1");
    CHECK(received(manager) == "READY=1");
    CHECK(received(manager) == "nothing");

    const std::string name = "otk-test-" + std::to_string(::getpid());
    const Fd abstract = listen_on(std::string(1, '\0') + name);
    ::setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
    notify_service_manager("STOPPING=1");
    CHECK(received(abstract) == "STOPPING=1");
    CHECK(received(manager) == "nothing");
    ::unsetenv("NOTIFY_SOCKET");
}

TEST_CASE("notify: without a socket, or with one that is not there, nothing happens") {
    const test::TemporaryDirectory directory;
    ::unsetenv("NOTIFY_SOCKET");
    notify_service_manager("READY=1");
    const std::string too_long = "/" + std::string(sizeof(sockaddr_un::sun_path), 'x');
    for (const std::string& name : {std::string("relative"), std::string(""), std::string("@"), too_long,
                                    (directory.path() / "none").string()}) {
        CAPTURE(name);
        ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
        CHECK_NOTHROW(notify_service_manager("READY=1"));
    }
    ::unsetenv("NOTIFY_SOCKET");
}

TEST_CASE("notify: the watchdog's period is what the environment says to this process") {
    const auto said = [](const char* period, const std::string& pid) {
        period != nullptr ? ::setenv("WATCHDOG_USEC", period, 1) : ::unsetenv("WATCHDOG_USEC");
        pid.empty() ? ::unsetenv("WATCHDOG_PID") : ::setenv("WATCHDOG_PID", pid.c_str(), 1);
        return watchdog_period();
    };
    const std::string us = std::to_string(::getpid());
    using std::chrono::microseconds;
    CHECK(said("30000000", us) == microseconds{30'000'000});
    CHECK(said("1", "") == microseconds{1});
    CHECK_FALSE(said(nullptr, us));
    CHECK_FALSE(said("30000000", "1"));
    for (const char* nonsense : {"", "0", "-1", "30s", " 30", "99999999999999999999"}) {
        CAPTURE(nonsense);
        CHECK_FALSE(said(nonsense, us));
    }
    CHECK_FALSE(said("30000000", "x"));
    ::unsetenv("WATCHDOG_USEC");
    ::unsetenv("WATCHDOG_PID");
}

} // namespace otk
