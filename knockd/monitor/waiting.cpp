// The part of the Actor that is about dynamic requests (DESIGN 6): they are checked when they were accepted,
// and again when their SYNs have come, and only then something is opened.
#include "knockd/journal.h"
#include "knockd/monitor/actor.h"
#include "knockd/monitor/ends.h"

namespace otk {

namespace {

using Stage = message::Act::Stage;

// An owned validator must not fill our memory. Validate has no more than this at work; the ends of others may
// be on their way to it.
constexpr std::size_t most_waiting = 2 * message::most_sessions;

End end_without_door(RowNumber row, Stage stage) {
    switch (stage) {
    case Stage::no_syns: return end_of(row, Outcome::no_syns, "within 10 s");
    case Stage::replaced: return end_of(row, Outcome::no_syns, "before a newer request took its place");
    case Stage::not_held: return end_of(row, Outcome::not_started, "its hold could not be recorded");
    case Stage::at_once:
    case Stage::waits:
    case Stage::arrived: break;
    }
    broken_promise("a dynamic request that goes on was ended");
}

} // namespace

bool Actor::await_syns(const message::Act& act) {
    if (waiting_.size() >= most_waiting) return false;
    waiting_[act.row.row] = false;
    const auto checked = check(act);
    if (!checked) return true;
    if ((*checked->details)->command.kind != CommandKind::forward) return false;
    accepted(act, *checked, "accepted, waits for its SYNs");
    return true;
}

// The second Act. Its request may have been refused when validate did not know that yet.
bool Actor::go_on(const message::Act& act) {
    const RowNumber row = act.row.row;
    const auto waiting = waiting_.find(row);
    if (waiting == waiting_.end()) return false;
    const bool has_ended = waiting->second;
    if (!has_ended && whose_[row] != act.grant) return false;
    waiting_.erase(waiting);
    if (act.stage != Stage::arrived) {
        if (!has_ended) ended(end_without_door(row, act.stage));
        return true;
    }
    if (has_ended) {
        not_held(act, std::nullopt);
        return true;
    }
    try {
        return check_and_do(act);
    } catch (const Error& error) { // the policy cannot be read, or no port is free
        not_held(act, std::nullopt);
        ended(end_of(row, Outcome::not_started, error.what()));
        return true;
    }
}

} // namespace otk
