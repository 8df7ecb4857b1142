// Users, commands and grants as rows of policy.db and as JSON in its change table; for PolicyStore only.
#pragma once

#include "store/database.h"
#include "store/policy_store.h"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace otk {

using Json = nlohmann::ordered_json;

// A select whose rows the functions below read; `rest` is what follows the FROM clause (WHERE, ORDER BY).
[[nodiscard]] std::string select_users(std::string_view rest);
[[nodiscard]] std::string select_commands(std::string_view rest);
[[nodiscard]] std::string select_grants(std::string_view rest); // joined with user, command and enrolment

// From the current row, beginning with column `first`. Throw Error for what no otk wrote.
[[nodiscard]] User read_user(SQLite::Statement& row, int first = 0);
[[nodiscard]] Command read_command(const Database& database, SQLite::Statement& row, int first = 0);
[[nodiscard]] GrantDetails read_grant(const Database& database, SQLite::Statement& row);

[[nodiscard]] Json to_json(const User& user);
[[nodiscard]] Json to_json(const Command& command);
[[nodiscard]] Json to_json(const GrantDetails& details);
[[nodiscard]] Json to_json(const std::vector<Network>& networks);

// As text. Throws Error when a string in it is not UTF-8: `what` says whose.
[[nodiscard]] std::string json_text(const Json& json, std::string_view what);

} // namespace otk
