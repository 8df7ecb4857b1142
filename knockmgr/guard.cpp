// knockmgr guard ...: shutting the ports of open commands for everybody who has not knocked (DESIGN 9).
#include "base/clock.h"
#include "base/text.h"
#include "firewall/nft.h"
#include "firewall/put_guard.h"
#include "firewall/ruleset.h"
#include "firewall/watch.h"
#include "knockmgr/daemon.h"
#include "knockmgr/families.h"
#include "knockmgr/guard_boot.h"
#include "knockmgr/guard_record.h"
#include "knockmgr/installation.h"
#include "knockmgr/output.h"

#include <functional>
#include <thread>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

constexpr std::chrono::seconds shortest_trial{10};
constexpr std::chrono::seconds longest_trial{24 * 3600};

// What the guard has to do by policy and configuration.
GuardPlan plan_by(const PolicyStore& store, const Config& config, RulesetWatch& watch) {
    return {guarded_ports(store.commands()), config.firewall.always_allow, watch.translation()};
}

// The kernel's side of it; knockd looks at policy.db once a second.
bool comes_true(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    return true;
}

std::chrono::seconds trial_asked_for(const Invocation& invocation) {
    const auto text = invocation.value("confirm");
    if (!text) {
        throw UsageError("say with --confirm TIME how long you need to try whether you still get in; after "
                         "that the guard goes by itself unless `knockmgr guard confirm` was run");
    }
    const auto trial = parse_duration(*text);
    if (!trial || *trial < shortest_trial || *trial > longest_trial) {
        throw UsageError(fmt::format("--confirm {} is no time between 10s and 24h; write for example 5m",
                                     printable(*text)));
    }
    return *trial;
}

void check_mode(const Config& config) {
    if (config.firewall.mode == FirewallMode::guard) return;
    throw Error(fmt::format("[firewall] mode is \"{}\", so there is no guard; set mode = \"guard\" in "
                            "otk.toml and reload knockd",
                            name_of(config.firewall.mode)));
}

// What knockd keeps shut though policy.db has lost it; nothing mostly.
std::optional<GuardedPorts> kept(const Places& where, const PolicyStore& store) {
    const auto noted = noted_by_knockd(where);
    if (!noted || !has_lost(guard_half_of(store), noted->policy, SystemClock().now())) return std::nullopt;
    return noted->policy.ports;
}

void check_nothing_kept(const Places& where, const PolicyStore& store) {
    const auto ports = kept(where, store);
    if (!ports) return;
    throw Error(fmt::format(
        "{} is older than the guard that knockd keeps ({}): its -wal file was lost, or an older copy "
        "was put back. Look what of it is missing; then `knockmgr guard off`, and decide anew",
        where.policy_db.string(), ports_text(*ports)));
}

int on(const Invocation& invocation) {
    const std::chrono::seconds trial = trial_asked_for(invocation);
    const Places where = invocation.where();
    const Config config = load_config(where.config);
    check_mode(config);
    if (!ask_daemon(where).running)
        throw Error("knockd does not run: nobody could open a door in the guard; start it first");
    PolicyStore store = change_policy(where);
    check_nothing_kept(where, store);
    if (store.guard().on && !store.guard().trial_until)
        throw Error("the guard is on and confirmed already; `knockmgr guard off` ends it");
    RulesetWatch watch;
    const GuardPlan plan = plan_by(store, config, watch);
    const Time until = SystemClock().now() + trial;
    store.set_guard({true, until});
    const auto armed = [&] {
        const RulesetWatch::Guarded guarded = watch.guarded();
        return watch.table(guard_table).handle != 0 && guarded.services == plan.services &&
               (guarded.ends || plan.services.empty());
    };
    if (!comes_true(armed)) {
        store.set_guard({});
        throw Error(fmt::format("knockd did not arm the guard within {} s, and it is off again; the journal "
                                "says why. Is knockmgr in the same network namespace?",
                                patience.count()));
    }
    if (plan.services.empty()) warn("no open command is enabled: nothing is guarded yet");
    return report(
        fmt::format("the guard is armed for a trial of {}, until {}\n"
                    "guarded: {}\n"
                    "Connections that exist live on, this one too. Now try from elsewhere whether "
                    "you still get in: knock, "
                    "and connect anew.\n"
                    "If it works:   knockmgr guard confirm\n"
                    "If not, wait:  the kernel itself takes the guard back when the trial is over\n",
                    format_duration(trial), format_utc(until), ports_text(plan)));
}

