// knockmgr status: does it run, and is all well?
#include "base/clock.h"
#include "base/text.h"
#include "knockmgr/as_ledger_reader.h"
#include "knockmgr/daemon_view.h"
#include "knockmgr/families.h"
#include "knockmgr/installation.h"
#include "knockmgr/output.h"
#include "knockmgr/positions.h"
#include "knockmgr/server_key.h"
#include "policy/time_zone.h"

#include <filesystem>
#include <map>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

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

// What the server keys are good for; only where dynamic mode is enabled.
struct Keys {
    std::vector<ServerKeyRecord> all;
    std::optional<std::string> trouble;
};

std::optional<Keys> look_at_keys(const PolicyStore& store, const Config& config, const Places& where) {
    if (!config.dynamic.enabled) return std::nullopt;
    Keys keys;
    keys.all = store.server_keys();
    keys.trouble = trouble_with(keys.all, where, SystemClock().now());
    return keys;
}

std::string keys_text(const Keys& keys) {
    const Time now = SystemClock().now();
    std::string text;
    for (const ServerKeyRecord& key : keys.all) {
        if (!in_force(key, now)) continue;
        text += fmt::format("{}number {}", text.empty() ? "" : ", ", key.id);
        if (key.ends) text += fmt::format(" until {}", format_utc(*key.ends));
    }
    text = text.empty() ? "none in force" : "in force: " + text;
    return keys.trouble ? text + "\nATTENTION: " + *keys.trouble : text;
}

Json keys_json(const std::optional<Keys>& keys) {
    if (!keys) return {};
    const Time now = SystemClock().now();
    Json in_force_now = Json::array();
    for (const ServerKeyRecord& key : keys->all) {
        if (in_force(key, now)) in_force_now.push_back({{"key", key.id}, {"ends", json_time(key.ends)}});
    }
    return {{"in_force", in_force_now}, {"trouble", keys->trouble ? Json(*keys->trouble) : Json()}};
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

// With a million grants it reads those that there is something to say about.
Totals add_up(const PolicyStore& store, const Places& where, bool ledger_readable, Count few_knocks) {
    Totals totals;
    const PolicyTotals all = store.totals();
    totals.users = all.users;
    totals.commands = all.commands;
    totals.grants = all.grants;
    totals.enabled_grants = store.enabled_grants();
    totals.retired = store.retired_grants();
    const auto counts = [](const Grant& grant) { return grant.enabled && !grant.retired; };
    for (GrantDetails& details : store.grants_with_hours()) {
        if (counts(details.grant) && !time_zone_known(details.grant.rules.time_zone))
            totals.without_zone.push_back(std::move(details));
    }
    const std::vector<GrantDetails> weak = store.weak_grants();
    totals.weak = sum_of_knocks(weak, ledger_readable ? read_positions(where, weak) : Positions{});
    // A chain that stands so low was spent so far, or was so short from the beginning.
    const Positions low = ledger_readable ? read_low_positions(where, few_knocks + 1) : Positions{};
    std::map<GrantId, GrantDetails> candidates;
    for (const auto& [chain, position] : low) {
        if (auto details = store.grant_with(chain)) candidates.emplace(details->grant.id, *details);
    }
    for (GrantDetails& details : store.grants_of_length(few_knocks + 1))
        candidates.emplace(details.grant.id, std::move(details));
    for (const auto& [id, details] : candidates) {
        if (!counts(details.grant)) continue;
        const Count left = knocks_left(low, details.grant);
        if (left <= few_knocks) totals.few.emplace_back(details, left);
    }
    return totals;
}

Json names_of(const std::vector<GrantDetails>& grants) {
    Json names = Json::array();
    for (const GrantDetails& grant : grants)
        names.push_back({{"user", grant.user.name}, {"command", grant.command.name}});
    return names;
}

int print_as_json(const Daemon& daemon, const LedgerState& ledger, const Totals& totals, const Config& config,
                  const std::optional<Keys>& keys) {
    Json few = Json::array();
    for (const auto& [grant, left] : totals.few) {
        few.push_back({{"user", grant.user.name}, {"command", grant.command.name}, {"knocks_left", left}});
    }
    const std::string zone = server_zone();
    return print_json({{"running", daemon.running},
                       {"accepting", daemon.accepting},
                       {"silent_for", daemon.silent ? Json(daemon.silent->count()) : Json()},
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
                       {"server_keys", keys_json(keys)},
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

int print_as_text(const Daemon& daemon, const LedgerState& ledger, const Totals& totals, const Config& config,
                  const std::optional<Keys>& keys) {
    Fields fields;
    add_daemon(fields, daemon);
    fields.add("ledger", ledger_text(ledger));
    fields.add("policy", fmt::format("{}, {}, {} ({} enabled)", counted(totals.users, "user"),
                                     counted(totals.commands, "command"), counted(totals.grants, "grant"),
                                     totals.enabled_grants));
    fields.add("64-bit knocks", fmt::format("{} x window {} = {} of {}", totals.weak, config.accept.window,
                                            totals.weak * config.accept.window, config.accept.weak_limit));
    if (keys) fields.add("server keys", keys_text(*keys));
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
    const Totals totals = add_up(store, where, ledger.readable, config.alerts.few_left);
    const std::optional<Keys> keys = look_at_keys(store, config, where);
    (void)(invocation.json() ? print_as_json(daemon, ledger, totals, config, keys)
                             : print_as_text(daemon, ledger, totals, config, keys));
    return daemon.accepting ? 0 : 1;
}

constexpr std::string_view status_help =
    "Shows whether knockd runs and accepts knocks, whether packets flood in, what was lost, what waits,\n"
    "how many doors are open, whether the guard is armed, where questions over dns are answered and\n"
    "what is in the way where they are not, how many alerts were raised and held back,\n"
    "and what was counted since when; whether the ledger is the right one, how near the 64-bit chains\n"
    "are to weak_limit, where dynamic mode is enabled the server keys that are in force and whether they\n"
    "end soon, this server's time zone, and which grants run out of knocks ([alerts] few_left)\n"
    "or refuse everything.\n"
    "Exit code 0 when knockd runs, is heard of and accepts, else 1.\n"
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
