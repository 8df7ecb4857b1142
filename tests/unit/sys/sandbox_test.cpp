#include "sys/sandbox.h"

#include "helpers.h"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <functional>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace otk {

namespace {

// What becomes of a process that enters a sandbox with these rules and then does that. It may always write to
// standard error, to say what went wrong.
int in_sandbox(const std::function<void(Sandbox&)>& rules, const std::function<void()>& then) {
    return test::status_of([&] {
        Sandbox sandbox;
        sandbox.allow(calls_of_every_program()).allow_on("write", STDERR_FILENO);
        rules(sandbox);
        sandbox.enter();
        then();
    });
}

void no_more(Sandbox&) {}

} // namespace

TEST_CASE("sandbox: what every program needs works, all else kills") {
    CHECK(test::succeeded(in_sandbox(no_more, [] {
        const std::string memory(1'000'000, 'x'); // enough for mmap
        test::require_in_child(memory.size() == 1'000'000, "memory");
        timespec now{};
        test::require_in_child(clock_gettime(CLOCK_REALTIME, &now) == 0, "clock");
    })));
    const auto killed = [](const std::function<void()>& act) {
        return test::killed_by(in_sandbox(no_more, act), SIGSYS);
    };
    CHECK(killed([] { (void)::socket(AF_INET, SOCK_DGRAM, 0); }));
    CHECK(killed([] { (void)::open("/etc/passwd", O_RDONLY); }));
    CHECK(killed([] { (void)!::write(STDOUT_FILENO, "", 0); }));
    CHECK(killed([] { (void)::execl("/bin/true", "true", nullptr); }));
    CHECK(killed([] { (void)::fork(); }));
    CHECK(killed([] { (void)::kill(::getppid(), 0); }));
    CHECK(killed([] { (void)::syscall(SYS_io_uring_setup, 1, nullptr); }));
}

TEST_CASE("sandbox: an abort still looks like one") {
    CHECK(test::killed_by(in_sandbox(no_more, [] { std::abort(); }), SIGABRT));
    // The signal may go to nobody else.
    const auto parent = ::getpid();
    CHECK(test::killed_by(in_sandbox(no_more, [parent] { (void)::syscall(SYS_tgkill, parent, parent, 0); }),
                          SIGSYS));
}

TEST_CASE("sandbox: memory is for data, never for code") {
    const auto map = [](int protection) {
        return ::mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    };
    CHECK(test::succeeded(
        in_sandbox(no_more, [&] { test::require_in_child(map(PROT_READ) != MAP_FAILED, "map"); })));
    CHECK(test::killed_by(in_sandbox(no_more, [&] { (void)map(PROT_READ | PROT_EXEC); }), SIGSYS));
    CHECK(test::killed_by(in_sandbox(no_more,
                                     [&] {
                                         void* page = map(PROT_READ | PROT_WRITE);
                                         (void)::mprotect(page, 4096, PROT_READ | PROT_EXEC);
                                     }),
                          SIGSYS));
}

TEST_CASE("sandbox: allow_on and allow_request look at all 64 bits of the argument") {
    const auto duplicate_5 = [](Sandbox& sandbox) { sandbox.allow_on("dup", 5).allow_on("dup", 8); };
    const auto dup_of = [&](std::uint64_t fd) {
        return in_sandbox(duplicate_5, [fd] { (void)::syscall(SYS_dup, fd); });
    };
    CHECK(test::succeeded(dup_of(5)));
    CHECK(test::succeeded(dup_of(8)));
    CHECK(test::killed_by(dup_of(4), SIGSYS));
    CHECK(test::killed_by(dup_of(6), SIGSYS));
    CHECK(test::killed_by(dup_of((std::uint64_t{1} << 32) | 5), SIGSYS));

    const auto get_flags = [](Sandbox& sandbox) { sandbox.allow_request("fcntl", F_GETFL); };
    const auto fcntl_of = [&](std::uint64_t command) {
        return in_sandbox(get_flags, [command] { (void)::syscall(SYS_fcntl, 2, command, 0); });
    };
    CHECK(test::succeeded(fcntl_of(F_GETFL)));
    CHECK(test::killed_by(fcntl_of(F_SETFL), SIGSYS));
    CHECK(test::killed_by(fcntl_of((std::uint64_t{1} << 32) | F_GETFL), SIGSYS));
}

