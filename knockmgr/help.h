// Help and usage, made from the table of subcommands.
#pragma once

#include "knockmgr/subcommand.h"

#include <string>
#include <string_view>

namespace otk::knockmgr {

[[nodiscard]] std::string general_help();
[[nodiscard]] std::string help_for(const Subcommand& subcommand);
// All that begin with a word: what `knockmgr grant` shows.
[[nodiscard]] std::string help_for_family(std::string_view word);
// "knockmgr user add NAME"
[[nodiscard]] std::string usage_of(const Subcommand& subcommand);

} // namespace otk::knockmgr
