// To whose chain does a value belong? By hashing it forward until a value comes up that the server knows.
#pragma once

#include "knockmgr/positions.h"
#include "otp/text_form.h"

#include <optional>
#include <vector>

namespace otk::knockmgr {

struct FoundKnock {
    GrantDetails grant;
    Count number = 0;  // of the value in the chain
    Count reached = 0; // the count the server has come to: numbers below it are not used
    Value value;       // the reading of the text that is in the chain
};

// Costs as many hashes as the longest chain is long, for each reading and algorithm.
[[nodiscard]] std::optional<FoundKnock>
find_knock(const Readings& readings, const std::vector<GrantDetails>& grants, const Positions& positions);

} // namespace otk::knockmgr
