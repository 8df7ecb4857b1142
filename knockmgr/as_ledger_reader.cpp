#include "knockmgr/as_ledger_reader.h"

#include "base/fd.h"
#include "knockmgr/installation.h"
#include "knockmgr/output.h"
#include "sys/privileges.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

void check_present(const Places& where) {
    std::error_code fault;
    if (std::filesystem::exists(where.ledger_db, fault)) return;
    if (fault) throw Error(fmt::format("{}: {}", where.ledger_db.string(), fault.message()));
    throw Error(
        fmt::format("{}: the ledger is missing; put the newest copy back. Without it nobody can say which "
                    "knocks are spent, and knockd accepts none",
                    where.ledger_db.string()));
}

Account reader_account(const Places& where) {
    const std::string name = load_config(where.config).users.validate;
    const auto account = find_account(name);
    if (!account) {
        throw Error(fmt::format("there is no account '{}', which {} names under [users] to own the ledger",
                                name, where.config.string()));
    }
    return *account;
}

// In the child, until it ends. The account need not be able to reach the directory from the outside, so it is
// confined to it, which also keeps it from everything else.
[[noreturn]] void work_as(const Account& account, const Places& where,
                          const std::function<int(const Ledger&)>& work) {
    int code = 1;
    try {
        become(account, where.ledger_db.parent_path());
        code = work(Ledger::open_for_reading("/" + where.ledger_db.filename().string()));
        finish_output();
    } catch (const std::exception& fault) {
        fmt::print(stderr, "knockmgr: {} (in {})\n", fault.what(), where.ledger_db.parent_path().string());
        code = 1;
    }
    _exit(code); // not exit: what the parent has still to write or to undo is not the child's
}

pid_t fork_reader(const Places& where, const std::function<int(const Ledger&)>& work) {
    const Account account = reader_account(where);
    finish_output();
    const pid_t child = fork();
    if (child < 0) throw system_error("fork");
    if (child == 0) work_as(account, where, work);
    return child;
}

int wait_for(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) throw system_error("waitpid");
    }
    // Whoever read the listing has seen enough (`| head`): end as quietly as any other program would.
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE) (void)std::raise(SIGPIPE);
    if (WIFSIGNALED(status)) {
        throw Error(
            fmt::format("the process that reads the ledger was ended by signal {}", WTERMSIG(status)));
    }
    return WEXITSTATUS(status);
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

int as_ledger_reader(const Places& where, const std::function<int(const Ledger&)>& work) {
    check_present(where);
    if (!is_root()) return work(Ledger::open_for_reading(where.ledger_db));
    return wait_for(fork_reader(where, work));
}

std::string fetched_from_ledger(const Places& where, const std::function<std::string(const Ledger&)>& work) {
    check_present(where);
    if (!is_root()) return work(Ledger::open_for_reading(where.ledger_db));
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("pipe");
    const Fd from(ends[0]);
    Fd into(ends[1]);
    const pid_t child = fork_reader(where, [&](const Ledger& ledger) {
        write_all(into.get(), work(ledger));
        return 0;
    });
    into.close(); // else the end of file never comes
    std::string text = read_all(from.get());
    if (wait_for(child) != 0) throw Error("the ledger could not be read");
    return text;
}

} // namespace otk::knockmgr
