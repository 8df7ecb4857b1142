// What `knockgen dynamic` was asked to do, checked against what the profile says that the server takes: a
// request that would be refused spends a knock all the same, so it is refused here first.
#pragma once

#include "knockgen/arguments.h"
#include "knockgen/next_number.h"
#include "knockgen/profiles.h"
#include "net/address.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace otk {

struct DynamicOptions {
    NamedProfile named;
    Wanted wanted; // which knock
    // Which address P1 names. `choose`: ours on the way to the server, unless the grant takes none. Else
    // `address`; an empty one leaves it to the server, which takes the source.
    bool choose_address = true;
    Address address;
    bool ignore_sequence = false;
    bool no_clock = false;
    std::chrono::seconds timeout{15};
    std::vector<std::string> program; // of --exec; empty: count down
    bool json = false;
    std::string again; // the options that say the same once more, as they stand on a command line

    [[nodiscard]] const Profile& profile() const { return named.profile; }
};

// Throws UsageError for what cannot be meant, Error for what the profile does not allow.
[[nodiscard]] DynamicOptions dynamic_options(const Arguments& arguments);

} // namespace otk
