#include "tests/store/child.h"

#include "base/promise.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <sys/wait.h>
#include <unistd.h>

namespace otk::test {

Child::Child(const std::function<void(int report)>& work) {
    int ends[2];
    if (::pipe(ends) != 0) throw system_error("pipe");
    process_ = ::fork();
    if (process_ < 0) throw system_error("fork");
    if (process_ > 0) {
        ::close(ends[1]);
        report_ = ends[0];
        return;
    }
    ::close(ends[0]);
    int code = 0;
    try {
        work(ends[1]);
    } catch (const std::exception& trouble) {
        std::fprintf(stderr, "child of a test: %s\n", trouble.what());
        code = 1;
    }
    ::_exit(code); // nothing of the parent's is flushed or destroyed twice
}

Child::~Child() {
    if (report_ >= 0) ::close(report_);
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
}

std::string Child::read(std::size_t size) {
    std::string all;
    std::array<char, 4096> buffer{};
    while (all.size() < size) {
        const ssize_t got = ::read(report_, buffer.data(), std::min(buffer.size(), size - all.size()));
        if (got < 0) throw system_error("read");
        if (got == 0) break;
        all.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return all;
}

std::string Child::rest() { return read(std::string::npos); }

std::optional<int> Child::end() {
    int status = 0;
    if (::waitpid(process_, &status, 0) != process_) throw system_error("waitpid");
    process_ = -1;
    if (!WIFEXITED(status)) return std::nullopt;
    return WEXITSTATUS(status);
}

void write_all(int fd, const void* from, std::size_t size) {
    // Reports are far smaller than what a pipe takes whole.
    if (::write(fd, from, size) != static_cast<ssize_t>(size)) throw system_error("write");
}

} // namespace otk::test
