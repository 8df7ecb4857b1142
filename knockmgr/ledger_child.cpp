#include "knockmgr/ledger_child.h"

#include "base/promise.h"
#include "base/standard_streams.h"
#include "base/text.h"
#include "knockmgr/installation.h"
#include "knockmgr/output.h"
#include "sys/priority.h"
#include "sys/privileges.h"
#include "sys/sandbox.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <optional>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

Account owner_account(const Places& where) {
    const std::string name = load_config(where.config).users.validate;
    const auto account = find_account(name);
    if (!account) {
        throw Error(fmt::format("there is no account '{}', which {} names under [users] to own the ledger",
                                name, where.config.string()));
    }
    return *account;
}

struct Ends {
    Fd read;
    Fd write;
};

// Above the standard streams, whatever was closed before.
Ends pipe_ends() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("pipe");
    return {Fd(ends[0]), Fd(ends[1])};
}

void die_with(pid_t parent) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) throw system_error("prctl");
    if (getppid() != parent) _exit(1); // it was faster
}

// Closes all files but the three and `kept`: policy.db, which may be open for change, with its log and index.
void keep_only(int output, int errors, int kept) {
    const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!null || dup2(null.get(), STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
        dup2(errors, STDERR_FILENO) < 0)
        throw system_error("cannot arrange the descriptors of the process that works on the ledger");
    constexpr unsigned first = STDERR_FILENO + 1;
    const auto spared = kept < 0 ? first - 1 : static_cast<unsigned>(kept);
    const bool below = spared <= first || close_range(first, spared - 1, 0) == 0;
    if (!below || close_range(spared + 1, ~0U, 0) != 0)
        throw system_error("cannot close the files of the process that works on the ledger");
}

struct Mapping {
    std::uintptr_t from = 0;
    std::uintptr_t to = 0;
};

// Lines of proc(5): "FROM-TO rwxs ..."; what is private ends with p.
std::vector<Mapping> shared_mappings() {
    std::ifstream maps("/proc/self/maps");
    std::vector<Mapping> shared;
    bool any = false;
    for (std::string line; std::getline(maps, line); any = true) {
        const char* const end = line.data() + line.size();
        Mapping mapping;
        const auto from = std::from_chars(line.data(), end, mapping.from, 16);
        const auto to = std::from_chars(std::min(from.ptr + 1, end), end, mapping.to, 16);
        promise(from.ec == std::errc{} && to.ec == std::errc{} && end - to.ptr > 5,
                "/proc/self/maps is as proc(5) says");
        if (to.ptr[4] == 's') shared.push_back(mapping);
    }
    if (!any) throw Error("/proc/self/maps cannot be read; mount /proc, and run knockmgr again");
    return shared;
}

// The index of policy.db's log is memory that all its readers share: who writes into it decides what they
// read.
void leave_shared_memory() {
    for (const Mapping& mapping : shared_mappings()) {
        // The kernel's own word for where the memory is.
        void* const start = reinterpret_cast<void*>(mapping.from); // NOLINT(performance-no-int-to-ptr)
        if (munmap(start, mapping.to - mapping.from) != 0) throw system_error("munmap");
    }
    promise(shared_mappings().empty(), "no memory is shared any more");
}

// Files of its folder, what it writes to, and the channel of `watch`. No socket, no program, no other
// process.
void confine() {
    Sandbox sandbox;
    sandbox.allow(calls_of_every_program());
    // What SQLite does to a database, what makes one whole or not at all (link), and what moves one aside.
    sandbox.allow({"openat",     "open",      "pread64",   "write",    "pwrite64",  "fsync",
                   "fdatasync",  "ftruncate", "fallocate", "lseek",    "fcntl",     "fstat",
                   "newfstatat", "stat",      "lstat",     "access",   "faccessat", "faccessat2",
                   "unlink",     "unlinkat",  "rename",    "renameat", "renameat2", "readlink",
                   "readlinkat", "getcwd",    "geteuid",   "getuid",   "getegid",   "sysinfo",
                   "fchmod",     "utimensat", "recvfrom",  "recvmsg",  "link",      "linkat"});
    // The undefined behaviour sanitizer looks at memory by way of a pipe.
    sandbox.allow({"pipe", "pipe2"});
    sandbox.refuse({"fchown", "chown", "ioctl"}); // a new log has its owner already, and there is no terminal
    sandbox.enter();
}

struct Start {
    const Places& where;
    const std::optional<Account>& account;
    const LedgerWork& work;
    int output;
    int errors;
    int kept;
    pid_t parent;
};

// The account need not be able to reach the directory from the outside, so it is confined to it, which also
// keeps it from everything else. Without root there is no account to become.
int work_as(const Start& start) {
    die_with(start.parent);
    (void)std::signal(SIGPIPE, SIG_DFL); // its parent has gone, or wants no more
    keep_only(start.output, start.errors, start.kept);
    leave_shared_memory();
    const std::filesystem::path& file = start.where.ledger_db;
    if (start.account) become(*start.account, file.parent_path());
    confine();
    const int code = start.work(start.account ? "/" + file.filename().string() : file.string());
    finish_output();
    return code;
}

[[noreturn]] void be_ledger_child(const Start& start) {
    int code = 1;
    try {
        code = work_as(start);
    } catch (const std::exception& fault) {
        (void)flush_output(); // what it had to say before that; _exit would drop it
        tell("{}knockmgr: {}\n", prefix_of(Priority::error),
             start.account ? with_whole_path(fault.what(), start.where) : fault.what());
    }
    _exit(code); // not exit: what the parent has still to write or to undo is not the child's
}

} // namespace

LedgerChild start_ledger_child(const Places& where, const LedgerWork& work, int kept) {
    const std::optional<Account> account = is_root() ? std::optional(owner_account(where)) : std::nullopt;
    finish_output(); // else both would write it
    Ends output = pipe_ends();
    Ends errors = pipe_ends();
    const Start start{where, account, work, output.write.get(), errors.write.get(), kept, getpid()};
    const pid_t child = fork();
    if (child < 0) throw system_error("fork");
    if (child == 0) be_ledger_child(start);
    return {child, std::move(output.read), std::move(errors.read)};
}

std::string with_whole_path(std::string message, const Places& where) {
    const std::string confined = "/" + where.ledger_db.filename().string();
    const std::string whole = where.ledger_db.string();
    for (auto at = message.find(confined); at != std::string::npos;
         at = message.find(confined, at + whole.size())) {
        message.replace(at, confined.size(), whole);
    }
    return message;
}

} // namespace otk::knockmgr
