#include "knockd/monitor/actor.h"

#include "knockd/journal.h"
#include "knockd/monitor/lines.h"
#include "policy/decide.h"
#include "policy/tokens.h"
#include "sys/privileges.h"

#include <unistd.h>

#include <fmt/format.h>

namespace otk {

namespace {

End end_without_start(RowNumber row, Outcome outcome, Refusal refusal, std::string_view text) {
    End end;
    end.done.row = row;
    end.done.outcome = outcome;
    end.done.refusal = refusal;
    end.done.text = message::Text<128>::of(text);
    return end;
}

TokenValues token_values(const message::Act& act, const GrantDetails& details, const Address& address) {
    TokenValues values;
    if (!address.empty()) values.address = address.text();
    values.user = details.user.name;
    values.command = details.command.name;
    values.carrier = name_of(act.carrier);
    values.count = std::to_string(act.count);
    return values;
}

} // namespace

Actor::Actor(EventLoop& loop, const Clock& clock, const PolicyStore& policy, Mark& mark, Status& status,
             unsigned most_running, std::function<void(const End&)> send) :
    clock_(clock),
    policy_(policy), mark_(mark), status_(status), send_(std::move(send)),
    newest_(mark.head() ? mark.head()->row : RowNumber{}),
    commands_(loop, most_running, [this](End end) { ended(std::move(end)); }) {}

bool Actor::act(const message::Act& act) {
    if (act.row.row <= newest_) return false;
    newest_ = act.row.row;
    mark_.note(act.row);
    labels_[act.row.row] = label_of(act.grant);
    try {
        check_and_run(act);
    } catch (const Error& error) { // the policy cannot be read, or there is no process to be had
        ended(end_without_start(act.row.row, Outcome::not_started, Refusal::none, error.what()));
    }
    return true;
}

// The validator's word on the packet is all there is, but not on the time; its decision is taken again, by
// the same rules, from root's own file, which may also have changed since.
void Actor::check_and_run(const message::Act& act) {
    const auto details = policy_.grant(act.grant);
    Decision decision{Refusal::no_such_grant, {}};
    if (details && details->grant.retired) {
        decision.refusal = Refusal::retired;
    } else if (details) {
        const KnockFacts facts{clock_.now(), act.carrier, act.source, act.named};
        decision =
            decide(details->user, details->command, details->grant.enabled, details->grant.rules, facts);
    }
    if (!decision.allowed()) {
        ended(end_without_start(act.row.row, Outcome::refused, decision.refusal, {}));
        return;
    }
    ++status_.accepted;
    journal("knockd", line_of(act, labels_[act.row.row], "accepted"));
    run(act, *details, decision.address);
}

void Actor::run(const message::Act& act, const GrantDetails& details, const Address& address) {
    const TokenValues values = token_values(act, details, address);
    Job job{act.row.row,
            {expand(details.command.argv, values), environment(values), std::nullopt},
            details.command.time_limit};
    if (geteuid() == 0) {
        job.run.run_as = find_account(details.command.run_as);
        if (!job.run.run_as) throw Error("there is no user " + details.command.run_as);
    }
    commands_.submit(std::move(job));
}

// For the journal: it must not fail because the policy cannot be read.
std::string Actor::label_of(GrantId grant) const {
    try {
        return grant_label(policy_.grant(grant), grant);
    } catch (const Error&) {
        return fmt::format("grant {}", static_cast<std::int64_t>(grant));
    }
}

bool Actor::asked(const message::Act& act) {
    constexpr std::size_t most_unstored = 20'000; // twice what may wait for its turn
    const RowNumber row = act.row.row;
    if (commands_.knows(row)) return true;    // its end will come
    if (unstored_.contains(row)) return true; // has been sent again
    if (unstored_.size() >= most_unstored) return false;
    labels_[row] = label_of(act.grant);
    ended(end_without_start(row, Outcome::interrupted, Refusal::none, "cut off by a crash or a restart"));
    return true;
}

void Actor::send_again() {
    for (const auto& [row, end] : unstored_)
        send_(end);
}

void Actor::ended(End end) {
    const RowNumber row = end.done.row;
    if (end.done.outcome == Outcome::refused) ++status_.refused;
    journal("knockd", line_of(end.done, labels_[row]));
    labels_.erase(row);
    const auto kept = unstored_.insert_or_assign(row, std::move(end)).first;
    send_(kept->second);
}

void Actor::stored(const message::Stored& stored) {
    unstored_.erase(stored.row);
    mark_.note(stored.head);
}

void Actor::report(const message::Report& report) {
    using What = message::Report::What;
    switch (report.what) {
    case What::refused:
    case What::same_image: ++status_.refused; break;
    case What::contested: ++status_.contested; break;
    case What::replay: // counted by validate, with those that are not reported
    case What::late:
    case What::duplicate: break;
    }
    if (report.row.row != RowNumber{}) mark_.note(report.row);
    journal("knockd", line_of(report, label_of(report.grant)));
}

} // namespace otk
