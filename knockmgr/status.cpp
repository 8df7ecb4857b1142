// knockmgr status: does it run, and is all well?
#include "base/clock.h"
#include "base/text.h"
#include "knockmgr/as_ledger_reader.h"
#include "knockmgr/daemon.h"
#include "knockmgr/families.h"
#include "knockmgr/installation.h"
#include "knockmgr/output.h"
#include "knockmgr/positions.h"
#include "policy/time_zone.h"

#include <filesystem>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

std::string daemon_text(const Daemon& daemon) {
    if (!daemon.trouble.empty()) return "unknown: " + daemon.trouble;
    if (!daemon.says) return "not running";
    const std::string started =
        daemon.says->started.empty() ? "at an unknown time" : printable(daemon.says->started);
    if (!daemon.running) {
        return fmt::format(
            "not running: it ended without a word (it was process {}, started {}); look into the journal",
            daemon.says->pid, started);
    }
    return fmt::format("running as process {} since {}\n{}", daemon.says->pid, started,
                       daemon.accepting ? "accepting knocks"
                                        : "NOT accepting knocks: " + printable(daemon.says->acceptance));
}

std::string number_text(const DaemonStatus::Number& number) {
    return number ? std::to_string(*number) : "unknown";
}

bool about_alerts(const StatusCounter& counter) {
    return counter.value == &DaemonStatus::alerts_raised || counter.value == &DaemonStatus::alerts_held_back;
}

// Those that the file has, one a line, under the line that says since when they count.
std::string counters_text(const DaemonStatus& says, CountedSince since) {
    std::string text = fmt::format("(since {} started)", name_of(since));
    for (const StatusCounter& counter : status_counters()) {
        const DaemonStatus::Number& number = says.*counter.value;
        if (counter.since != since || !number || about_alerts(counter)) continue;
        text += fmt::format("\n{}: {}", counter.name, *number);
    }
    return text;
}

std::string flood_text(const DaemonStatus& says) {
    if (!says.flood) return "unknown";
    return *says.flood ? "YES: more packets a second than [alerts] flood that are no knock" : "no";
}

// The zone that this system shows its times in; grants with hours name their own.
std::string server_zone() {
    constexpr std::string_view database = "zoneinfo/";
    std::error_code trouble;
    const std::string target = std::filesystem::read_symlink("/etc/localtime", trouble).string();
    const std::size_t at = target.rfind(database);
    return trouble || at == std::string::npos ? std::string() : target.substr(at + database.size());
}

std::string server_zone_text(Time now) {
    const std::string zone = server_zone();
    if (zone.empty()) return "unknown: /etc/localtime names none";
    if (!time_zone_known(zone)) return printable(zone) + ", which is not in the time zone database";
    return fmt::format("{}, where it is {}", printable(zone), local_text(now, zone));
}

struct LedgerState {
    bool readable = false;
    std::string head_row;
    std::string head_hash;
    bool id_matches = false;
    bool has_mark = true; // the row that knockd acted on last is in it
};

// Small texts on the pipe, parted by blanks: row, hash, id, whether the mark is there.
LedgerState ask_ledger(const Places& where, const LedgerId& expected) {
    LedgerState state;
    try {
        const std::optional<Head> mark = read_mark(where);
        const std::string text = fetched_from_ledger(where, [&](const Ledger& ledger) {
            const Head head = ledger.head();
            return fmt::format("{} {} {} {}", static_cast<std::int64_t>(head.row), to_hex(head.hash),
                               to_hex(ledger.id()), !mark || ledger.contains(*mark) ? "yes" : "no");
        });
        const auto fields = split(text, ' ');
        if (fields.size() != 4) throw Error("the process that reads the ledger answered nonsense");
        state.readable = true;
        state.head_row = printable(fields[0]);
        state.head_hash = printable(fields[1]);
        state.id_matches = fields[2] == to_hex(expected);
        state.has_mark = fields[3] == "yes";
    } catch (const Error& fault) {
        warn(fault.what());
    }
    return state;
}

std::string ledger_text(const LedgerState& ledger) {
    if (!ledger.readable) return "NOT readable";
    std::string text = fmt::format("{} rows, head {}", ledger.head_row, ledger.head_hash.substr(0, 16));
    if (!ledger.id_matches) text += "\nNOT the ledger that policy.db names";
    if (!ledger.has_mark)
        text += "\nOLDER than what knockd acted on: put the newest copy back, or run "
                "`knockmgr restore`";
    return text;
}

// What the policy adds up to.
struct Totals {
    std::size_t users = 0;
    std::size_t commands = 0;
    std::size_t grants = 0;
    std::size_t enabled_grants = 0;
    std::uint64_t weak = 0;                          // R
    std::vector<GrantDetails> retired;               // by `knockmgr restore`
    std::vector<GrantDetails> without_zone;          // the time zone of their hours is not known here
    std::vector<std::pair<GrantDetails, Count>> few; // enabled grants with few knocks left
};

Totals add_up(const PolicyStore& store, const Positions& positions, Count few_knocks) {
    Totals totals;
    totals.users = store.users().size();
    totals.commands = store.commands().size();
    totals.weak = weak_knocks(store, positions);
    store.each_grant([&](const GrantDetails& details) {
        ++totals.grants;
        if (details.grant.retired) totals.retired.push_back(details);
        if (!details.grant.enabled || details.grant.retired) return;
        ++totals.enabled_grants;
        const GrantRules& rules = details.grant.rules;
        if (!rules.hours.empty() && !time_zone_known(rules.time_zone)) totals.without_zone.push_back(details);
        const Count left = knocks_left(positions, details.grant);
        if (left <= few_knocks) totals.few.emplace_back(details, left);
    });
    return totals;
}

