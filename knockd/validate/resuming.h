// What a start of knockd-validate tells the monitor of the time before it: the doors and holds that are still
// there, and the commands whose end is not on record (DESIGN 9).
#pragma once

#include "knockd/messages.h"
#include "store/ledger.h"

#include <vector>

namespace otk {

// In order of row. Throws Error.
[[nodiscard]] std::vector<message::Held> held(const Ledger& ledger);

// A question (ask_only) for each accepted and each undo row without an end, in order of row. Of a knock that
// began a hold which is still there, it also says which. Throws Error.
[[nodiscard]] std::vector<message::Act> questions(const Ledger& ledger);

} // namespace otk
