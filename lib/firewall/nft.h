// The program nft, for whole rulesets.
#pragma once

#include <string>

namespace otk {

// Carries the script out, all of it or nothing. Blocks for some milliseconds, and ends nft after ten seconds.
// Throws Error with what nft said, or when it is not installed.
void run_nft(const std::string& script);

// What `nft list table inet TABLE` prints; "" when there is no such table. Elements of sets may be very many,
// and the text ends after a MiB. Throws Error likewise.
enum class Elements : bool { shown, left_out };
[[nodiscard]] std::string list_table(const std::string& table, Elements elements = Elements::shown);

} // namespace otk
