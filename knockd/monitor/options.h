// knockd's command line.
#pragma once

#include "completion/grammar.h"

#include <optional>
#include <string>

namespace otk {

struct Options {
    std::string config; // empty: the one of `dir`
    std::string dir;    // empty: OTK_DIR or the system's places
    bool check = false;
    std::string read; // a capture file; empty: serve
};

// As shells complete it.
[[nodiscard]] completion::Grammar command_line();

// Nothing when help or the version was printed or the usage was wrong: then `exit_code` is set (0 or 2).
[[nodiscard]] std::optional<Options> parse_options(int argc, char** argv, int& exit_code);

} // namespace otk
