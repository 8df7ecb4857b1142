#include "helpers.h"

#include "base/promise.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <iostream>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace otk::test {

void say_skipped(std::string_view test, std::string_view why) {
    std::cout << "skipped: " << test << ": " << why << std::endl;
}

bool is_root() { return geteuid() == 0; }

int status_of(const std::function<void()>& body) {
    std::cout.flush(); // or the child would print it again
    const pid_t pid = fork();
    if (pid == 0) {
        const rlimit no_core{.rlim_cur = 0, .rlim_max = 0};
        (void)setrlimit(RLIMIT_CORE, &no_core);
        // doctest catches these to report a crash of its own; here a crash is an answer.
        for (const int number : {SIGABRT, SIGSEGV, SIGTERM, SIGINT, SIGILL, SIGFPE}) {
            (void)std::signal(number, SIG_DFL);
        }
        try {
            body();
        } catch (const std::exception& error) {
            std::cerr << "in the child: " << error.what() << std::endl;
            ::_exit(99);
        }
        ::_exit(0);
    }
    if (pid < 0) throw system_error("fork");
    return wait_for(pid);
}

bool succeeded(int status) { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }

bool killed_by(int status, int signal) { return WIFSIGNALED(status) && WTERMSIG(status) == signal; }

void require_in_child(bool holds, std::string_view what) {
    if (holds) return;
    // write and not a stream: the child may be in a sandbox that allows no more than this.
    (void)!::write(STDERR_FILENO, what.data(), what.size());
    (void)!::write(STDERR_FILENO, "\n", 1);
    ::_exit(98);
}

std::string read_to_end(int fd) {
    std::string text;
    for (;;) {
        pollfd poll_for{.fd = fd, .events = POLLIN, .revents = 0};
        constexpr int longest_ms = 60'000;
        if (poll(&poll_for, 1, longest_ms) == 0) throw Error("nothing came for a minute after: " + text);
        std::array<char, 4096> piece{};
        const ssize_t got = ::read(fd, piece.data(), piece.size());
        if (got == 0) return text;
        if (got > 0) text.append(piece.data(), static_cast<std::size_t>(got));
        if (got < 0 && errno != EAGAIN && errno != EINTR) throw system_error("read");
    }
}

int wait_for(pid_t pid) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) throw system_error("waitpid");
    }
    return status;
}

std::string own_groups() { return "otk-test-" + std::to_string(::getpid()) + "-"; }

Ends make_pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw system_error("pipe");
    return {Fd(ends[0]), Fd(ends[1])};
}

TemporaryDirectory::TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "otk-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw system_error("mkdtemp " + name);
    path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

} // namespace otk::test
