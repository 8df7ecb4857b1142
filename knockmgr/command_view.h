// A command as text and as JSON: for `command add`, `list` and `show`.
#pragma once

#include "config/config.h"
#include "knockmgr/output.h"
#include "policy/model.h"
#include "store/policy_store.h"

#include <string>
#include <vector>

namespace otk::knockmgr {

// "runs /bin/echo hello as nobody, for 30s at most", "opens 22/tcp for 1m". `closes` is the name of the
// command that a close command is about, else nothing.
[[nodiscard]] std::string what_it_does(const Command& command, const std::string& closes);

// The name of the command that this one closes; empty for other kinds.
[[nodiscard]] std::string closed_command(const std::vector<Command>& all, const Command& command);
// The names of the commands that close this one.
[[nodiscard]] std::vector<std::string> commands_that_close(const std::vector<Command>& all,
                                                           const Command& command);

// Fields that the kind has none of are null.
[[nodiscard]] Json json_of(const Command& command, const std::vector<Command>& all);
// All that there is to say of it, but for the users.
void add_fields(Fields& fields, const Command& command, const std::vector<Command>& all);

// What ends at once when knocks for these commands are not allowed any more: "; doors of it that are open end
// at once", "; what waits to be undone is undone at once". Empty where nothing lasts.
[[nodiscard]] std::string at_stake(const std::vector<Command>& commands);

// What has to be done, apart from a grant, before an open command keeps anybody out or lets anybody in: the
// guard, or lines of the administrator's ruleset. Lines; empty when nothing has.
[[nodiscard]] std::string firewall_advice(const Command& command, const PolicyStore& store,
                                          const Places& where);

} // namespace otk::knockmgr
