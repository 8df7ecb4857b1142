// From a command's argv to what is run.
#pragma once

#include "knockd/monitor/turns.h"
#include "store/policy_store.h"

#include <string>
#include <vector>

namespace otk {

// What the tokens of an argv stand for (DESIGN 9).
struct JobFacts {
    const GrantDetails& details;
    const Address& address;
    Carrier carrier{};
    Count count = 0;
    const std::string& argument; // of a signed knock, else empty
};
// The command's argv, or its undo, with tokens and environment filled in, as the command's user when we are
// root. Throws Error when there is no such user.
[[nodiscard]] ReadyToRun ready_to_run(const std::vector<std::string>& argv, const JobFacts& facts);

} // namespace otk
