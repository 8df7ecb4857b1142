// The part of the Actor that takes up what was under way when validate, or knockd as a whole, was started
// again.
#include "knockd/journal.h"
#include "knockd/monitor/actor.h"
#include "knockd/monitor/ends.h"
#include "sys/boot.h"

namespace otk {

namespace {

// An owned validator must not fill our memory: the ledger's holds are as many as doors may be open, more only
// when that was lowered.
constexpr std::size_t most_told_holds = 16'384;

} // namespace

// A door is opened again only where an earlier life of ours has listed it, so had judged and opened it: the
// ledger's word alone opens nothing. An undo is never left out: what began must end.
bool Actor::told(const message::Held& held, const DoorListed* before) {
    const bool known_here = holds_.find(held.row) != nullptr;
    if (!known_here && holds_.size() >= most_told_holds) return false;
    OpenHold hold;
    hold.hold = {held.row,
                 held.grant,
                 held.address,
                 held.port,
                 from_nanoseconds(held.deadline),
                 std::string(held.argument.view())};
    hold.count = held.count;
    hold.carrier = held.carrier;
    const GrantCache::Found found = details_of(held.grant);
    const std::optional<GrantDetails>& details = *found;
    if (details) hold.details = *details;
    auto at_most = std::chrono::milliseconds::max();
    if (before != nullptr) {
        hold.claims = before->claims;
        if (!before->boot.empty() && before->boot == this_boot())
            at_most = std::chrono::milliseconds{before->boot_until} - since_boot();
    }
    // An earlier life may have opened it, listed or not.
    hold.opened = !held.address.empty() || hold.details.command.kind == CommandKind::forward;
    const bool listed = before != nullptr && before->address == held.address;
    const bool has_door = details && details->command.kind != CommandKind::exec;
    if (!may_last(world_.policy.grant(held.grant), world_.clock.now()))
        holds_.end_at_once(std::move(hold), Holds::Why::revoked);
    else if (has_door && !listed && !known_here)
        holds_.end_at_once(std::move(hold), Holds::Why::not_begun);
    else
        holds_.told(std::move(hold), at_most);
    return true;
}

bool Actor::asked(const message::Act& act) {
    // Twice what may wait for its turn, since all of that is asked about after a crash; at most some 60 MiB
    // of an owned validator's making.
    constexpr std::size_t most_unstored = 2 * Turns::most_of_all;
    const RowNumber row = act.row.row;
    if (commands_.knows(row)) return true;    // its end will come
    if (unstored_.contains(row)) return true; // has been sent again
    if (unstored_.size() >= most_unstored) return false;
    whose_[row] = act.grant;
    waiting_.erase(row); // who knew its SYNs is gone
    if (act.undo != 0) return asked_for_undo(act);
    const OpenHold* hold = holds_.find(row);
    const bool stands = hold != nullptr && !hold->ending && hold->details.command.kind != CommandKind::exec;
    ended(stands ? end_of_door(row, Outcome::opened, *hold, "after a restart")
                 : end_of(row, Outcome::interrupted, "cut off by a crash or a restart"));
    return true;
}

bool Actor::asked_for_undo(const message::Act& act) {
    const RowNumber row = act.row.row;
    auto hold = holds_.forget(act.hold); // its end is in the ledger, though nobody came to tell us
    const GrantCache::Found found = details_of(act.grant);
    const std::optional<GrantDetails>& details = *found;
    if (world_.started_undos.contains(row) || !details) {
        ended(end_of(row, Outcome::interrupted, "the undo was cut off: look what it left behind"));
        return true;
    }
    if (!hold) {
        hold.emplace(hold_of(act, *details, act.address));
        hold->hold.row = act.hold;
    }
    undo(row, *hold);
    return true;
}

void Actor::send_again() {
    for (const auto& [row, end] : unstored_)
        hands_.send_end(end);
    holds_.send_again();
}

} // namespace otk
