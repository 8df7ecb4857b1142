// knockmgr guard arm: the guard at boot, by what was decided and accepted last. Whatever is wrong with the
// files that say so, it is rather armed too tightly than not at all, and what is wrong is told.
#include "base/clock.h"
#include "firewall/put_guard.h"
#include "knockmgr/daemon.h"
#include "knockmgr/guard_boot.h"
#include "knockmgr/guard_record.h"
#include "knockmgr/installation.h"
#include "knockmgr/output.h"

#include <chrono>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

// Told on standard error. A grave one makes otk-guard.service fail, though the guard is armed.
class Troubles {
  public:
    void tell(std::string_view text) { warn(text); }
    void tell_grave(std::string_view text) {
        warn(text);
        grave_ = true;
    }
    [[nodiscard]] int exit_code() const { return grave_ ? 1 : 0; }

  private:
    bool grave_ = false;
};

// Policy.db is asked first: knockmgr may have changed it while no knockd was there to note it. Throws Error
// when nobody knows what was decided.
GuardRecord::OfPolicy decided_for_boot(const Places& where, const std::optional<GuardRecord>& noted, Time now,
                                       Troubles& troubles) {
    try {
        check_installed(where);
        GuardRecord::OfPolicy policy = guard_half_of(PolicyStore::open_for_a_look(where.policy_db));
        if (!noted || !has_lost(policy, noted->policy, now)) return policy;
        troubles.tell_grave(
            fmt::format("{} is older than what knockd has noted: its -wal file was lost, or an older "
                        "copy was put back. The guard is armed by both; `knockmgr guard off` ends it",
                        where.policy_db.string()));
        return united(policy, noted->policy, now);
    } catch (const Error& fault) {
        if (!noted) throw;
        troubles.tell_grave(fmt::format("{}. The guard goes by what knockd has noted last", fault.what()));
        return noted->policy;
    }
}

std::optional<Config> configured(const Places& where, std::string& trouble) {
    try {
        return load_config(where.config);
    } catch (const Error& fault) {
        trouble = fault.what();
        return std::nullopt;
    }
}

// What knockd has accepted counts, not what somebody has written since.
GuardRecord::OfConfig accepted_by_knockd(const Places& where, const std::optional<GuardRecord>& noted,
                                         Troubles& troubles) {
    std::string trouble;
    const auto config = configured(where, trouble);
    if (noted && !config)
        troubles.tell(
            fmt::format("{}. The guard goes by the configuration that knockd accepted last", trouble));
    if (noted && config) {
        const GuardRecord::OfConfig written = guard_half_of(*config);
        if (written.mode != noted->config.mode || written.always_allow != noted->config.always_allow) {
            troubles.tell(
                fmt::format("[firewall] in {} is not what knockd accepted last; that counts until knockd "
                            "has read it",
                            where.config.string()));
        }
    }
    if (noted) return noted->config;
    if (config) return guard_half_of(*config);
    troubles.tell_grave(
        fmt::format("{}. What knockd accepted last is not known either, so the guard lets in no network "
                    "of always_allow",
                    trouble));
    return {};
}

std::optional<std::chrono::milliseconds> trial_left(const GuardDecision& decision, Time now) {
    if (!decision.trial_until) return std::nullopt;
    return std::chrono::duration_cast<std::chrono::milliseconds>(*decision.trial_until - now);
}

int guard_arm(const Invocation& invocation) {
    const Places where = invocation.where();
    if (ask_daemon(where).running) return report("knockd runs and keeps the guard itself\n");
    const Time now = SystemClock().now();
    Troubles troubles;
    const auto noted = noted_by_knockd(where);
    const GuardRecord::OfPolicy policy = decided_for_boot(where, noted, now, troubles);
    if (!in_force(policy.decision, now)) {
        report("the guard is off: nothing to arm\n");
        return troubles.exit_code();
    }
    const GuardRecord::OfConfig config = accepted_by_knockd(where, noted, troubles);
    if (config.mode != name_of(FirewallMode::guard)) {
        report(fmt::format("[firewall] mode is \"{}\": there is no guard to arm\n", config.mode));
        return troubles.exit_code();
    }
    RulesetWatch watch;
    SessionSets sessions;
    const std::string lost =
        put_guard(watch, sessions, {policy.ports, config.always_allow, watch.translation()},
                  trial_left(policy.decision, now), {});
    if (!lost.empty()) troubles.tell("sessions that are older than the guard may end: " + lost);
    report(fmt::format("the guard is armed: {}\n", ports_text(policy.ports)));
    return troubles.exit_code();
}

constexpr std::string_view arm_help =
    "Arms the guard again as it was decided, without knockd, which takes it over when it starts. For\n"
    "otk-guard.service, which runs this before the network comes up. Does nothing where the guard is\n"
    "off or its trial is over, or where knockd runs.\n"
    "\n"
    "It goes by policy.db, and by what knockd accepted last of otk.toml, whatever stands there now. What\n"
    "of that cannot be read is told. Where policy.db cannot be read, or is older than what knockd knew,\n"
    "the guard is armed by what knockd has noted, and the exit code is 1.\n"
    "\n"
    "example:\n"
    "  knockmgr guard arm\n";

} // namespace

Subcommand guard_arm_subcommand() {
    return {"guard arm", "", 0, 0, false, "arm the guard at boot, without knockd", arm_help, {}, guard_arm};
}

} // namespace otk::knockmgr
