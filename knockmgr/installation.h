// What every subcommand starts with: the configuration, the policy and who asks.
#pragma once

#include "config/config.h"
#include "knockmgr/subcommand.h"
#include "store/ledger.h"
#include "store/policy_store.h"

#include <optional>
#include <string>
#include <string_view>

namespace otk::knockmgr {

// Who makes a change, for the change table: the name behind sudo, else the login's name, else "uid N".
[[nodiscard]] std::string who_asks();
// Are we root: only then are there accounts and owners to care for.
[[nodiscard]] bool is_root();

// Whether the file exists. Throws Error, with advice, when this user may not know, or not read it.
[[nodiscard]] bool is_there(const std::filesystem::path& file);
// Throws Error, with `knockmgr init` as advice, where nothing is installed.
void check_installed(const Places& where);
// Throw Error likewise.
[[nodiscard]] PolicyStore read_policy(const Places& where);
[[nodiscard]] PolicyStore change_policy(const Places& where);

// The row of the ledger that knockd acted on last; nothing when there is none yet. Throws Error when it
// cannot be read or is not a mark.
[[nodiscard]] std::optional<Head> read_mark(const Places& where);

// What a name means, or an Error that says which there are. A name that could never be one is refused as
// such.
[[nodiscard]] User user_called(const PolicyStore& store, const std::string& name);
[[nodiscard]] Command command_called(const PolicyStore& store, const std::string& name);
[[nodiscard]] GrantDetails grant_called(const PolicyStore& store, const std::string& user,
                                        const std::string& command);
// Throws Error unless it may be the name of a new user or command.
void check_new_name(std::string_view kind, const std::string& name);

// Asks on the terminal and returns when the answer is yes. Throws Error when it is not, or when there is no
// terminal and no --yes.
void confirm(const Invocation& invocation, const std::string& question);

} // namespace otk::knockmgr
