#include "knockmgr/daemon.h"

#include "sys/file.h"

#include <cerrno>
#include <csignal>
#include <limits>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

// More than knockd ever writes.
constexpr std::size_t largest_file = 1U << 20;

// A number may have been given to another program since: the name has to be right, too.
bool runs(std::int64_t pid) {
    if (pid <= 0 || pid > std::numeric_limits<pid_t>::max()) return false;
    if (kill(static_cast<pid_t>(pid), 0) != 0 && errno != EPERM) return false;
    const auto name = read_file(fmt::format("/proc/{}/comm", pid), 64);
    return name && *name == "knockd\n";
}

} // namespace

Daemon ask_daemon(const Places& where) {
    Daemon daemon;
    try {
        const auto text = read_file(where.status, largest_file);
        if (!text) return daemon;
        daemon.text = *text;
    } catch (const Error& fault) {
        daemon.trouble = fault.what();
        return daemon;
    }
    daemon.says = parse_status(daemon.text);
    if (!daemon.says) {
        daemon.trouble = where.status.string() + ": this is not what knockd writes";
        return daemon;
    }
    daemon.running = runs(daemon.says->pid);
    daemon.accepting = daemon.running && daemon.says->acceptance == "open";
    return daemon;
}

std::optional<std::vector<DoorListed>> read_doors(const Places& where) {
    const auto text = read_file(where.doors, largest_file);
    if (!text) return std::nullopt;
    try {
        return parse_doors(*text);
    } catch (const Error& fault) {
        throw Error(fmt::format("{}: {}", where.doors.string(), fault.what()));
    }
}

} // namespace otk::knockmgr
