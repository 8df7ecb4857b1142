// knockmgr log: what happened.
#include "base/clock.h"
#include "base/text.h"
#include "knockmgr/as_ledger_reader.h"
#include "knockmgr/families.h"
#include "knockmgr/history.h"
#include "knockmgr/installation.h"
#include "knockmgr/proof.h"
#include "knockmgr/times.h"
#include "store/mark.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

constexpr std::size_t default_last = 100;
constexpr std::array last_choices{Choice{"all"}};

std::size_t last_option(const Invocation& invocation) {
    const auto text = invocation.value("last");
    if (!text) return default_last;
    if (*text == "all") return std::numeric_limits<std::size_t>::max();
    const auto last = parse_decimal(*text, 1'000'000'000);
    if (!last || *last == 0)
        throw UsageError(
            fmt::format("--last {} is no number; write for example 20, or all", printable(*text)));
    return *last;
}

Ledger::Filter filter_of(const Invocation& invocation) {
    Ledger::Filter filter;
    filter.user = invocation.value("user").value_or("");
    filter.command = invocation.value("command").value_or("");
    if (const auto text = invocation.value("since")) {
        filter.since = parse_past(*text, SystemClock().now());
        if (!filter.since) {
            throw UsageError(fmt::format("--since {} is no time; write for example 2h, 7d, 2026-11-21 or "
                                         "2026-11-21T18:00Z (UTC)",
                                         printable(*text)));
        }
    }
    return filter;
}

// Newest first, as many as are wanted. Ends are told with the knocks they end.
std::vector<Happening> read_happenings(const Ledger& ledger, Ledger::Filter filter, std::size_t wanted) {
    constexpr std::size_t page = 1000;
    std::vector<Happening> found;
    for (;;) {
        const std::vector<Row> rows = ledger.rows(filter, page);
        for (const Row& row : rows) {
            if (row.kind == RowKind::ended || row.kind == RowKind::interrupted) continue;
            found.push_back(happening_of(ledger, row));
            if (found.size() == wanted) return found;
        }
        if (rows.size() < page) return found;
        filter.before = rows.back().number;
    }
}

// Why there is nothing to show.
std::string nothing_of(const Ledger& ledger, const Ledger::Filter& filter) {
    const auto never = [&](std::string_view kind, const std::string& name, const Ledger::Filter& only) {
        if (name.empty() || !ledger.rows(only, 1).empty()) return std::string();
        return fmt::format("there is no {} '{}' in the ledger: no knock of that name ever came; `knockmgr {} "
                           "list` shows those there are",
                           kind, printable(name), kind);
    };
    Ledger::Filter user;
    user.user = filter.user;
    if (std::string text = never("user", filter.user, user); !text.empty()) return text;
    Ledger::Filter command;
    command.command = filter.command;
    if (std::string text = never("command", filter.command, command); !text.empty()) return text;
    const bool filtered = !filter.user.empty() || !filter.command.empty() || filter.since;
    return filtered ? "nothing of that kind happened" : "nothing happened yet";
}

int print_happenings(const Ledger& ledger, const Ledger::Filter& filter, std::size_t wanted, bool json) {
    std::vector<Happening> found = read_happenings(ledger, filter, wanted);
    std::reverse(found.begin(), found.end()); // the newest stands where the eye is: above the prompt
    if (json) {
        Json all = Json::array();
        for (const Happening& happening : found)
            all.push_back(json_of(happening));
        return print_json(all);
    }
    Table table({"TIME", "ROW", "USER", "COMMAND", "BY", "NUMBER", "SOURCE", "OUTCOME"});
    for (const Happening& happening : found) {
        const Row& row = happening.row;
        const auto or_dash = [](const std::string& text) { return text.empty() ? "-" : printable(text); };
        table.add({format_utc(row.at), std::to_string(number(row.number)), or_dash(row.user),
                   or_dash(row.command), carrier_text(row), row.count > 0 ? std::to_string(row.count) : "-",
                   source_text(row), outcome_text(happening) + remarks_text(row)});
    }
    return print(found.empty() ? nothing_of(ledger, filter) + "\n" : table.text(""));
}

// What the rows are compared with: those named, and the one that knockd acted on last.
std::vector<Head> anchors_of(const Invocation& invocation) {
    std::vector<Head> anchors;
    for (const std::string& text : invocation.values("anchor")) {
        const std::size_t colon = std::min(text.find(':'), text.size());
        const auto head = parse_head(text.substr(0, colon),
                                     std::string_view(text).substr(std::min(colon + 1, text.size())));
        if (!head) {
            throw UsageError(fmt::format(
                "--anchor {} is not ROW:HASH with 64 hex digits, as the journal has them", printable(text)));
        }
        anchors.push_back(*head);
    }
    if (const auto mark = read_mark(invocation.where())) anchors.push_back(*mark);
    return anchors;
}

int verify_ledger(const Invocation& invocation) {
    const std::vector<Head> anchors = anchors_of(invocation);
    const LedgerId expected = read_policy(invocation.where()).ledger_id();
    return as_ledger_reader(invocation.where(), [&](const Ledger& ledger) {
        const auto damage = ledger.verify(anchors);
        const bool ours = ledger.id() == expected;
        const std::int64_t pruned = number(ledger.checkpoint().row);
        const std::int64_t rows = number(ledger.head().row) - pruned;
        if (invocation.json()) {
            print_json({{"whole", !damage && ours},
                        {"rows", rows},
                        {"first_row", pruned + 1},
                        {"head", to_hex(ledger.head().hash)},
                        {"id_matches_policy", ours},
                        {"damaged_row", damage ? Json(number(damage->row)) : Json()},
                        {"damage", damage ? Json(damage->what) : Json()}});
        } else if (damage) {
            print(fmt::format("row {} is damaged: {}\n", number(damage->row), printable(damage->what)));
        } else if (!ours) {
            print("the rows are whole, but this is not the ledger that policy.db names\n");
        } else {
            const std::string from = pruned == 0 ? "" : fmt::format(" from row {} on", pruned + 1);
            print(fmt::format("the ledger is whole{}: {}, the newest with hash {}\n", from,
                              counted(static_cast<std::uint64_t>(rows), "row"), to_hex(ledger.head().hash)));
            if (pruned > 0) {
                print(fmt::format("rows up to {} were removed, as [ledger] keep in otk.toml says; what is "
                                  "left follows them without a gap\n",
                                  pruned));
            }
        }
        return damage || !ours ? 1 : 0;
    });
}

// Lines of text stay lines; what could move a cursor or forge a line does not get through.
std::string readable(std::string_view text) {
    std::string out;
    for (const std::string_view line : split(text, '\n'))
        out += printable(line) + '\n';
    if (!text.empty() && text.back() == '\n') out.pop_back();
    return out;
}

int show_output(const Invocation& invocation, const std::string& row_text) {
    const auto row = parse_decimal(row_text, std::numeric_limits<std::int64_t>::max());
    if (!row)
        throw UsageError(
            fmt::format("--output {} is no row number; `knockmgr log` shows them", printable(row_text)));
    const RowNumber wanted{static_cast<std::int64_t>(*row)};
    const bool raw = invocation.has("raw");
    const auto show = [&](const Ledger& ledger) {
        const auto found = ledger.row(wanted);
        if (!found)
            throw Error(fmt::format("there is no row {}; `knockmgr log` shows those there are", *row));
        const Happening happening = happening_of(ledger, *found);
        const auto output = ledger.output(happening.end ? happening.end->number : wanted);
        if (!output) throw Error(fmt::format("row {} has no output: {}", *row, outcome_text(happening)));
        const std::string_view text = as_text(output->bytes);
        print(raw ? std::string(text) : readable(text));
        if (output->truncated) warn("truncated: the command printed more than is kept");
        return 0;
    };
    return as_ledger_reader(invocation.where(), show, raw ? Relay::bytes : Relay::text);
}

int show_changes(const Invocation& invocation) {
    const PolicyStore store = read_policy(invocation.where());
    std::vector<Change> changes = store.changes(last_option(invocation));
    std::sort(changes.begin(), changes.end(),
              [](const Change& left, const Change& right) { return left.id < right.id; });
    Json all = Json::array();
    Table table({"TIME", "WHO", "WHAT", "OBJECT", "AFTER"});
    for (const Change& change : changes) {
        all.push_back({{"time", json_time(change.at)},
                       {"who", change.who},
                       {"what", change.what},
                       {"object", change.object},
                       {"before", change.before},
                       {"after", change.after}});
        table.add({format_utc(change.at), printable(change.who), change.what,
                   change.object.empty() ? "-" : change.object, change.after.empty() ? "-" : change.after});
    }
    return invocation.json() ? print_json(all) : print(table.text("nothing was changed yet"));
}

int log(const Invocation& invocation) {
    if (invocation.has("verify")) return verify_ledger(invocation);
    if (invocation.has("changes")) return show_changes(invocation);
    if (const auto row = invocation.value("output")) return show_output(invocation, *row);
    if (const auto row = invocation.value("proof")) return show_proof(invocation, *row);
    const Ledger::Filter filter = filter_of(invocation);
    const std::size_t wanted = last_option(invocation);
    return as_ledger_reader(invocation.where(), [&](const Ledger& ledger) {
        return print_happenings(ledger, filter, wanted, invocation.json());
    });
}

constexpr std::string_view log_help =
    "Shows what happened, the newest last: every knock that was spent, with the user, the command,\n"
    "the carrier, the number on the sheet, the source, how the command ended, the numbers that it\n"
    "jumped over and the address it was for, if not its source, whether it was signed, and its argument;\n"
    "the door it opened, until when, and its end; what was undone; and replays, late and contested\n"
    "knocks, and those that lacked a valid signature. A source is what the packet says; nothing proves\n"
    "it, but a signature proves who knocked. Times are UTC.\n"
    "\n"
    "examples:\n"
    "  knockmgr log\n"
    "  knockmgr log --user anna --since 7d --last all\n"
    "  knockmgr log --output 17             what the command of row 17 printed\n"
    "  knockmgr log --proof 17              who signed the knock of row 17, and for what?\n"
    "  knockmgr log --verify                is the chain of hashes whole?\n"
    "  knockmgr log --changes               who changed which user, command or grant\n"
    "  knockmgr log --json --last 1\n";

} // namespace

std::vector<Subcommand> log_subcommands() {
    return {{"log",
             "",
             0,
             0,
             false,
             "show what happened",
             log_help,
             {{"user", "USER", "only of this user"},
              {"command", "COMMAND", "only of this command"},
              {"since", "TIME", "only from then on: 2h, 7d, 2026-11-21, 2026-11-21T18:00Z"},
              {"last", "N", "at most the newest N (default 100), or {}", false, last_choices},
              {"output", "ROW", "show what the command of that row printed, made harmless for a terminal"},
              {"raw", "", "with --output: byte for byte"},
              {"proof", "ROW", "verify the signed knock of that row; exit code 1 if it does not verify"},
              {"public-key", "HEX", "with --proof: by this key instead of the grant's"},
              {"server", "HEX", "with --proof: for the server of this id instead of this one"},
              {"verify", "", "recompute the chain of hashes; exit code 1 if it is broken"},
              {"anchor", "ROW:HASH", "with --verify: a row and its hash, from the journal", true},
              {"changes", "", "show what was changed with knockmgr instead"},
              {"json", "", "print JSON; times in UTC"}},
             log}};
}

} // namespace otk::knockmgr
