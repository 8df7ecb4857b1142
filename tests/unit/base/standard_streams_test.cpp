#include "base/standard_streams.h"

#include <cerrno>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <functional>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace otk {

namespace {

// What `work` returns, in a process of its own, so that it may do to its standard streams what it wants.
int in_a_child(const std::function<int()>& work) {
    const pid_t child = fork();
    if (child == 0) _exit(work());
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool is_null(int fd) {
    struct stat there {
    }, null{};
    return fstat(fd, &there) == 0 && stat("/dev/null", &null) == 0 && there.st_rdev == null.st_rdev;
}

int become_full(int fd) { return dup2(::open("/dev/full", O_WRONLY), fd); }

} // namespace

TEST_CASE(
    "standard streams: what is closed is held, so that no file gets its number, and its use still fails") {
    CHECK(in_a_child([] {
              close(STDIN_FILENO);
              close(STDERR_FILENO);
              hold_standard_streams();
              const int next = ::open("/dev/null", O_RDONLY);
              char byte = 0;
              const bool held = is_null(STDIN_FILENO) && is_null(STDERR_FILENO) && next > STDERR_FILENO;
              const bool useless = read(STDIN_FILENO, &byte, 1) < 0 && write(STDERR_FILENO, &byte, 1) < 0;
              return held && useless ? 0 : 1;
          }) == 0);
}

TEST_CASE("standard streams: those that are open stay as they are") {
    CHECK(in_a_child([] {
              const int before = fcntl(STDOUT_FILENO, F_GETFL);
              hold_standard_streams();
              return fcntl(STDOUT_FILENO, F_GETFL) == before ? 0 : 1;
          }) == 0);
}

TEST_CASE("standard streams: whoever cannot be told is not told") {
    CHECK(in_a_child([] {
              become_full(STDERR_FILENO);
              tell("{}\n", std::string(100'000, 'x'));
              close(STDERR_FILENO);
              tell("{}\n", 1);
              return 0;
          }) == 0);
}

TEST_CASE("standard streams: what did not get out is told once, with its errno, however much was put") {
    for (const std::size_t size : {std::size_t{1}, std::size_t{1'000'000}}) {
        CHECK(in_a_child([size] {
                  become_full(STDOUT_FILENO);
                  put_text(std::string(size, 'x'));
                  const bool told = flush_output() == ENOSPC;
                  return told && flush_output() == 0 ? 0 : 1;
              }) == 0);
    }
}

TEST_CASE("standard streams: everything that was put gets out, in its order") {
    int ends[2]{};
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    std::string wanted;
    for (int number = 0; number < 20'000; ++number)
        wanted += std::to_string(number) + "\n";
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[1]);
        for (int number = 0; number < 20'000; ++number)
            put("{}\n", number);
        _exit(flush_output());
    }
    close(ends[1]);
    std::string got;
    char room[4096];
    for (ssize_t size = 0; (size = read(ends[0], room, sizeof room)) > 0;)
        got.append(room, static_cast<std::size_t>(size));
    close(ends[0]);
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(got == wanted);
}

} // namespace otk