Json names_of(const std::vector<GrantDetails>& grants) {
    Json names = Json::array();
    for (const GrantDetails& grant : grants)
        names.push_back({{"user", grant.user.name}, {"command", grant.command.name}});
    return names;
}

int print_as_json(const Daemon& daemon, const LedgerState& ledger, const Totals& totals,
                  const Config& config) {
    Json few = Json::array();
    for (const auto& [grant, left] : totals.few) {
        few.push_back({{"user", grant.user.name}, {"command", grant.command.name}, {"knocks_left", left}});
    }
    const std::string zone = server_zone();
    return print_json({{"running", daemon.running},
                       {"accepting", daemon.accepting},
                       {"daemon", daemon.says ? Json::parse(daemon.text) : Json()},
                       {"users", totals.users},
                       {"commands", totals.commands},
                       {"grants", totals.grants},
                       {"enabled_grants", totals.enabled_grants},
                       {"ledger",
                        {{"readable", ledger.readable},
                         {"head_row", ledger.head_row},
                         {"head_hash", ledger.head_hash},
                         {"id_matches_policy", ledger.id_matches},
                         {"has_mark", ledger.has_mark}}},
                       {"weak_knocks", totals.weak},
                       {"window", config.accept.window},
                       {"weak_load", totals.weak * config.accept.window},
                       {"weak_limit", config.accept.weak_limit},
                       {"time_zone", zone.empty() ? Json() : Json(zone)},
                       {"few_knocks_left", few},
                       {"must_be_renewed", names_of(totals.retired)},
                       {"time_zone_not_known", names_of(totals.without_zone)}});
}

std::string lines_of(const std::vector<GrantDetails>& grants) {
    std::string lines;
    for (const GrantDetails& grant : grants)
        lines += fmt::format("{}{}/{}", lines.empty() ? "" : "\n", grant.user.name, grant.command.name);
    return lines;
}

void add_daemon(Fields& fields, const Daemon& daemon) {
    fields.add("daemon", daemon_text(daemon));
    if (!daemon.running) return;
    const DaemonStatus& says = *daemon.says;
    fields.add("doors", fmt::format("{} open or waiting to be undone", number_text(says.doors)));
    fields.add("guard", says.guard.empty() ? "unknown" : printable(says.guard));
    fields.add("flood", flood_text(says));
    fields.add("alerts", fmt::format("{} raised, {} held back", number_text(says.alerts_raised),
                                     number_text(says.alerts_held_back)));
    fields.add("packets", counters_text(says, CountedSince::capture));
    fields.add("repeats", counters_text(says, CountedSince::validate));
    fields.add("knocks", counters_text(says, CountedSince::knockd));
}

int print_as_text(const Daemon& daemon, const LedgerState& ledger, const Totals& totals,
                  const Config& config) {
    Fields fields;
    add_daemon(fields, daemon);
    fields.add("ledger", ledger_text(ledger));
    fields.add("policy", fmt::format("{}, {}, {} ({} enabled)", counted(totals.users, "user"),
                                     counted(totals.commands, "command"), counted(totals.grants, "grant"),
                                     totals.enabled_grants));
    fields.add("64-bit knocks", fmt::format("{} x window {} = {} of {}", totals.weak, config.accept.window,
                                            totals.weak * config.accept.window, config.accept.weak_limit));
    fields.add("time zone", server_zone_text(SystemClock().now()));
    std::string few;
    for (const auto& [grant, left] : totals.few) {
        few += fmt::format("{}{}/{}: {} left", few.empty() ? "" : "\n", grant.user.name, grant.command.name,
                           left);
    }
    fields.add("running out", few.empty() ? "none" : few);
    if (!totals.retired.empty()) fields.add("must be renewed", lines_of(totals.retired));
    if (!totals.without_zone.empty()) {
        fields.add("REFUSED always", "their hours have a time zone that is not known here; is tzdata "
                                     "installed?\n" +
                                         lines_of(totals.without_zone));
    }
    return print(fields.text());
}

int status(const Invocation& invocation) {
    const Places where = invocation.where();
    const PolicyStore store = read_policy(where);
    const Config config = load_config(where.config);
    const Daemon daemon = ask_daemon(where);
    const LedgerState ledger = ask_ledger(where, store.ledger_id());
    const Positions positions = ledger.readable ? read_positions(where) : Positions{};
    const Totals totals = add_up(store, positions, config.alerts.few_left);
    (void)(invocation.json() ? print_as_json(daemon, ledger, totals, config)
                             : print_as_text(daemon, ledger, totals, config));
    return daemon.accepting ? 0 : 1;
}

constexpr std::string_view status_help =
    "Shows whether knockd runs and accepts knocks, how many doors are open, whether the guard is\n"
    "armed, whether packets flood in, what was counted and how many alerts were raised and held\n"
    "back; whether the ledger is the right one, how near the 64-bit chains are to weak_limit, this\n"
    "server's time zone, and which grants run out of knocks ([alerts] few_left) or refuse everything.\n"
    "Exit code 0 when knockd runs and accepts, else 1.\n"
    "\n"
    "examples:\n"
    "  knockmgr status\n"
    "  knockmgr status --json\n"
    "  knockmgr status >/dev/null || echo 'knocks are not accepted'\n";

} // namespace

std::vector<Subcommand> status_subcommands() {
    return {{"status",
             "",
             0,
             0,
             false,
             "show whether knocks are accepted, and what needs attention",
             status_help,
             {{"json", "", "print JSON; times in UTC"}},
             status}};
}

} // namespace otk::knockmgr
