#include "firewall/nft.h"

#include "base/fd.h"
#include "base/promise.h"
#include "base/text.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::chrono::seconds patience{10};
constexpr std::size_t largest_output = 1U << 20;
constexpr std::array places_of_nft{"/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft"};

const char* nft_program() {
    for (const char* const place : places_of_nft) {
        if (::access(place, X_OK) == 0) return place;
    }
    throw Error(fmt::format("there is no {}: install nftables (Debian: apt install nftables), or set "
                            "[firewall] mode = \"none\"",
                            places_of_nft.front()));
}

// Memory in place of a pipe: nobody has to read or write while the other one does.
Fd memory_with(const std::string& text) {
    Fd memory(memfd_create("nft", MFD_CLOEXEC));
    if (!memory) throw system_error("cannot prepare the input of nft");
    for (std::size_t at = 0; at < text.size();) {
        const ssize_t written = ::write(memory.get(), text.data() + at, text.size() - at);
        if (written < 0) throw system_error("cannot prepare the input of nft");
        at += static_cast<std::size_t>(written);
    }
    if (lseek(memory.get(), 0, SEEK_SET) != 0) throw system_error("cannot prepare the input of nft");
    return memory;
}

std::string content_of(const Fd& memory) {
    std::string text(largest_output, '\0');
    const ssize_t got = pread(memory.get(), text.data(), text.size(), 0);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return text;
}

// Only ever in the child: nothing of ours but the three descriptors, default signals, and an end with its
// parent's.
[[noreturn]] void become_nft(const char* program, const std::vector<const char*>& words, int input,
                             int output) {
    constexpr std::array<const char*, 3> environment{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
                                                     nullptr};
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, nullptr);
    for (int number = 1; number < NSIG; ++number)
        (void)std::signal(number, SIG_DFL);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0 ||
        close_range(3, ~0U, 0) != 0) {
        ::_exit(127);
    }
    (void)::execve(program, const_cast<char* const*>(words.data()),
                   const_cast<char* const*>(environment.data()));
    ::_exit(127);
}

// The exit code; 128 and more after a signal.
int wait_for(pid_t pid) {
    const Fd handle(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    pollfd ended{handle.get(), POLLIN, 0};
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
    int ready = 0;
    do {
        ready = handle ? ::poll(&ended, 1, static_cast<int>(wait)) : 1;
    } while (ready < 0 && errno == EINTR);
    if (ready <= 0) (void)::kill(pid, SIGKILL);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

struct Ran {
    int code = 0;
    std::string said;
};

Ran run(const std::vector<const char*>& arguments, const std::string& input) {
    const char* const program = nft_program();
    std::vector<const char*> words{program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    words.push_back(nullptr);
    const Fd in = memory_with(input);
    const Fd out = memory_with("");
    const pid_t pid = fork();
    if (pid < 0) throw system_error("cannot start nft");
    if (pid == 0) become_nft(program, words, in.get(), out.get());
    Ran ran;
    ran.code = wait_for(pid);
    ran.said = content_of(out);
    return ran;
}

// The first line tells what is wrong; the others show where in our own script.
[[noreturn]] void refuse(const Ran& ran) {
    const std::string line = ran.said.substr(0, ran.said.find('\n'));
    throw Error(fmt::format("nft failed (exit code {}): {}", ran.code,
                            line.empty() ? "it said nothing" : printable(line)));
}

} // namespace

void run_nft(const std::string& script) {
    const Ran ran = run({"-f", "-"}, script);
    if (ran.code != 0) refuse(ran);
}

std::string list_table(const std::string& table, Elements elements) {
    std::vector<const char*> words{"list", "table", "inet", table.c_str()};
    if (elements == Elements::left_out) words.insert(words.begin(), "--terse");
    const Ran ran = run(words, "");
    if (ran.code == 0) return ran.said;
    if (ran.said.find("No such file or directory") != std::string::npos) return "";
    refuse(ran);
}

} // namespace otk
