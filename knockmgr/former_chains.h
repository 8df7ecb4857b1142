// Chains that were replaced by a renewal or went with their grant, from the record of changes: so that a
// value of an old sheet can be told from one of nobody's.
#pragma once

#include "store/policy_store.h"

#include <string>
#include <vector>

namespace otk::knockmgr {

struct FormerChain {
    GrantDetails grant; // names, enrolment and chain as they were; nothing else is filled in
    Time until{};
    std::string who;      // who replaced or removed it
    bool removed = false; // else replaced
};

// Oldest first. Costs a look at every change there ever was.
[[nodiscard]] std::vector<FormerChain> former_chains(const PolicyStore& store);

} // namespace otk::knockmgr
