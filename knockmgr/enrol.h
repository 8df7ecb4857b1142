// A new chain for a grant: from a user's token, or made here for a printed sheet. For `grant add` and `grant
// renew`.
#pragma once

#include "config/config.h"
#include "knockmgr/subcommand.h"
#include "otp/token.h"
#include "store/policy_store.h"

#include <functional>
#include <optional>
#include <vector>

namespace otk::knockmgr {

// --generate, --token, --length, --algorithm, --seed, --sheet, --host, --form, --json.
[[nodiscard]] const std::vector<Option>& enrol_options();

inline constexpr Count default_length = 100; // as knockgen's

// For whom the chain is: what a sheet says, and which grant it replaces, if any.
struct Purpose {
    User user;
    Command command;
    GrantRules rules;
    bool enabled = true;
    std::optional<GrantId> replaces;
    Count length = default_length; // of a generated chain without --length
};

// Checks the chain against all that DESIGN 3 demands, then calls `store_it` to put it into policy.db. A sheet
// file is written before that (a grant whose sheet could not be written is of no use) and taken away when
// `store_it` throws; without a file the knocks are printed after it. The chain's secret is kept nowhere.
// Returns the exit code.
[[nodiscard]] int enrol(const Invocation& invocation, const PolicyStore& store, const Purpose& purpose,
                        const std::function<void(const Enrolment&, const ChainId&)>& store_it);

} // namespace otk::knockmgr
