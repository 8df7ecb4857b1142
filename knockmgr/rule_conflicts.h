// Rules that no knock could ever fulfil, or that say nothing: found when they are given, because whoever
// knocks later learns only that nothing happens.
#pragma once

#include "base/clock.h"
#include "policy/model.h"

#include <optional>
#include <string>

namespace otk::knockmgr {

// One line that says what is wrong and what to do; nothing when all is well.
[[nodiscard]] std::optional<std::string> conflict_in(const GrantRules& rules, const Command& command,
                                                     Time now);

} // namespace otk::knockmgr
