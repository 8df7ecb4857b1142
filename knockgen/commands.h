// What knockgen can do: the one table from which subcommands, their options and their help come.
#pragma once

#include "knockgen/arguments.h"

#include <vector>

namespace otk {

[[nodiscard]] const std::vector<Subcommand>& subcommands();

// The rows about knocking over a network (sending_commands.cpp, dynamic/command.cpp).
[[nodiscard]] Subcommand dynamic_command();
[[nodiscard]] Subcommand key_command();
[[nodiscard]] Subcommand profile_command();
[[nodiscard]] Subcommand send_command();

// Each in a source of its own name, those of dynamic and send in their folders. They throw UsageError and
// Error.
void run_dynamic(const Arguments& arguments);
void run_key(const Arguments& arguments);
void run_list(const Arguments& arguments);
void run_otp(const Arguments& arguments);
void run_profile(const Arguments& arguments);
void run_send(const Arguments& arguments);
void run_sheet(const Arguments& arguments);
void run_token(const Arguments& arguments);

} // namespace otk
