#include "firewall/put_guard.h"

#include "base/promise.h"
#include "firewall/nft.h"

namespace otk {

void put_guard(RulesetWatch& watch, const GuardPlan& plan, std::optional<std::chrono::milliseconds> trial,
               const std::vector<OpenDoor>& doors) {
    if (watch.table(guard_table).handle != 0) {
        try {
            return run_nft(guard_ruleset(plan, trial));
        } catch (const Error&) {
            // It has been made another thing than it was, or nft itself fails: the next attempt tells.
        }
    }
    run_nft(guard_ruleset_anew(plan, trial, doors));
}

} // namespace otk
