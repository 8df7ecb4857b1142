// The text of the monitor's mark (DESIGN 8, docs/FORMAT.md): "otk-mark-1 ROW HASH" and a line end. knockd
// writes the file, knockmgr reads it.
#pragma once

#include "store/ledger.h"

#include <optional>
#include <string>
#include <string_view>

namespace otk {

[[nodiscard]] std::string format_mark(const Head& head);
[[nodiscard]] std::optional<Head> parse_mark(std::string_view text);

// A row number and 64 hex digits, as the mark and the journal's anchors have them; nothing for all else.
[[nodiscard]] std::optional<Head> parse_head(std::string_view row, std::string_view hash);

} // namespace otk
