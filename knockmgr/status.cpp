// knockmgr status: does it run, and is all well?
#include "base/text.h"
#include "knockmgr/as_ledger_reader.h"
#include "knockmgr/families.h"
#include "knockmgr/installation.h"
#include "knockmgr/output.h"
#include "knockmgr/positions.h"
#include "sys/file.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <limits>
#include <span>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

constexpr Count few_knocks = 10; // DESIGN 10

// What knockd says about itself, and whether it is there to say it.
struct Daemon {
    Json says; // null when it has written nothing
    std::int64_t pid = 0;
    bool running = false;
    bool accepting = false;
    std::string trouble; // why nothing is known, if so
};

// A number may have been given to another program since: the name has to be right, too.
bool runs(std::int64_t pid) {
    if (pid <= 0 || pid > std::numeric_limits<pid_t>::max()) return false;
    if (kill(static_cast<pid_t>(pid), 0) != 0 && errno != EPERM) return false;
    const auto name = read_file(fmt::format("/proc/{}/comm", pid), 64);
    return name && *name == "knockd\n";
}

Daemon ask_daemon(const Places& where) {
    constexpr std::size_t largest_status = 1U << 20;
    Daemon daemon;
    std::optional<std::string> text;
    try {
        text = read_file(where.status, largest_status);
    } catch (const Error& fault) {
        daemon.trouble = fault.what();
        return daemon;
    }
    if (!text) return daemon;
    daemon.says = Json::parse(*text, nullptr, false);
    if (!daemon.says.is_object()) {
        daemon.says = nullptr;
        daemon.trouble = where.status.string() + ": this is not what knockd writes";
        return daemon;
    }
    const auto pid = daemon.says.find("pid");
    if (pid != daemon.says.end() && pid->is_number_integer()) daemon.pid = pid->get<std::int64_t>();
    daemon.running = runs(daemon.pid);
    const auto acceptance = daemon.says.find("acceptance");
    daemon.accepting = daemon.running && acceptance != daemon.says.end() && *acceptance == "open";
    return daemon;
}

std::string text_at(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end()) return "?";
    return printable(found->is_string() ? found->get<std::string>() : found->dump());
}

std::string daemon_text(const Daemon& daemon) {
    if (!daemon.trouble.empty()) return "unknown: " + daemon.trouble;
    if (daemon.says.is_null()) return "not running";
    if (!daemon.running) {
        return fmt::format(
            "not running: it ended without a word (it was process {}, started {}); look into the journal",
            daemon.pid, text_at(daemon.says, "started"));
    }
    return fmt::format("running as process {} since {}\n{}", daemon.pid, text_at(daemon.says, "started"),
                       daemon.accepting ? "accepting knocks"
                                        : "NOT accepting knocks: " + text_at(daemon.says, "acceptance"));
}

// The counters of knockd's status file, as people call them.
struct Counter {
    std::string_view key;
    std::string_view name;
};
constexpr std::array since_capture{Counter{"packets_seen", "packets seen"},
                                   Counter{"packets_lost", "packets lost for want of room"},
                                   Counter{"unread", "packets that could not be read"},
                                   Counter{"noise", "packets without a knock"},
                                   Counter{"hits", "values of a chain found"},
                                   Counter{"held_back", "repeats not reported one by one"},
                                   Counter{"dns_answered", "DNS answers sent"},
                                   Counter{"dns_not_answered", "DNS answers not sent"}};
constexpr std::array since_start{
    Counter{"accepted", "knocks accepted"},
    Counter{"refused", "knocks refused"},
    Counter{"replays", "replays"},
    Counter{"late", "late knocks"},
    Counter{"contested", "contested knocks"},
    Counter{"child_crashes", "crashes of a helper process"},
};

