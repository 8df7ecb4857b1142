#include "firewall/put_guard.h"

#include "base/promise.h"
#include "firewall/nft.h"

#include <functional>
#include <set>

namespace otk {

namespace {

// The sessions go into the same transaction as the rules, so that none loses a segment, and none ends where
// this process does. Those that began between the look and the transaction are added after it: from then on
// the kernel notes new ones.
std::string put_with_sessions(SessionSets& sets, const GuardPlan& plan,
                              const std::function<void(const std::set<Session>&)>& put) {
    std::set<Session> existing;
    try {
        existing = existing_sessions(plan.services, plan.always_allow);
    } catch (const Error& error) {
        put({});
        return error.what();
    }
    put(existing);
    try {
        (void)sets.settle(plan);
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

} // namespace

std::string put_guard(RulesetWatch& watch, SessionSets& sessions, const GuardPlan& plan,
                      std::optional<std::chrono::milliseconds> trial, const std::vector<OpenDoor>& doors) {
    return put_with_sessions(sessions, plan, [&](const std::set<Session>& existing) {
        if (watch.table(guard_table).handle != 0) {
            try {
                return run_nft(guard_ruleset(plan, trial, existing));
            } catch (const Error&) {
                // It has been made another thing than it was, or nft itself fails: the next attempt tells.
            }
        }
        run_nft(guard_ruleset_anew(plan, trial, existing, doors));
    });
}

std::string put_guard_anew(SessionSets& sessions, const GuardPlan& plan,
                           std::optional<std::chrono::milliseconds> trial,
                           const std::vector<OpenDoor>& doors) {
    return put_with_sessions(sessions, plan, [&](const std::set<Session>& existing) {
        run_nft(guard_ruleset_anew(plan, trial, existing, doors));
    });
}

} // namespace otk
