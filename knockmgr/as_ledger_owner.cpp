#include "knockmgr/as_ledger_owner.h"

#include "base/clock.h"
#include "base/fd.h"
#include "knockmgr/installation.h"
#include "knockmgr/output.h"
#include "sys/privileges.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <optional>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

using Work = std::function<int(const std::filesystem::path& ledger)>;

Account owner_account(const Places& where) {
    const std::string name = load_config(where.config).users.validate;
    const auto account = find_account(name);
    if (!account) {
        throw Error(fmt::format("there is no account '{}', which {} names under [users] to own the ledger",
                                name, where.config.string()));
    }
    return *account;
}

// In the child, until it ends. The account need not be able to reach the directory from the outside, so it is
// confined to it, which also keeps it from everything else. Without root there is no account to become.
[[noreturn]] void work_as(const std::optional<Account>& account, const Places& where, const Work& work) {
    int code = 1;
    try {
        if (account) become(*account, where.ledger_db.parent_path());
        code = work(account ? "/" + where.ledger_db.filename().string() : where.ledger_db.string());
        finish_output();
    } catch (const std::exception& fault) {
        const std::string what = account ? with_whole_path(fault.what(), where) : fault.what();
        (void)std::fflush(stdout); // what it had to say before that; _exit would drop it
        fmt::print(stderr, "knockmgr: {}\n", what);
        code = 1;
    }
    _exit(code); // not exit: what the parent has still to write or to undo is not the child's
}

pid_t fork_owner(const Places& where, const Work& work) {
    const std::optional<Account> account = is_root() ? std::optional(owner_account(where)) : std::nullopt;
    finish_output();
    const pid_t child = fork();
    if (child < 0) throw system_error("fork");
    if (child == 0) work_as(account, where, work);
    return child;
}

// Whether the child has ended; `options` as of waitpid.
bool has_ended(pid_t child, int& status, int options) {
    for (;;) {
        const pid_t ended = waitpid(child, &status, options);
        if (ended >= 0) return ended == child;
        if (errno != EINTR) throw system_error("waitpid");
    }
}

int code_of(int status) {
    // Whoever read the listing has seen enough (`| head`): end as quietly as any other program would.
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE) (void)std::raise(SIGPIPE);
    if (WIFSIGNALED(status)) {
        throw Error(
            fmt::format("the process that works on the ledger was ended by signal {}", WTERMSIG(status)));
    }
    return WEXITSTATUS(status);
}

int wait_for(pid_t child) {
    int status = 0;
    (void)has_ended(child, status, 0);
    return code_of(status);
}

void write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) throw system_error("writing to a pipe");
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

std::string read_all(int fd) {
    std::string text;
    std::array<char, 65536> room{};
    for (;;) {
        const ssize_t got = ::read(fd, room.data(), room.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) throw system_error("reading from a pipe");
        if (got == 0) return text;
        text.append(room.data(), static_cast<std::size_t>(got));
    }
}

} // namespace

std::string with_whole_path(std::string message, const Places& where) {
    const std::string confined = "/" + where.ledger_db.filename().string();
    const std::string whole = where.ledger_db.string();
    for (auto at = message.find(confined); at != std::string::npos;
         at = message.find(confined, at + whole.size())) {
        message.replace(at, confined.size(), whole);
    }
    return message;
}

int as_ledger_owner(const Places& where, const Work& work) {
    if (!is_root()) return work(where.ledger_db);
    return wait_for(fork_owner(where, work));
}

std::string
fetched_as_ledger_owner(const Places& where,
                        const std::function<std::string(const std::filesystem::path& ledger)>& work) {
    if (!is_root()) return work(where.ledger_db);
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("pipe");
    const Fd from(ends[0]);
    Fd into(ends[1]);
    const pid_t child = fork_owner(where, [&](const std::filesystem::path& ledger) {
        write_all(into.get(), work(ledger));
        return 0;
    });
    into.close(); // else the end of file never comes
    std::string text = read_all(from.get());
    if (wait_for(child) != 0) throw Error("the ledger could not be read");
    return text;
}

int beside_ledger_owner(const Places& where, const Work& work, const std::function<void()>& meanwhile) {
    const pid_t child = fork_owner(where, work);
    int status = 0;
    while (!has_ended(child, status, WNOHANG)) {
        meanwhile();
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
    return code_of(status);
}

void create_ledger(const Places& where, const LedgerId& id) {
    const int code = as_ledger_owner(where, [&](const std::filesystem::path& ledger) {
        Ledger::create(ledger, id, SystemClock().now());
        return 0;
    });
    if (code != 0) throw Error(fmt::format("{}: the ledger could not be made", where.ledger_db.string()));
}

} // namespace otk::knockmgr
