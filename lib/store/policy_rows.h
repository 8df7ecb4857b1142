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
[[nodiscard]] std::string select_grants_alone(std::string_view rest); // the same without the command

[[nodiscard]] std::string select_removed_grants(std::string_view rest);
// A statement that keeps what removed_grant needs. Its parameters: id of the grant, time, ids of user and
// command.
[[nodiscard]] std::string insert_removed_grant();

// From the current row, beginning with column `first`. Throw Error for what no otk wrote.
[[nodiscard]] User read_user(SQLite::Statement& row, int first = 0);
[[nodiscard]] Command read_command(const Database& database, SQLite::Statement& row, int first = 0);
[[nodiscard]] GrantDetails read_grant(const Database& database, SQLite::Statement& row);
[[nodiscard]] GrantDetails read_grant_alone(const Database& database, SQLite::Statement& row);
[[nodiscard]] GrantDetails read_removed_grant(const Database& database, SQLite::Statement& row);

[[nodiscard]] Json to_json(const User& user);
// `closes`: the name of the command that a close command ends.
[[nodiscard]] Json to_json(const Command& command, std::string_view closes);
[[nodiscard]] Json to_json(const GrantDetails& details);
[[nodiscard]] Json to_json(const std::vector<Network>& networks);
[[nodiscard]] Json to_json(const ServerKeyRecord& key);
[[nodiscard]] Json to_json(const GuardDecision& decision);

// As text. Throws Error when a string in it is not UTF-8: `what` says whose.
[[nodiscard]] std::string json_text(const Json& json, std::string_view what);
[[nodiscard]] std::string json_text(const std::vector<Hours>& hours); // an array, as the column keeps it

} // namespace otk
