#include "knockd/monitor/doorway.h"

namespace otk {

OpenHold hold_of(const message::Act& act, const GrantDetails& details, const Address& address) {
    OpenHold hold;
    hold.hold = {act.hold,
                 act.grant,
                 address,
                 act.port,
                 from_nanoseconds(act.deadline),
                 std::string(act.argument.view())};
    hold.count = act.count;
    hold.carrier = act.carrier;
    hold.details = details;
    return hold;
}

bool may_last(const std::optional<GrantDetails>& details, Time now) {
    return details && details->user.enabled && details->command.enabled && details->grant.enabled &&
           !details->grant.retired &&
           !(details->grant.rules.expires_at && now >= *details->grant.rules.expires_at);
}

} // namespace otk