int confirm_guard(const Invocation& invocation) {
    const Places where = invocation.where();
    const Config config = load_config(where.config);
    check_mode(config);
    PolicyStore store = change_policy(where);
    check_nothing_kept(where, store);
    const GuardDecision decision = store.guard();
    if (!decision.on) throw Error("the guard is off; `knockmgr guard on --confirm 5m` arms it for a trial");
    if (!decision.trial_until) return report("the guard is confirmed already\n");
    if (!in_force(decision, SystemClock().now())) {
        throw Error(fmt::format("too late: the trial ended {}, and the guard is off. Begin again with "
                                "`knockmgr guard on --confirm TIME`",
                                format_utc(*decision.trial_until)));
    }
    RulesetWatch watch;
    const GuardPlan plan = plan_by(store, config, watch);
    store.set_guard({true, std::nullopt});
    if (!ask_daemon(where).running) {
        SessionSets sessions;
        const std::string lost = put_guard(watch, sessions, plan, std::nullopt, {});
        if (!lost.empty()) warn("sessions that are older than the guard may end: " + lost);
        const auto noted = noted_by_knockd(where);
        write_guard_record(where, {noted ? noted->config : guard_half_of(config), guard_half_of(store)});
    }
    const auto stays = [&] {
        const RulesetWatch::Guarded guarded = watch.guarded();
        return guarded.services == plan.services && !guarded.ends && watch.table(guard_table).handle != 0;
    };
    if (!comes_true(stays)) {
        throw Error("the guard is confirmed, but knockd has not yet made it stay; the journal says why, and "
                    "`knockmgr guard show` what the kernel has");
    }
    return report(fmt::format("the guard is confirmed and stays; {}\n", at_boot_text(where)));
}

// From then on neither a boot nor a running knockd keeps what policy.db may have lost. Gives what was noted.
std::optional<GuardRecord> forget_noted(const Places& where) {
    auto noted = noted_by_knockd(where);
    if (noted) write_guard_record(where, {noted->config, {{}, noted->policy.ports, noted->policy.change}});
    return noted;
}

// False: it was not there.
bool remove_table(const Places& where) {
    RulesetWatch watch;
    const auto gone = [&] { return watch.table(guard_table).handle == 0; };
    if (gone()) return false;
    if (!ask_daemon(where).running || !comes_true(gone)) run_nft(without_table(guard_table));
    return true;
}

// A damaged policy.db must not keep ports shut that nobody can open any more.
int off_without_policy(const Places& where, const Error& fault) {
    if (ask_daemon(where).running || !forget_noted(where)) throw fault;
    (void)remove_table(where);
    throw Error(fmt::format(
        "{}. The guard is off and its table removed, but where policy.db says that it is on it comes "
        "back with that",
        fault.what()));
}

int off(const Invocation& invocation) {
    const Places where = invocation.where();
    bool was_on = false;
    try {
        PolicyStore store = change_policy(where);
        const auto noted = forget_noted(where);
        was_on =
            store.guard().on || (noted && has_lost(guard_half_of(store), noted->policy, SystemClock().now()));
        if (was_on) store.set_guard({});
    } catch (const Error& fault) {
        return off_without_policy(where, fault);
    }
    const bool was_there = remove_table(where);
    if (!was_on && !was_there) return report("the guard is off already\n");
    return report("the guard is off, and its table is removed\n");
}

std::string decision_text(const GuardDecision& decision) {
    if (!decision.on) return "off";
    if (!decision.trial_until) return "on, confirmed";
    if (!in_force(decision, SystemClock().now()))
        return fmt::format("off: the trial ended {} without confirmation", format_utc(*decision.trial_until));
    return fmt::format("on for a trial until {}; `knockmgr guard confirm` makes it stay",
                       format_utc(*decision.trial_until));
}

