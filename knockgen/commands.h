// What knockgen can do: the one table from which subcommands, their options and their help come.
#pragma once

#include "knockgen/arguments.h"

#include <vector>

namespace otk {

[[nodiscard]] const std::vector<Subcommand>& subcommands();

// Each in a source of its own name. They throw UsageError and Error.
void run_list(const Arguments& arguments);
void run_otp(const Arguments& arguments);
void run_sheet(const Arguments& arguments);
void run_token(const Arguments& arguments);

} // namespace otk
