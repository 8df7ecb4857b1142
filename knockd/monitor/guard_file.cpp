#include "knockd/monitor/guard_file.h"

#include "base/promise.h"
#include "knockd/monitor/alerts.h"
#include "sys/file.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace otk {

namespace {

// What is put back into a policy.db that has lost something are changes, too, and their numbers soon reach
// the one that was lost. No number reaches this one.
constexpr std::int64_t newer_than_all = std::numeric_limits<std::int64_t>::max();

} // namespace

GuardFile::GuardFile(std::filesystem::path file, const PolicyStore& policy, const Clock& clock) :
    file_(std::move(file)), policy_(policy), clock_(clock) {
    try {
        read();
        if (!written_ || !written_->guards()) return;
        stood_ =
            in_force(written_->policy.decision, clock_.now()) && !written_->policy.ports.services.empty();
        hold_or_release(guard_half_of(policy_));
    } catch (const Error& error) { // it is written anew
        journal("knockd", fmt::format("{}: {}", file_.string(), error.what()), Priority::warning);
    }
}

void GuardFile::read() {
    written_.reset();
    if (const auto text = read_file(file_, largest_guard_record)) written_ = parse_guard_record(*text);
}

void GuardFile::hold_or_release(const GuardRecord::OfPolicy& now) {
    const bool held_before = held_.has_value();
    held_.reset();
    if (!written_ || !written_->guards() || !has_lost(now, written_->policy, clock_.now())) return;
    held_ = written_->policy;
    held_->change = newer_than_all;
    if (held_before) return;
    journal("knockd",
            fmt::format(
                "policy.db is older than the guard's last state (its -wal file was lost, or an older copy "
                "was put back): the guard stays as it was, {}, until `knockmgr guard off`",
                ports_text(held_->ports)),
            Priority::error);
}

void GuardFile::configure(const Config& config) {
    const bool told = config.alerts.wants(name_of(AlertKind::guard_lost));
    config_ = {std::string(name_of(config.firewall.mode)), config.firewall.always_allow,
               told ? config.alerts.command : std::vector<std::string>{}, config.alerts.run_as};
    version_.reset();
    look();
}

void GuardFile::look() {
    try {
        const std::int64_t version = policy_.version();
        if (version_ == version) return;
        GuardRecord::OfPolicy now = guard_half_of(policy_);
        if (held_) {
            read(); // `guard off` has put another one there, or has not
            hold_or_release(now);
        }
        write({config_, held_ ? *held_ : now});
        version_ = version;
        trouble_.over();
    } catch (const Error& error) {
        trouble_.say(fmt::format("what a boot needs to know of the guard was not noted: {}", error.what()));
    }
}

// A change that is nothing to the guard is none here, or each new user would cost a write.
void GuardFile::write(GuardRecord record) {
    if (written_) {
        const std::int64_t change = record.policy.change;
        if (!held_) record.policy.change = std::min(change, written_->policy.change);
        if (record == *written_) return;
        record.policy.change = change;
    }
    replace_file(file_, format_guard_record(record), 0600, true);
    written_ = std::move(record);
}

} // namespace otk
