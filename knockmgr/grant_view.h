// Grants as listings show them.
#pragma once

#include "knockmgr/positions.h"

#include <string>
#include <vector>

namespace otk::knockmgr {

// Without positions (the ledger cannot be read) the knocks that are left are shown as unknown. Return the
// exit code.
[[nodiscard]] int print_grants(const std::vector<GrantDetails>& grants,
                               const std::optional<Positions>& positions, Time now, bool json);
[[nodiscard]] int print_grant(const GrantDetails& grant, const std::optional<Positions>& positions, Time now,
                              bool json);

// Whether a knock would pass now, but for what it brings itself: "enabled", "user disabled", "expired",
// "must be renewed", ...
[[nodiscard]] std::string state_of(const GrantDetails& grant, Time now);

} // namespace otk::knockmgr
