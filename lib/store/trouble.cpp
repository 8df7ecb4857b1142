// SQLite's errors as sentences that say what to do.

#include "base/text.h"
#include "store/database.h"

#include <sqlite3.h>

#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <fmt/format.h>

namespace otk {

namespace {

// The process whose lock keeps a writer out, if the kernel says. A WAL database is locked by its -shm file.
// The file is not opened for F_GETLK: closing it again would drop the locks that SQLite holds on it in this
// process.
std::optional<std::string> lock_holder(const std::filesystem::path& file) {
    struct stat status {};
    if (::stat((file.native() + "-shm").c_str(), &status) != 0) return std::nullopt;
    const std::string inode =
        fmt::format("{:02x}:{:02x}:{}", major(status.st_dev), minor(status.st_dev), status.st_ino);
    constexpr std::uint64_t write_lock = 120; // WAL_WRITE_LOCK, the first byte of SQLite's lock region
    std::ifstream locks("/proc/locks");
    for (std::string line; std::getline(locks, line);) {
        std::istringstream words(line);
        std::string number, type, strictness, mode, process, place, last;
        std::uint64_t first = 0;
        words >> number >> type >> strictness >> mode >> process >> place >> first >> last;
        if (!words || place != inode || process == std::to_string(::getpid())) continue;
        const std::optional<std::uint64_t> end = last == "EOF" ? write_lock : parse_decimal(last, UINT64_MAX);
        if (first <= write_lock && end && *end >= write_lock) return process;
    }
    return std::nullopt;
}

std::string busy(const std::filesystem::path& file) {
    if (const auto process = lock_holder(file)) {
        return fmt::format("process {0} keeps it locked; wait, or see what it does (ps -fp {0})", *process);
    }
    return "another process keeps it locked; wait, then try again";
}

std::string cannot_open(const std::filesystem::path& file, std::string_view detail) {
    if (::eaccess(file.c_str(), R_OK) != 0) {
        return fmt::format("{}; check owner and mode", system_error(detail).what());
    }
    struct statvfs system {};
    if (::statvfs(file.c_str(), &system) == 0 && (system.f_flag & ST_RDONLY) != 0) {
        return fmt::format(
            "{}; the file system is read-only, and without {}-shm only who may write there can "
            "read what stands in its log: mount it read-write",
            detail, file.filename().native());
    }
    return fmt::format(
        "{}; its -wal and -shm files cannot be used by this user: run the program as the owner, "
        "or start knockd first",
        detail);
}

std::string explained(const std::filesystem::path& file, const SQLite::Exception& trouble) {
    const std::string_view detail = trouble.what();
    switch (trouble.getErrorCode()) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return busy(file);
    case SQLITE_FULL: return "the disk is full; free some space, then try again";
    case SQLITE_IOERR:
        return fmt::format("{} ({}); check the disk and the kernel's log", detail,
                           trouble.getExtendedErrorCode());
    case SQLITE_READONLY:
        // The shared index of the write-ahead log is half written, and only who may write it can mend it.
        if (trouble.getExtendedErrorCode() == SQLITE_READONLY_RECOVERY ||
            trouble.getExtendedErrorCode() == SQLITE_READONLY_CANTINIT) {
            return "the program that last changed it was killed; mended as soon as knockd or root reads it: "
                   "try again";
        }
        return fmt::format("{}; run the program as the user that owns it", detail);
    case SQLITE_CANTOPEN: return cannot_open(file, detail);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return fmt::format("{}; it is damaged or no database: put a backup back", detail);
    case SQLITE_CONSTRAINT: return fmt::format("the database refuses it: {}", detail);
    default: return fmt::format("{} ({})", detail, trouble.getExtendedErrorCode());
    }
}

} // namespace

Error Database::translated(const std::filesystem::path& file, std::string_view doing,
                           const SQLite::Exception& trouble) {
    return Error(fmt::format("cannot {}: {}: {}", doing, file.native(), explained(file, trouble)));
}

Error Database::damaged(std::string_view what) const {
    return Error(fmt::format("cannot read {}: {}; put a backup back", file_.native(), what));
}

} // namespace otk
