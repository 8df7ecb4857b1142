#include "knockd/validate/releases.h"

namespace otk {

namespace {

using Why = message::Release::Why;

std::string_view text_of(Why why) {
    switch (why) {
    case Why::time: return "its time was over";
    case Why::revoked: return "revoked";
    case Why::by_knock: return "closed by a knock";
    case Why::by_administrator: return "closed by an administrator";
    case Why::not_begun: return "was never begun";
    case Why::lost: return "its relay was lost";
    }
    return {};
}

// A knock has prolonged it while the monitor's timer ran out: the monitor is about to hear of that.
bool prolonged(const message::Release& release, const Hold& hold) {
    return release.why == Why::time && to_nanoseconds(hold.deadline) > release.deadline;
}

Row end_of(const Hold& hold, const Ledger& ledger, const message::Release& release, Time now) {
    Row row;
    row.at = now;
    row.kind = release.undo ? RowKind::undo : RowKind::closed;
    row.of = hold.row;
    row.grant = hold.grant;
    row.address = hold.address;
    row.text = text_of(release.why);
    if (const auto knock = ledger.row(hold.row)) {
        row.chain = knock->chain;
        row.user = knock->user;
        row.command = knock->command;
        row.count = knock->count;
    }
    return row;
}

} // namespace

void Releases::take(const message::Release& release) {
    promise(release.why >= Why::time && release.why <= Why::lost && release.row > RowNumber{} &&
                release.deadline >= 0,
            "knockd released what is no hold, or for no reason");
    waiting_.push_back(release);
}

std::vector<message::Released> Releases::store(Ledger& ledger, Time now) {
    std::vector<message::Released> answers;
    if (waiting_.empty()) return answers;
    try {
        ledger.begin();
        for (const message::Release& release : waiting_) {
            message::Released answer;
            answer.hold = release.row;
            if (const auto hold = ledger.hold_of(release.row)) {
                if (prolonged(release, *hold)) continue;
                promise(ledger.release(release.row), "the ledger and its writer disagree on a hold");
                Row row = end_of(*hold, ledger, release, now);
                answer.row = ledger.append(row);
                answer.undo = release.undo ? 1 : 0;
            }
            answers.push_back(answer);
        }
        ledger.commit();
    } catch (...) {
        ledger.roll_back();
        throw;
    }
    waiting_.clear();
    return answers;
}

} // namespace otk
