// The half of `knockmgr watch` that reads the ledger and prints: in a child process, as root that of the
// account that owns the ledger, confined to its folder. What arrives it is told by the other half, which can
// see knockd's status file.
#pragma once

#include "knockmgr/watch_lines.h"
#include "store/ledger.h"
#include "sys/channel.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace otk::knockmgr {

struct WatchWishes {
    std::string user; // only of this user; "": of all
    std::string command;
    bool json = false;
    std::uint64_t rate = 20; // lines a second
    std::optional<std::chrono::seconds> how_long;
};

// What knockd says of itself, from one half to the other.
struct Arrivals {
    enum class State : std::uint8_t { not_running, not_accepting, accepting } state{};
    std::uint64_t seen = 0; // packets
    std::uint64_t noise = 0;
    std::uint64_t lost = 0;
    std::uint64_t duplicates = 0;
    friend bool operator==(const Arrivals&, const Arrivals&) = default;
};

// Prints the rows that are added, and what is told over the channel, until the other end hangs up or the time
// is over; returns the exit code. Throws Error when the ledger goes.
[[nodiscard]] int watch_ledger(const std::filesystem::path& file, Channel told, const WatchWishes& wishes);

} // namespace otk::knockmgr
