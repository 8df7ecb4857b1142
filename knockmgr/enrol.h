// A new chain for a grant: from a user's token, or made here for a printed sheet. For `grant add` and `grant
// renew`.
#pragma once

#include "config/config.h"
#include "knockmgr/grant_sheet.h"
#include "knockmgr/subcommand.h"
#include "otp/token.h"
#include "profile/profile.h"
#include "store/policy_store.h"

#include <functional>
#include <optional>
#include <vector>

namespace otk::knockmgr {

// --generate, --token, --length, --algorithm, --seed, --sheet, --host, --form, --json.
[[nodiscard]] const std::vector<Option>& enrol_options();

inline constexpr Count default_length = 100; // as knockgen's

// For whom the chain is: what a sheet says, and the grant as it is before a renewal, if it is one.
struct Purpose {
    User user;
    Command command;
    GrantRules rules;
    bool enabled = true;
    std::optional<Grant> replaces;
};

// A chain that is in policy.db, and what there is to tell of it.
struct Enrolled {
    Enrolment enrolment;
    SheetPlan plan;
    std::optional<Profile> profile; // of one whose secret the user has
};

using StoreChain = std::function<void(const Enrolment&, const ChainId&, const Handover&)>;

// Checks the chain against all that DESIGN 3 demands, and that a renewal does not give up signatures unless
// --unsigned says so; then calls `store_it` to put it into policy.db. A sheet file is written before that (a
// grant whose sheet could not be written is of no use) and taken away when `store_it` throws; without a file
// the knocks are printed, before it too. The chain's secret is kept nowhere.
[[nodiscard]] Enrolled enrol(const Invocation& invocation, const PolicyStore& store, const Purpose& purpose,
                             const StoreChain& store_it);

// Tells what was done. Returns the exit code.
[[nodiscard]] int print_enrolled(const Invocation& invocation, const Purpose& purpose,
                                 const Enrolled& enrolled);

} // namespace otk::knockmgr
