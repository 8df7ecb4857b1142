#include "knockmgr/daemon.h"

#include "sys/boot.h"
#include "sys/file.h"

#include <algorithm>
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

// Of an earlier boot the file says nothing about this one.
std::optional<std::chrono::seconds> silence_of(const DaemonStatus& says) {
    if (!says.written || says.boot != this_boot()) return std::nullopt;
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now().time_since_epoch());
    const auto written = static_cast<std::int64_t>(
        std::min<std::uint64_t>(*says.written, std::numeric_limits<std::int64_t>::max()));
    const std::chrono::milliseconds silence{now.count() - std::min(written, std::int64_t{now.count()})};
    if (silence <= heartbeat_patience) return std::nullopt;
    return std::chrono::duration_cast<std::chrono::seconds>(silence);
}

} // namespace

Daemon ask_daemon(const Places& where) {
    Daemon daemon;
    daemon.file = where.status;
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
    if (daemon.running) daemon.silent = silence_of(*daemon.says);
    daemon.accepting = daemon.running && !daemon.silent && daemon.says->acceptance == "open";
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
