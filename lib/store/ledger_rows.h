// Rows of the ledger as columns; for Ledger only. docs/FORMAT.md names the columns and their order.
#pragma once

#include "base/result.h"
#include "store/database.h"
#include "store/ledger.h"

#include <optional>
#include <string>
#include <string_view>

namespace otk {

// What a select must list for read_row, in this order; `hash` comes after them, as column `hash_column`.
[[nodiscard]] std::string select_rows(std::string_view rest);
inline constexpr int hash_column = 23;
inline constexpr std::string_view insert_row =
    "INSERT INTO event (number, at, kind, of, grant, chain, user, command, count, jumped, algorithm, value, "
    "carrier, source, source_port, named, address, refusal, outcome, status, duration, text, request, hash) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

// Binds all parameters of insert_row; row and hash stay where they are until it was carried out.
void lend_row(SQLite::Statement& insert, const Row& row, const RowHash& hash);

// The address of a blob, none of an empty one; nothing for bytes that no otk wrote.
[[nodiscard]] std::optional<Address> read_address(const SQLite::Column& column);
// The current row, or what is wrong with it: then no otk wrote it.
[[nodiscard]] Result<Row, std::string> read_row(SQLite::Statement& select);
// The same, throwing Error for a damaged row.
[[nodiscard]] Row read_row_of(const Database& database, SQLite::Statement& select);
[[nodiscard]] RowHash read_hash_of(const Database& database, SQLite::Statement& select, int column);

} // namespace otk