// Of otk.toml; where that is bad, as knockd accepted it last. To look must be possible then, too.
std::string mode_of(const Places& where) {
    try {
        return std::string(name_of(load_config(where.config).firewall.mode));
    } catch (const Error& fault) {
        warn(fault.what());
        const auto noted = noted_by_knockd(where);
        return noted ? noted->config.mode : "unknown";
    }
}

int show_guard(const Invocation& invocation) {
    const Places where = invocation.where();
    const std::string mode = mode_of(where);
    const PolicyStore store = read_policy(where);
    const GuardDecision decision = store.guard();
    const auto kept_ports = kept(where, store);
    RulesetWatch watch;
    const bool there = watch.table(guard_table).handle != 0;
    const RulesetWatch::Guarded guarded = watch.guarded();
    const std::size_t sessions = SessionSets().count();
    if (invocation.json()) {
        Json ports = Json::array();
        for (const Service& service : guarded.services)
            ports.push_back(format_service(service));
        return print_json({{"mode", mode},
                           {"on", in_force(decision, SystemClock().now())},
                           {"trial_until", json_time(decision.trial_until)},
                           {"kept", kept_ports.has_value()},
                           {"in_kernel", there},
                           {"ends_by_itself", guarded.ends},
                           {"guarded", ports},
                           {"sessions", sessions}});
    }
    Fields fields;
    fields.add("mode", mode);
    fields.add("decided", decision_text(decision));
    if (kept_ports) {
        fields.add("kept", "as it was before policy.db became older than it, with " +
                               ports_text(*kept_ports) + ", until `knockmgr guard off`");
    }
    fields.add("in the kernel", !there ? "no" : guarded.ends ? "yes, until the trial ends" : "yes");
    fields.add("guarded ports", ports_text({guarded.services}));
    fields.add("sessions", std::to_string(sessions));
    print(fields.text());
    return there ? print("\n" + list_table(guard_table, Elements::left_out)) : 0;
}

constexpr std::string_view on_help =
    "Arms the guard: from now on the ports of all enabled open commands can be reached only through\n"
    "the door of a knock, from the networks of always_allow, and by connections that exist.\n"
    "\n"
    "It is a trial. Unless `knockmgr guard confirm` is run within --confirm, the guard goes again: the\n"
    "kernel itself forgets it, even if knockd has ended or you are locked out.\n"
    "\n"
    "Over ssh, do it like this:\n"
    "  1. Arm the guard with enough time. The session in which you type this lives on.\n"
    "  2. In a second terminal, knock, and connect anew.\n"
    "  3. If that works, confirm. If not, do nothing; when the time is over, all is as before.\n"
    "It needs knockd, and [firewall] mode = \"guard\".\n"
    "\n"
    "examples:\n"
    "  knockmgr guard on --confirm 5m\n"
    "  knockmgr guard confirm\n";

constexpr std::string_view confirm_help =
    "Makes the guard of `knockmgr guard on` stay. Run it when you have seen that a new connection gets\n"
    "in after a knock. It can be typed in a session that was there before the guard, or in the new one.\n"
    "\n"
    "example:\n"
    "  knockmgr guard confirm\n";

constexpr std::string_view off_help =
    "Ends the guard and removes its table; nothing else of the ruleset is touched. Works also while\n"
    "knockd does not run.\n"
    "\n"
    "example:\n"
    "  knockmgr guard off\n";

constexpr std::string_view show_help =
    "Shows what was decided, what the kernel has, and the rules themselves.\n"
    "\n"
    "examples:\n"
    "  knockmgr guard show\n"
    "  knockmgr guard show --json\n";

} // namespace

std::vector<Subcommand> guard_subcommands() {
    return {
        {"guard on",
         "",
         0,
         0,
         false,
         "shut the ports of open commands for all who did not knock",
         on_help,
         {{"confirm", "TIME", "how long the trial lasts, 10s to 24h; must be given"}},
         on},
        {"guard confirm", "", 0, 0, false, "make the guard on trial stay", confirm_help, {}, confirm_guard},
        {"guard off", "", 0, 0, false, "end the guard", off_help, {}, off},
        {"guard show",
         "",
         0,
         0,
         false,
         "show the guard and its rules",
         show_help,
         {{"json", "", "print JSON; times in UTC"}},
         show_guard},
        guard_arm_subcommand(),
        guard_alert_subcommand()};
}

} // namespace otk::knockmgr
