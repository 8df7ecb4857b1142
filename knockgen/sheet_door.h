// The options of `knockgen sheet` that say what a knock opens.
#pragma once

#include "knockgen/arguments.h"
#include "sheet/sheet.h"

#include <optional>

namespace otk {

// --open, --ports, --ssh and --hold; nothing when the knocks open no port. UsageError for what cannot be read
// and for what says nothing.
[[nodiscard]] std::optional<SheetDoor> chosen_door(const Arguments& arguments);

} // namespace otk
