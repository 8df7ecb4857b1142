// The text of the monitor's mark (DESIGN 8, docs/FORMAT.md): "otk-mark-1 ROW HASH" and a line end. knockd
// writes the file, knockmgr reads it.
#pragma once

#include "store/ledger.h"

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace otk {

[[nodiscard]] std::string format_mark(const Head& head);
[[nodiscard]] std::optional<Head> parse_mark(std::string_view text);

// A row number and 64 hex digits, as the mark and the journal's anchors have them; nothing for all else.
[[nodiscard]] std::optional<Head> parse_head(std::string_view row, std::string_view hash);

// The text of the monitor's file "undo": "otk-undo-1", the rows of the undos that were started and whose end
// is not in the ledger yet, in their order with a blank before each, and a line end (docs/FORMAT.md).
[[nodiscard]] std::string format_started_undos(const std::set<RowNumber>& rows);
[[nodiscard]] std::optional<std::set<RowNumber>> parse_started_undos(std::string_view text);

} // namespace otk
