// `knockd --read FILE.pcap`: which knocks does a capture hold, and what would become of them? (DESIGN 12)
#pragma once

#include "config/config.h"

#include <string>

namespace otk {

// Starts capture and validate as for serving, but on the file and on a copy of the ledger in memory, judged
// by the packets' own time. Nothing is spent and nothing runs. Works without root where the databases can be
// read. Prints a line for each knock and a summary; the exit code: 0. Throws Error.
[[nodiscard]] int read_capture_file(const Config& config, const Places& places, const std::string& file);

} // namespace otk
