// The options that say which chain and which part of it, the same for all subcommands.
#pragma once

#include "knockgen/arguments.h"
#include "otp/chain.h"
#include "otp/text_form.h"
#include "sheet/sheet.h"

#include <string>
#include <vector>

namespace otk {

inline constexpr Count default_length = 100; // as knockmgr's

// --algorithm; sha256 without it. Throws UsageError for an unknown name, Error when this system has no such
// digest.
[[nodiscard]] Algorithm chosen_algorithm(const Arguments& arguments);
// The same for an algorithm that a challenge named.
void demand(Algorithm algorithm);

// --seed in lower case; UsageError when it is missing or breaks a rule of RFC 2289.
[[nodiscard]] std::string chosen_seed(const Arguments& arguments);
[[nodiscard]] std::string checked_seed(std::string_view seed);

[[nodiscard]] TextForm chosen_form(const Arguments& arguments, TextForm without_option);

// --length, --from and --count. UsageError where they contradict each other.
struct Range {
    Count length = 0; // of the chain; where only --from was given, a guess that is long enough
    bool length_is_known = true;
    Count from = 0;  // the highest number wanted, 1 to length - 1
    Count count = 0; // 1 to from
};
[[nodiscard]] Range chosen_range(const Arguments& arguments);

// Highest number first. Costs `from` steps.
[[nodiscard]] std::vector<NumberedKnock> knocks_of(const ChainSecret& chain, const Range& range);

// A value as knockgen prints it: words with blanks between them, all else without, as `ping -p` and dns take
// it.
[[nodiscard]] std::string printed(const Value& value, TextForm form);

} // namespace otk