// Those of the names that are there, one a line, under the line that says since when they count.
std::string counters_text(const Daemon& daemon, std::string_view since, std::span<const Counter> names) {
    std::string text = fmt::format("(since {} started)", since);
    const auto counters = daemon.says.find("counters");
    if (counters == daemon.says.end() || !counters->is_object()) return text + "\nnone";
    for (const Counter& counter : names) {
        const auto found = counters->find(std::string(counter.key));
        if (found != counters->end()) text += fmt::format("\n{}: {}", counter.name, found->dump());
    }
    return text;
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
    std::vector<std::pair<GrantDetails, Count>> few; // enabled grants with few knocks left
};

Totals add_up(const PolicyStore& store, const Positions& positions) {
    Totals totals;
    totals.users = store.users().size();
    totals.commands = store.commands().size();
    totals.weak = weak_knocks(store, positions);
    store.each_grant([&](const GrantDetails& details) {
        ++totals.grants;
        if (details.grant.retired) totals.retired.push_back(details);
        if (!details.grant.enabled || details.grant.retired) return;
        ++totals.enabled_grants;
        const Count left = knocks_left(positions, details.grant);
        if (left <= few_knocks) totals.few.emplace_back(details, left);
    });
    return totals;
}

int print_as_json(const Daemon& daemon, const LedgerState& ledger, const Totals& totals,
                  const Config& config) {
    Json few = Json::array();
    for (const auto& [grant, left] : totals.few) {
        few.push_back({{"user", grant.user.name}, {"command", grant.command.name}, {"knocks_left", left}});
    }
    Json retired = Json::array();
    for (const GrantDetails& grant : totals.retired)
        retired.push_back({{"user", grant.user.name}, {"command", grant.command.name}});
    return print_json({{"running", daemon.running},
                       {"accepting", daemon.accepting},
                       {"daemon", daemon.says},
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
                       {"few_knocks_left", few},
                       {"must_be_renewed", retired}});
}

int print_as_text(const Daemon& daemon, const LedgerState& ledger, const Totals& totals,
                  const Config& config) {
    Fields fields;
    fields.add("daemon", daemon_text(daemon));
    if (daemon.running) {
        fields.add("packets", counters_text(daemon, "knockd-capture", since_capture));
        fields.add("knocks", counters_text(daemon, "knockd", since_start));
    }
    fields.add("ledger", ledger_text(ledger));
    fields.add("policy", fmt::format("{}, {}, {} ({} enabled)", counted(totals.users, "user"),
                                     counted(totals.commands, "command"), counted(totals.grants, "grant"),
                                     totals.enabled_grants));
    fields.add("64-bit knocks", fmt::format("{} x window {} = {} of {}", totals.weak, config.accept.window,
                                            totals.weak * config.accept.window, config.accept.weak_limit));
    std::string few;
    for (const auto& [grant, left] : totals.few) {
        few += fmt::format("{}{}/{}: {} left", few.empty() ? "" : "\n", grant.user.name, grant.command.name,
                           left);
    }
    fields.add("running out", few.empty() ? "none" : few);
    std::string retired;
    for (const GrantDetails& grant : totals.retired)
        retired += fmt::format("{}{}/{}", retired.empty() ? "" : "\n", grant.user.name, grant.command.name);
    if (!retired.empty()) fields.add("must be renewed", retired);
    return print(fields.text());
}

int status(const Invocation& invocation) {
    const Places where = invocation.where();
    const PolicyStore store = read_policy(where);
    const Config config = load_config(where.config);
    const Daemon daemon = ask_daemon(where);
    const LedgerState ledger = ask_ledger(where, store.ledger_id());
    const Positions positions = ledger.readable ? read_positions(where) : Positions{};
    const Totals totals = add_up(store, positions);
    (void)(invocation.json() ? print_as_json(daemon, ledger, totals, config)
                             : print_as_text(daemon, ledger, totals, config));
    return daemon.accepting ? 0 : 1;
}

constexpr std::string_view status_help =
    "Shows whether knockd runs and accepts knocks, what it counted, whether the ledger is the right\n"
    "one, how near the 64-bit chains are to weak_limit, and which grants have ten knocks left or\n"
    "less. Exit code 0 when knockd runs and accepts, else 1.\n"
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
