#include "knockmgr/rule_conflicts.h"

#include "base/text.h"
#include "policy/time_zone.h"
#include "policy/tokens.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

std::optional<std::string> address_conflict(const GrantRules& rules, const Command& command) {
    if (!rules.named_within.empty() && rules.address != AddressRule::named) {
        return "--named-within says where a named address must lie, but --address is not named";
    }
    if (rules.address == AddressRule::claim && command.kind != CommandKind::forward) {
        return fmt::format("--address claim is for forwarding doors, which can wait for whoever connects; {} "
                           "is of kind {}. For those who knock by a resolver there is --address named",
                           command.name, name_of(command.kind));
    }
    const bool only_dns = rules.carriers == *parse_carriers("dns");
    if (only_dns && rules.address == AddressRule::knock && uses_address(command)) {
        return fmt::format("every knock would be refused: {} acts on an address, and a dns knock comes from "
                           "a resolver; say --address named (with the sheet in --form base32), or allow "
                           "another carrier",
                           command.name);
    }
    return std::nullopt;
}

// Does a time between the two lie within the hours? Hours repeat after a week, but for a change to or from
// summer time: two weeks show them all.
bool ever_within(const GrantRules& rules, Time from, Time until) {
    const Time end = std::min(until, from + std::chrono::hours{14 * 24});
    for (Time time = from; time < end; time += std::chrono::minutes{1}) {
        const auto local = local_time(time, rules.time_zone);
        if (!local || within(rules.hours, *local)) return true;
    }
    return false;
}

std::optional<std::string> time_conflict(const GrantRules& rules, Time now) {
    if (rules.not_before && rules.expires_at && *rules.not_before >= *rules.expires_at) {
        return fmt::format("the grant would expire at {}, before it is valid at {}",
                           format_utc(*rules.expires_at), format_utc(*rules.not_before));
    }
    if (rules.hours.empty() || !rules.expires_at) return std::nullopt;
    const Time from = std::max(now, rules.not_before.value_or(now));
    if (*rules.expires_at <= from || ever_within(rules, from, *rules.expires_at)) return std::nullopt;
    return fmt::format("every knock would be refused: from {} until it expires at {} no time is within the "
                       "hours",
                       format_utc(from), format_utc(*rules.expires_at));
}

} // namespace

std::optional<std::string> conflict_in(const GrantRules& rules, const Command& command, Time now) {
    if (auto conflict = address_conflict(rules, command)) return conflict;
    return time_conflict(rules, now);
}

} // namespace otk::knockmgr
