// The knockd of this installation, as far as its files tell: does it run, what does it say about itself,
// which doors does it list. Needs neither the databases nor root.
#pragma once

#include "config/config.h"
#include "store/doors_file.h"
#include "store/status_file.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace otk::knockmgr {

struct Daemon {
    std::optional<DaemonStatus> says; // none: it has written nothing, or nothing that can be read
    std::string text;                 // the file that says it
    std::filesystem::path file;       // which one that is
    bool running = false;
    bool accepting = false;
    // It runs, and has not said anything for so long, more than heartbeat_patience.
    std::optional<std::chrono::seconds> silent;
    std::string trouble; // why nothing is known, if so
};
[[nodiscard]] Daemon ask_daemon(const Places& where);

// In order of row; nothing when there is no list: knockd never ran here. A list stays behind when knockd
// ends. Throws Error when it cannot be read.
[[nodiscard]] std::optional<std::vector<DoorListed>> read_doors(const Places& where);

// How long the running knockd is waited for when it was asked for something: it looks once a second.
inline constexpr std::chrono::seconds patience{3};

} // namespace otk::knockmgr
