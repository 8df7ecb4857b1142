#include "knockd/monitor/guard.h"

#include "base/promise.h"
#include "base/text.h"
#include "firewall/nft.h"
#include "firewall/put_guard.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace otk {

namespace {

// The kernel forgets the ports of a trial one after the other.
constexpr std::chrono::seconds at_the_end{1};
constexpr unsigned looks_between_translations = 5;
// Each reads the kernel's list of sockets. A session that has ended, or of which too many were noted at once
// to note it, waits for it that long.
constexpr unsigned looks_between_settlings = 30;

// Once may be chance: somebody changes the ruleset at that moment.
constexpr unsigned failures_to_tell = 3;

} // namespace

Guard::Guard(RulesetWatch& watch, const Clock& clock, const PolicyStore& policy,
             std::vector<Network> always_allow, Needs needs) :
    watch_(watch),
    clock_(clock), policy_(policy), always_allow_(std::move(always_allow)), needs_(std::move(needs)) {}

void Guard::read_policy() {
    const std::int64_t version = policy_.version();
    const GuardRecord::OfPolicy* const held = needs_.held ? needs_.held() : nullptr;
    if (version_ == version && holding_ == (held != nullptr)) return;
    GuardRecord::OfPolicy now = guard_half_of(policy_);
    if (held != nullptr) now = united(now, *held, clock_.now());
    ports_ = std::move(now.ports);
    if (!version_ || now.decision != decision_) {
        decision_ = now.decision;
        note_trial();
    }
    version_ = version;
    holding_ = held != nullptr;
}

void Guard::note_trial() {
    trial_ended_ = false;
    if (!decision_.trial_until) return;
    trial_end_ =
        Steady::now() + std::chrono::duration_cast<Steady::duration>(*decision_.trial_until - clock_.now());
}

bool Guard::trial_over() const {
    if (!decision_.trial_until) return false;
    return trial_ended_ || Steady::now() >= trial_end_ || clock_.now() >= *decision_.trial_until;
}

bool Guard::wanted() const { return decision_.on && !trial_over(); }

std::optional<std::chrono::milliseconds> Guard::trial_left() const {
    if (!decision_.trial_until) return std::nullopt;
    const auto left =
        std::min<std::chrono::nanoseconds>(trial_end_ - Steady::now(), *decision_.trial_until - clock_.now());
    return std::chrono::duration_cast<std::chrono::milliseconds>(left);
}

// The rules of nftables change together with the generation; those of the older iptables do not, and are
// looked for from time to time.
void Guard::look_for_translation(std::uint32_t generation) {
    if (looks_++ % looks_between_translations != 0 && generation == translation_at_) return;
    translation_ = watch_.translation();
    translation_at_ = generation;
}

void Guard::look_after() {
    try {
        look();
        failures_ = 0;
    } catch (const Error& error) {
        if (++failures_ == failures_to_tell && !armed_ && wanted())
            needs_.lost(fmt::format("the guard cannot be armed, and its ports are open: {}", error.what()));
        throw;
    }
}

void Guard::look() {
    read_policy();
    if (!wanted()) return end();
    const std::uint32_t generation = watch_.generation();
    look_for_translation(generation);
    GuardPlan plan{ports_, always_allow_, translation_};
    if (armed_) check();
    if (!wanted()) return end(); // the kernel has ended the trial
    if (armed_ && plan == plan_ && decision_.trial_until == armed_trial_) return settle_sessions();
    const bool news = !armed_ || plan.services != plan_.services || decision_.trial_until != armed_trial_;
    plan_ = std::move(plan);
    arm();
    if (!news) return;
    journal("knockd",
            fmt::format("the guard is {}: {}", state(),
                        plan_.services.empty() ? "no port, because no open command is enabled"
                                               : ports_text(plan_)),
            Priority::notice);
}

void Guard::arm() {
    armed_trial_ = decision_.trial_until;
    armed_ = false;
    clean_ = false;
    tell(put_guard(watch_, sessions_, plan_, trial_left(), needs_.doors()));
    note_written();
}

void Guard::note_written() {
    const std::uint32_t generation = watch_.generation();
    table_ = watch_.table(guard_table);
    if (table_.chains != guard_chains || table_.rules != guard_rules(plan_))
        throw Error("the guard was changed by others while it was being written; it is tried again");
    checked_ = generation;
    armed_ = true;
    if (lost_.empty()) return;
    const std::string what = "the guard was lost and is back: " + std::exchange(lost_, {});
    journal("knockd", what, Priority::warning);
    needs_.lost(what);
}

void Guard::check() {
    if (!armed_) return;
    const std::uint32_t generation = watch_.generation();
    if (generation == checked_) return;
    const RulesetWatch::Table found = watch_.table(guard_table);
    const std::set<Service> guarded = watch_.guarded().services;
    const bool as_written = found == table_;
    const bool all_guarded = guarded == plan_.services;
    if (as_written && !all_guarded && armed_trial_ &&
        (guarded.empty() || trial_left().value_or(at_the_end) < at_the_end)) {
        trial_ended_ = true;
        return;
    }
    if (!as_written || !all_guarded) put_back(found);
    checked_ = generation;
}

void Guard::put_back(const RulesetWatch::Table& found) {
    std::string what = "its rules or ports had been changed";
    if (found.handle == 0) what = "the table inet otk was gone, as after `nft flush ruleset`";
    lost_ = std::move(what);
    armed_ = false;
    tell(put_guard_anew(sessions_, plan_, trial_left(), needs_.doors()));
    note_written();
}

void Guard::settle_sessions() {
    if (++looks_at_sessions_ % looks_between_settlings != 0 && settled_) return;
    try {
        settled_ = sessions_.settle(plan_);
        tell("");
    } catch (const Error& error) {
        tell(error.what());
    }
}

void Guard::tell(const std::string& trouble) {
    if (trouble.empty()) return of_sessions_.over();
    of_sessions_.say(fmt::format("the guard's sessions: {}", trouble));
}

void Guard::end() {
    if (clean_ && !armed_) return;
    if (watch_.table(guard_table).handle != 0) {
        run_nft(without_table(guard_table));
        journal("knockd",
                decision_.on && decision_.trial_until
                    ? "the guard's trial is over, and nobody has confirmed it: the guard is off"
                    : "the guard is off",
                Priority::notice);
    }
    armed_ = false;
    clean_ = true;
}

std::string Guard::state() const {
    if (!armed_) return clean_ ? "off" : "not known yet";
    if (!armed_trial_) return "armed";
    return fmt::format("armed until {} unless confirmed", format_utc(*armed_trial_));
}

} // namespace otk
