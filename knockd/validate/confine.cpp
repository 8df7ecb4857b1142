#include "knockd/validate/confine.h"

#include "knockd/messages.h"
#include "sys/sandbox.h"

namespace otk {

void confine_validate() {
    Sandbox sandbox;
    sandbox.allow(calls_of_every_program());
    sandbox.allow({"recvfrom", "epoll_create1"});
    sandbox.allow_on("sendto", message::monitor_fd);
    sandbox.allow_on("sendto", message::peer_fd);
    sandbox.allow_on("sendto", message::last_word_fd);
    // What SQLite does to its two databases: reads, writes, locks, the shared-memory index of the write-ahead
    // log. It may open files, but only those of the directory that is its root, as a user who owns nothing
    // else there.
    sandbox.allow({"openat",     "open",       "pread64",   "write",    "pwrite64", "fsync",
                   "fdatasync",  "ftruncate",  "fallocate", "lseek",    "fcntl",    "flock",
                   "fstat",      "newfstatat", "stat",      "lstat",    "access",   "faccessat",
                   "faccessat2", "unlink",     "unlinkat",  "readlink", "getcwd",   "geteuid",
                   "getuid",     "getegid",    "sysinfo",   "fchmod",   "utimensat"});
    sandbox.refuse({"fchown", "chown"}); // SQLite gives a new log the database's owner, who we already are
    sandbox.enter();
}

} // namespace otk
