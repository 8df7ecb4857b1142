#include "knockd/monitor/descriptors.h"

#include "base/promise.h"
#include "sys/descriptor_limit.h"

#include <fmt/format.h>

namespace otk {

namespace {

// A relay: channel, timer and, until it is claimed, the listening socket. A redirection has less, and a port
// let through none.
constexpr std::uint64_t of_a_door = 3;
// Two pipes, timer, cgroup.
constexpr std::uint64_t of_a_command = 4;
// Databases with their logs, channels, signals, netlink, timers, files that are written anew, alerts that
// run; those that are only open for a moment, too. Some 40 were seen.
constexpr std::uint64_t of_the_rest = 128;

} // namespace

std::uint64_t descriptors_needed(const Config& config) {
    return of_the_rest + of_a_door * config.limits.doors + of_a_command * config.limits.running_commands;
}

std::string want_of_descriptors(const Config& config, std::uint64_t limit) {
    const std::uint64_t needed = descriptors_needed(config);
    if (needed <= limit) return {};
    return fmt::format(
        "[limits] doors = {} and running_commands = {} may need {} open files, but no more than "
        "{} are allowed: raise LimitNOFILE= of the service (ulimit -Hn), or lower [limits]",
        config.limits.doors, config.limits.running_commands, needed, limit);
}

std::string provide_descriptors(const Config& config) {
    try {
        return want_of_descriptors(config, raise_descriptor_limit(descriptors_needed(config)));
    } catch (const Error& error) {
        return error.what();
    }
}

} // namespace otk
