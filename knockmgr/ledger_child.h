// The process in which work on the ledger's folder is done: as root it has become the account that owns the
// folder (DESIGN 8). What is in there was written by a process that strangers talk to, so whoever owns that
// one may own this one, too. So this is the one place that forks it, and it is left with nothing of its
// parent's that it could change: no descriptor, no shared memory, and few system calls.
#pragma once

#include "base/fd.h"
#include "config/config.h"

#include <filesystem>
#include <functional>
#include <sys/types.h>

namespace otk::knockmgr {

// Gets the ledger's file name as it must use it, and returns the exit code; it may print.
using LedgerWork = std::function<int(const std::filesystem::path& ledger)>;

struct LedgerChild {
    pid_t pid = -1; // its parent waits for it; it dies with its parent
    Fd output;      // what it writes to standard output; ends when it ends
    Fd errors;      // and to standard error
};

// The child has these two, /dev/null for standard input, and under its number `kept` (-1: none). Its memory
// is a private copy of ours: the work may read what it captured, but must not touch a policy. Throws Error;
// the child says on its standard error what is wrong, and ends with 1.
[[nodiscard]] LedgerChild start_ledger_child(const Places& where, const LedgerWork& work, int kept = -1);

// As root the child sees the ledger's folder as the root directory: names the file as everybody else knows
// it.
[[nodiscard]] std::string with_whole_path(std::string message, const Places& where);

} // namespace otk::knockmgr