TEST_CASE("sandbox: a socket option is allowed by its level and its name together") {
    const auto two_options = [](Sandbox& sandbox) {
        sandbox.allow_option("setsockopt", SOL_SOCKET, SO_KEEPALIVE);
        sandbox.allow_option("setsockopt", IPPROTO_TCP, TCP_NODELAY);
    };
    const auto set = [&](std::uint64_t level, std::uint64_t name) {
        return in_sandbox(two_options, [level, name] {
            const int on = 1;
            (void)::syscall(SYS_setsockopt, 0, level, name, &on, sizeof on);
        });
    };
    CHECK(test::succeeded(set(SOL_SOCKET, SO_KEEPALIVE)));
    CHECK(test::succeeded(set(IPPROTO_TCP, TCP_NODELAY)));
    CHECK(test::killed_by(set(SOL_SOCKET, SO_DETACH_FILTER), SIGSYS));
    CHECK(test::killed_by(set(SOL_SOCKET, TCP_NODELAY), SIGSYS));
    CHECK(test::killed_by(set(IPPROTO_TCP, SO_KEEPALIVE), SIGSYS));
    CHECK(test::killed_by(set(SOL_SOCKET, (std::uint64_t{1} << 32) | SO_KEEPALIVE), SIGSYS));
}

TEST_CASE("sandbox: allow_from lets through exactly what is not below") {
    for (const std::uint64_t lowest : {1U, 3U, 4U, 6U, 7U, 64U, 1000U}) {
        CAPTURE(lowest);
        const auto rules = [lowest](Sandbox& sandbox) { sandbox.allow_from("dup", lowest); };
        const auto dup_of = [&](std::uint64_t fd) {
            return in_sandbox(rules, [fd] { (void)::syscall(SYS_dup, fd); });
        };
        for (const std::uint64_t allowed :
             {lowest, lowest + 1, 2 * lowest, 2 * lowest + 1, std::uint64_t{0x7FFFFFFF}}) {
            CAPTURE(allowed);
            CHECK(test::succeeded(dup_of(allowed)));
        }
        // With the upper half set, the kernel reads the lower one, which is below.
        const std::uint64_t upper = std::uint64_t{1} << 32;
        for (const std::uint64_t refused :
             {std::uint64_t{0}, lowest - 1, upper, upper | (lowest - 1), ~std::uint64_t{0}}) {
            CAPTURE(refused);
            CHECK(test::killed_by(dup_of(refused), SIGSYS));
        }
    }
}

TEST_CASE("sandbox: sending from a descriptor on does not open other ways to send") {
    const auto rules = [](Sandbox& sandbox) { sandbox.allow_from("sendto", 5).allow_from("sendmsg", 5); };
    const auto does = [&](const std::function<void()>& act) { return in_sandbox(rules, act); };
    CHECK(test::succeeded(
        does([] { test::require_in_child(::send(5, "", 0, 0) == -1, "no such descriptor"); })));
    CHECK(test::killed_by(does([] { (void)::send(4, "", 0, 0); }), SIGSYS));
    msghdr message{};
    mmsghdr many{};
    CHECK(test::killed_by(does([&] { (void)::sendmsg(4, &message, 0); }), SIGSYS));
    CHECK(test::killed_by(does([&] { (void)::sendmmsg(5, &many, 1, 0); }), SIGSYS));
    CHECK(test::killed_by(does([] { (void)!::write(5, "", 0); }), SIGSYS));
    CHECK(test::killed_by(does([] { (void)::sendfile(5, 4, nullptr, 1); }), SIGSYS));
    CHECK(test::killed_by(does([] { (void)::splice(4, nullptr, 5, nullptr, 1, 0); }), SIGSYS));
}

TEST_CASE("sandbox: a refused call answers EPERM, an unknown name is passed over") {
    const auto rules = [](Sandbox& sandbox) {
        sandbox.refuse({"socket", "no_such_call_on_earth"}).allow({"getppid", "no_such_call_either"});
    };
    CHECK(test::succeeded(in_sandbox(rules, [] {
        test::require_in_child(::socket(AF_INET, SOCK_DGRAM, 0) == -1 && errno == EPERM, "refused");
        test::require_in_child(::getppid() > 0, "allowed");
    })));
}

TEST_CASE("sandbox: one call is named by one method only") {
    const auto rules_break = [](const std::function<void(Sandbox&)>& rules) {
        return test::killed_by(in_sandbox(rules, [] {}), SIGABRT);
    };
    CHECK(rules_break([](Sandbox& sandbox) { sandbox.allow({"dup"}).allow_on("dup", 1); }));
    CHECK(rules_break([](Sandbox& sandbox) { sandbox.allow_on("dup", 1).refuse({"dup"}); }));
    CHECK(rules_break([](Sandbox& sandbox) { sandbox.allow({"mmap"}); }));
}

#ifdef __x86_64__
TEST_CASE("sandbox: other ways into the kernel kill too") {
    CHECK(test::killed_by(in_sandbox(no_more, [] { (void)::syscall(0x40000000L | SYS_getpid); }),
                          SIGSYS)); // x32
    const int i386 = in_sandbox(no_more, [] {
        long result = 20; // getpid's number there
        __asm__ volatile("int $0x80" : "+a"(result)::"memory");
    });
    // A kernel built without the 32-bit way in answers with SIGSEGV before any filter is asked.
    CHECK((test::killed_by(i386, SIGSYS) || test::killed_by(i386, SIGSEGV)));
}
#endif

} // namespace otk
