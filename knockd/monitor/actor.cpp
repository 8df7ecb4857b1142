#include "knockd/monitor/actor.h"

#include "knockd/journal.h"
#include "knockd/monitor/ends.h"
#include "knockd/monitor/jobs.h"
#include "knockd/monitor/lines.h"
#include "policy/argument.h"
#include "policy/decide.h"
#include "policy/time_zone.h"
#include "store/outcome_text.h"
#include "sys/boot.h"

#include <fmt/format.h>

namespace otk {

Actor::Actor(const World& world, const Config& config, Hands hands) :
    world_(world), hands_(std::move(hands)), most_holds_(config.limits.doors), grants_(world.policy),
    newest_(world.mark.head() ? world.mark.head()->row : RowNumber{}),
    holds_(world.loop, world.clock, world.doorway, {hands_.send_release, hands_.doors_changed}),
    commands_(
        world.loop, config.limits.running_commands, [this](End end) { ended(std::move(end)); },
        world.spares) {}

void Actor::configure(const Config& config) {
    most_holds_ = config.limits.doors;
    commands_.set_most_running(config.limits.running_commands);
}

bool Actor::act(const message::Act& act) {
    if (act.stage > message::Act::Stage::waits) return go_on(act);
    if (act.row.row <= newest_) return false;
    newest_ = act.row.row;
    world_.mark.note(act.row);
    whose_[act.row.row] = act.grant;
    try {
        return act.stage == message::Act::Stage::waits ? await_syns(act) : check_and_do(act);
    } catch (const Error& error) { // the policy cannot be read, or there is no process to be had
        not_held(act, std::nullopt);
        ended(end_of(act.row.row, Outcome::not_started, error.what()));
        return true;
    }
}

Actor::SpentKnock Actor::knock_of(const message::Act& act, const Address& address) {
    return {act.grant,
            act.count,
            act.carrier,
            act.source,
            act.named,
            address,
            std::string(act.argument.view()),
            act.is_signed != 0};
}

// The validator's word on the packet is all there is, but not on the time; its decision is taken again, by
// the same rules, from root's own file, which may also have changed since. It has counted how often the grant
// was used; the hours are judged here alone, because its sandbox has no time zones.
Refusal Actor::refusal_of(const GrantDetails& details, const SpentKnock& knock, Decision& decision) const {
    if (details.grant.retired) return Refusal::retired;
    const GrantRules& rules = details.grant.rules;
    const bool demanded = details.grant.enrolment.public_key && !rules.plain;
    if (demanded && !knock.is_signed) return Refusal::signature_missing;
    KnockFacts facts{world_.clock.now(), knock.carrier, knock.source, knock.named};
    facts.is_signed = knock.is_signed;
    facts.claimed = facts.at; // the validator has compared it, when the knock came
    facts.argument = knock.argument;
    if (!rules.hours.empty()) {
        facts.local = local_time(facts.at, rules.time_zone);
        facts.time_zone_unknown = !facts.local;
    }
    decision = decide(details.user, details.command, details.grant.enabled, rules, facts);
    return decision.refusal;
}

std::optional<Actor::Checked> Actor::check(const message::Act& act) {
    GrantCache::Found found = grants_.grant(act.grant);
    const std::optional<GrantDetails>& details = *found;
    Decision decision;
    const SpentKnock knock = knock_of(act, act.address);
    const Refusal refusal = details ? refusal_of(*details, knock, decision) : Refusal::no_such_grant;
    if (refusal != Refusal::none) {
        refuse(act, details, refusal);
        return std::nullopt;
    }
    return Checked{std::move(found), decision.address};
}

bool Actor::check_and_do(const message::Act& act) {
    const auto checked = check(act);
    if (!checked) return true;
    const GrantDetails& details = **checked->details;
    if (lasts(details.command) != (act.hold != RowNumber{})) return false;
    if (act.hold != RowNumber{} && act.address != checked->address) { // the ledger's hold is for another one
        refuse(act, *checked->details, Refusal::address_not_allowed);
        return true;
    }
    if (act.stage == message::Act::Stage::at_once) accepted(act, *checked, "accepted");
    if (act.hold != RowNumber{}) return hold(act, details, checked->address);
    if (details.command.kind == CommandKind::close)
        close_doors_of(act, details);
    else
        run(act, details, checked->address);
    return true;
}

void Actor::accepted(const message::Act& act, const Checked& checked, const std::string& verdict) {
    ++world_.status.accepted;
    journal("knockd", line_of(act, grant_label(*checked.details, act.grant), verdict));
    world_.noticing.used(act, **checked.details, checked.address, world_.clock.now());
}

// The knock is spent, and where its command lasts the ledger has a hold of it: that must end, or must not
// last longer than before.
void Actor::refuse(const message::Act& act, const std::optional<GrantDetails>& details, Refusal refusal) {
    End end = end_of(act.row.row, Outcome::refused);
    end.done.refusal = refusal;
    if (details && refusal == Refusal::outside_hours) {
        const Time now = world_.clock.now();
        const std::string there = local_text(now, details->grant.rules.time_zone);
        const std::string here = local_text(now, {});
        end.done.text = message::Text<128>::of(there == here ? here : fmt::format("{}, {}", there, here));
    }
    not_held(act, details);
    world_.noticing.refused(act, details, refusal);
    ++world_.status.refused;
    journal("knockd",
            line_of(act, label_of(act.grant),
                    how_it_ended({end.done.outcome, end.done.refusal, 0, {}, end.done.text.view()})),
            Priority::notice);
    keep(std::move(end));
}

// What the ledger has of it must end, or must not last longer than before. Nothing where that is known
// already.
void Actor::not_held(const message::Act& act, const std::optional<GrantDetails>& details) {
    if (act.hold == RowNumber{}) return;
    OpenHold* held = holds_.find(act.hold);
    if (held != nullptr && act.hold != act.row.row)
        return holds_.not_prolonged(*held, from_nanoseconds(act.deadline));
    if (held == nullptr)
        holds_.end_at_once(hold_of(act, details.value_or(GrantDetails{}), act.address),
                           Holds::Why::not_begun);
}

// Argv, environment and account are made when its turn comes: ten thousand that wait must be cheap.
void Actor::run(const message::Act& act, const GrantDetails& details, const Address& address) {
    Job job;
    job.row = act.row.row;
    job.user = details.user.id;
    if (!details.command.undo.empty()) job.lane = act.grant;
    const SpentKnock knock = knock_of(act, address);
    job.prepare = [this, knock] { return its_turn(knock); };
    commands_.submit(std::move(job));
}

// What was waiting may have been revoked meanwhile.
ReadyToRun Actor::its_turn(const SpentKnock& knock) {
    const GrantCache::Found details = grants_.grant(knock.grant);
    if (!*details) return {.refusal = Refusal::no_such_grant};
    Decision decision;
    const Refusal refusal = refusal_of(**details, knock, decision);
    if (refusal != Refusal::none) return {.refusal = refusal};
    if (decision.address != knock.address) return {.refusal = Refusal::address_not_allowed};
    return ready_to_run((*details)->command.argv,
                        {**details, knock.address, knock.carrier, knock.count, knock.argument});
}

// What lasts: begins, or prolongs what its hold names.
bool Actor::hold(const message::Act& act, const GrantDetails& details, const Address& address) {
    OpenHold* held = holds_.find(act.hold);
    if (act.hold == act.row.row) {
        if (held != nullptr) return false;
        begin_hold(act, hold_of(act, details, address));
        return true;
    }
    if (held == nullptr || held->hold.grant != act.grant || held->hold.address != address ||
        held->hold.port != act.port || held->hold.argument != act.argument.view()) {
        return false;
    }
    prolong(act, *held);
    return true;
}

void Actor::begin_hold(const message::Act& act, OpenHold hold) {
    const RowNumber row = act.row.row;
    if (holds_.size() >= most_holds_) {
        holds_.end_at_once(std::move(hold), Holds::Why::not_begun);
        return ended(end_of(row, Outcome::not_started,
                            fmt::format("{} doors are open already ([limits] doors)", most_holds_)));
    }
    const GrantDetails details = hold.details;
    const Address address = hold.hold.address;
    const Doorway::Opened opened = holds_.begin(std::move(hold));
    if (details.command.kind == CommandKind::exec) return run(act, details, address);
    ended(end_of_door(row, Outcome::opened, *holds_.find(row), opened.remark));
}

void Actor::prolong(const message::Act& act, OpenHold& hold) {
    if (hold.ending && hold.ending != Holds::Why::time)
        return ended(end_of(act.row.row, Outcome::not_started, "it was just being closed; knock again"));
    const Doorway::Opened opened = holds_.prolong(hold, from_nanoseconds(act.deadline));
    ended(end_of_door(act.row.row, Outcome::prolonged, hold, opened.remark));
}

// By knock: what the same user has of that command.
void Actor::close_doors_of(const message::Act& act, const GrantDetails& details) {
    const auto is_meant = [&details](const OpenHold& hold) {
        return hold.details.user.id == details.user.id && hold.details.command.id == details.command.closes;
    };
    const std::size_t closed = holds_.end_all(is_meant, Holds::Why::by_knock);
    End end = end_of(act.row.row, Outcome::closed);
    end.done.status = static_cast<std::int64_t>(closed);
    ended(std::move(end));
}

void Actor::undo(RowNumber row, const OpenHold& hold) {
    whose_[row] = hold.hold.grant;
    undos_.insert(row);
    // What a hold says of its knock comes from the validator: also the undo gets no text that root's policy
    // does not allow.
    if (!allows_argument(hold.details.command.argument, hold.hold.argument)) {
        End end = end_of(row, Outcome::refused, "the undo was not run: look what its command left behind");
        end.done.refusal = Refusal::argument_not_allowed;
        return ended(std::move(end));
    }
    Job job;
    job.row = row;
    job.user = hold.details.user.id;
    job.lane = hold.hold.grant;
    job.undo = true;
    job.prepare = [this, row, hold] { return turn_of_undo(row, hold); };
    commands_.submit(std::move(job));
}

ReadyToRun Actor::turn_of_undo(RowNumber row, const OpenHold& hold) {
    ReadyToRun ready = ready_to_run(hold.details.command.undo, {hold.details, hold.hold.address, hold.carrier,
                                                                hold.count, hold.hold.argument});
    ready.starts = [this, row] { world_.started_undos.starts(row); };
    ready.not_started = [this, row] { world_.started_undos.did_not_start(row); };
    return ready;
}

bool Actor::released(const message::Released& released) {
    const auto hold = holds_.forget(released.hold);
    if (released.row.row == RowNumber{}) return true;
    if (released.row.row <= newest_ || !hold) return false; // one that nobody asked for moves no mark
    newest_ = released.row.row;
    world_.mark.note(released.row);
    if (released.undo != 0) undo(released.row.row, *hold);
    return true;
}

GrantCache::Found Actor::details_of(GrantId grant) { return grants_.grant_or_removed(grant); }

// For the journal: it must not fail because the policy cannot be read.
std::string Actor::label_of(GrantId grant) {
    try {
        return grant_label(*details_of(grant), grant);
    } catch (const Error&) {
        return fmt::format("grant {}", static_cast<std::int64_t>(grant));
    }
}

std::string Actor::label_of_row(RowNumber row) {
    const auto whose = whose_.find(row);
    return label_of(whose == whose_.end() ? GrantId{} : whose->second);
}

void Actor::ended(End end) {
    const RowNumber row = end.done.row;
    if (end.done.outcome == Outcome::refused) ++world_.status.refused;
    if (end.done.outcome == Outcome::not_started) ++world_.status.not_started;
    // What never ran has nothing to be undone.
    const Outcome outcome = end.done.outcome;
    const bool began =
        outcome != Outcome::not_started && outcome != Outcome::refused && outcome != Outcome::no_syns;
    if (!began) holds_.end(row, Holds::Why::not_begun);
    const std::string line = line_of(end.done, label_of_row(row));
    const bool undo_failed =
        undos_.erase(row) > 0 && (end.done.outcome != Outcome::exited || end.done.status != 0);
    journal("knockd", line, undo_failed ? Priority::error : priority_of(end.done));
    if (undo_failed)
        world_.noticing.interrupted("AN UNDO FAILED, look what it left behind: " + line);
    else if (end.done.outcome == Outcome::interrupted)
        world_.noticing.interrupted(line);
    keep(std::move(end));
}

void Actor::keep(End end) {
    const RowNumber row = end.done.row;
    whose_.erase(row);
    const auto waiting = waiting_.find(row);
    if (waiting != waiting_.end()) waiting->second = true;
    const auto kept = unstored_.insert_or_assign(row, std::move(end)).first;
    hands_.send_end(kept->second);
}

void Actor::stored(const message::Stored& stored) {
    unstored_.erase(stored.row);
    waiting_.erase(stored.row);
    world_.started_undos.stored(stored.row);
    world_.mark.note(stored.head);
}

void Actor::report(const message::Report& report) {
    using What = message::Report::What;
    switch (report.what) {
    case What::refused:
    case What::same_image: ++world_.status.refused; break;
    case What::contested: ++world_.status.contested; break;
    case What::replay: // these are counted by validate, with those that are not reported
    case What::late:
    case What::not_signed:
    case What::duplicate: break;
    }
    if (report.row.row != RowNumber{}) world_.mark.note(report.row);
    journal("knockd", line_of(report, label_of(report.grant)), priority_of(report));
    GrantCache::Found details;
    try {
        details = details_of(report.grant);
    } catch (const Error&) { // the alert names the grant by its number then
        details = std::make_shared<const std::optional<GrantDetails>>();
    }
    world_.noticing.reported(report, *details);
}

void Actor::close_door(std::int64_t row, std::optional<Time> asked) {
    const OpenHold* hold = holds_.find(RowNumber{row});
    if (hold == nullptr || (asked && *asked < hold->hold.deadline - hold->details.command.hold)) return;
    holds_.end(RowNumber{row}, Holds::Why::by_administrator);
}

// Doors and holds of what was disabled or removed; commands that wait are asked again when their turn comes.
void Actor::policy_changed() {
    const Time now = world_.clock.now();
    std::vector<RowNumber> revoked;
    holds_.each([&](const OpenHold& hold) {
        if (hold.ending) return;
        if (!may_last(world_.policy.grant(hold.hold.grant), now)) revoked.push_back(hold.hold.row);
    });
    for (const RowNumber row : revoked)
        holds_.end(row, Holds::Why::revoked);
}

} // namespace otk
