// The subcommands, one source file per family. The order here is the order of the help.
#pragma once

#include "knockmgr/subcommand.h"

#include <vector>

namespace otk::knockmgr {

[[nodiscard]] std::vector<Subcommand> init_subcommands();
[[nodiscard]] std::vector<Subcommand> user_subcommands();
[[nodiscard]] std::vector<Subcommand> command_subcommands();
[[nodiscard]] std::vector<Subcommand> grant_subcommands();
[[nodiscard]] std::vector<Subcommand> key_subcommands();
[[nodiscard]] std::vector<Subcommand> log_subcommands();
[[nodiscard]] std::vector<Subcommand> explain_subcommands();
[[nodiscard]] std::vector<Subcommand> watch_subcommands();
[[nodiscard]] std::vector<Subcommand> doors_subcommands();
[[nodiscard]] std::vector<Subcommand> guard_subcommands();
[[nodiscard]] std::vector<Subcommand> status_subcommands();
[[nodiscard]] std::vector<Subcommand> restore_subcommands();

// All of them.
[[nodiscard]] const std::vector<Subcommand>& all_subcommands();

} // namespace otk::knockmgr
