// The monitor's mark (docs/FORMAT.md): which row of the ledger knockd acted on last. knockmgr only reads it.
#pragma once

#include "config/config.h"
#include "store/ledger.h"

#include <optional>

namespace otk::knockmgr {

// Nothing when there is none yet. Throws Error when it cannot be read or is not a mark.
[[nodiscard]] std::optional<Head> read_mark(const Places& where);

// "ROW" and 64 hex digits, as the mark and the journal have them; nothing for all else.
[[nodiscard]] std::optional<Head> parse_head(std::string_view row, std::string_view hash);

} // namespace otk::knockmgr
