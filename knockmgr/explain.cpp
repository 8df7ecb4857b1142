// knockmgr explain VALUE: what became of a knock, or what would.
#include "base/clock.h"
#include "base/text.h"
#include "knockmgr/as_ledger_reader.h"
#include "knockmgr/families.h"
#include "knockmgr/find_knock.h"
#include "knockmgr/former_chains.h"
#include "knockmgr/grant_view.h"
#include "knockmgr/history.h"
#include "knockmgr/installation.h"
#include "knockmgr/knock_argument.h"
#include "otp/text_form.h"
#include "policy/decide.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

struct Inquiry {
    Readings readings;
    std::vector<GrantDetails> grants;
    std::map<GrantId, std::string> states; // of each now; the child cannot look at the time zones
    std::vector<FormerChain> former;
    unsigned window = 0;
    bool json = false;
};

std::vector<Row> rows_of(const Ledger& ledger, const Readings& readings) {
    for (const Reading& reading : readings) {
        std::vector<Row> rows = ledger.rows_of_value(reading.value);
        if (!rows.empty()) return rows; // of two readings at most one was ever a knock
    }
    return {};
}

// A row and what is told about it elsewhere, each on its line.
std::string story_of(const Happening& happening, Time now) {
    const Row& row = happening.row;
    const std::string by_whom = row.kind == RowKind::resynced
                                    ? ""
                                    : fmt::format(" by {} from {}", carrier_text(row), source_text(row));
    std::string text =
        fmt::format("{}  row {}, {}{}: {}{}\n", format_utc(row.at), static_cast<std::int64_t>(row.number),
                    name_of(row.kind), by_whom, outcome_text(happening), remarks_text(row));
    const Refusal by_monitor = happening.end ? happening.end->refusal : Refusal::none;
    const Refusal refusal = row.refusal != Refusal::none ? row.refusal : by_monitor;
    if (refusal != Refusal::none) text += fmt::format("  {}\n", explain(refusal));
    const std::string sequel = sequel_text(happening, now);
    return sequel.empty() ? text : text + fmt::format("  {}\n", sequel);
}

std::string_view verdict_of(RowKind kind, std::string_view otherwise) {
    if (kind == RowKind::accepted) return "spent";
    if (kind == RowKind::refused) return "refused";
    if (kind == RowKind::late) return "late";
    if (kind == RowKind::resynced) return "resynced";
    if (kind == RowKind::not_signed) return "not signed";
    return otherwise;
}

// The rows of a value that came to the server.
struct Story {
    std::string text;
    Json rows = Json::array();
    std::string_view verdict = "seen";
    std::size_t replays = 0;
};

Story story_of(const Ledger& ledger, const std::vector<Row>& rows) {
    const Time now = SystemClock().now();
    Story story;
    story.text = fmt::format("number {} of {}/{}\n", rows.front().count, printable(rows.front().user),
                             printable(rows.front().command));
    for (const Row& row : rows) {
        const Happening happening = happening_of(ledger, row);
        story.rows.push_back(json_of(happening));
        story.verdict = verdict_of(row.kind, story.verdict);
        if (row.kind == RowKind::replay) ++story.replays;
        story.text += story_of(happening, now);
    }
    if (story.replays > 0)
        story.text += fmt::format("replayed: recorded {}\n", counted(story.replays, "time"));
    return story;
}

// What comes without the signature that its grant demands is written down and not spent, for some times.
bool none_spent_it(const std::vector<Row>& rows) {
    return std::all_of(rows.begin(), rows.end(),
                       [](const Row& row) { return row.kind == RowKind::not_signed; });
}

struct Verdict {
    std::string word;
    std::string sentence;
};

// The value is in a chain of this server, and the ledger has no row about it.
Verdict judge(const FoundKnock& found, unsigned window, const std::string& state) {
    const Count reached = found.reached; // the count of the last accepted knock, or of the enrolment
    if (found.number == found.grant.grant.enrolment.length) {
        return {"image", "the value the server was given when the chain was enrolled; it is no knock. The "
                         "numbers below it are"};
    }
    if (found.grant.grant.retired) {
        return {"retired",
                "of a chain that `knockmgr restore` retired when the ledger was lost. Nothing of it "
                "works any more; `knockmgr grant renew` gives the grant a new one"};
    }
    if (found.number >= reached) {
        return {
            "late",
            fmt::format("passed over: the server has come to number {}, and only lower ones count. It can "
                        "never be used again",
                        reached)};
    }
    if (found.number + window < reached) {
        return {
            "beyond the window",
            fmt::format("not used, but beyond the window: the server takes number {} to {} now (window {})",
                        reached - 1, reached > window ? reached - window : 1, window)};
    }
    if (state == "enabled") return {"unused", "not used yet; it would be looked at if it came now"};
    return {"unused", fmt::format("not used yet; it would be spent and refused if it came now: {}", state)};
}

// `before`: that it came, and was not spent.
int tell_position(const FoundKnock& found, const Inquiry& inquiry, const std::optional<Story>& before) {
    const unsigned window = inquiry.window;
    const Verdict verdict = judge(found, window, inquiry.states.at(found.grant.grant.id));
    const std::string& user = found.grant.user.name;
    const std::string& command = found.grant.command.name;
    if (inquiry.json) {
        return print_json({{"verdict", verdict.word},
                           {"user", user},
                           {"command", command},
                           {"number", found.number},
                           {"last_accepted", found.reached},
                           {"window", window},
                           {"text", verdict.sentence},
                           {"rows", before ? before->rows : Json::array()}});
    }
    if (before) {
        return print(fmt::format("{}It was not spent by that. Now: {}.\n", before->text, verdict.sentence));
    }
    return print(fmt::format("number {} of {}/{}: {}.\n", found.number, user, command, verdict.sentence));
}

int tell_unknown(bool json) {
    if (json) return print_json({{"verdict", "unknown"}});
    return print("unknown: the value belongs to no chain that this server ever had, and never arrived as a "
                 "knock. Is it from another server's sheet?\n");
}

// The value is of an old sheet: nothing on it works any more.
int tell_former(const FoundKnock& found, const std::vector<FormerChain>& former, bool json) {
    const auto chain = std::find_if(former.begin(), former.end(), [&](const FormerChain& each) {
        return each.grant.grant.chain == found.grant.grant.chain;
    });
    promise(chain != former.end(), "a chain that was found is one of those that were looked at");
    const std::string& user = found.grant.user.name;
    const std::string& command = found.grant.command.name;
    const std::string_view word = chain->removed ? "removed" : "replaced";
    if (json) {
        return print_json({{"verdict", word},
                           {"user", user},
                           {"command", command},
                           {"number", found.number},
                           {"until", json_time(chain->until)},
                           {"who", chain->who}});
    }
    return print(fmt::format("number {} of {}/{}: of a chain that {} {} at {}. No arrival is recorded, and "
                             "nothing of that chain works any more.\n",
                             found.number, printable(user), printable(command), printable(chain->who), word,
                             format_utc(chain->until)));
}

std::vector<GrantDetails> grants_of(const std::vector<FormerChain>& former) {
    std::vector<GrantDetails> grants;
    for (const FormerChain& chain : former)
        grants.push_back(chain.grant);
    return grants;
}

// The grant that has the chain today; nothing where it was replaced, removed or retired.
const GrantDetails* live_grant(const Inquiry& inquiry, const ChainId& chain) {
    const auto found =
        std::find_if(inquiry.grants.begin(), inquiry.grants.end(), [&](const GrantDetails& each) {
            return each.grant.chain == chain && !each.grant.retired;
        });
    return found == inquiry.grants.end() ? nullptr : &*found;
}

// What is left to whoever asks about a knock that came.
struct Moral {
    std::string sentence;
    Count next = 0; // the number that the server waits for; 0: none is left
};

Moral moral_of(const Ledger& ledger, const Inquiry& inquiry, const ChainId& chain) {
    const GrantDetails* const live = live_grant(inquiry, chain);
    if (live == nullptr) return {"Nothing of its chain works any more.", 0};
    const Count next = knocks_left(positions_in(ledger), live->grant);
    if (next == 0) return {"No knock of its chain is left; `knockmgr grant renew` gives a new one.", 0};
    const std::string& state = inquiry.states.at(live->grant.id);
    if (state == "enabled") return {fmt::format("The server waits for number {} now.", next), next};
    return {fmt::format("The server waits for number {}, and would refuse it now: {}.", next, state), next};
}

int tell_history(const Story& story, const Moral& moral, bool json) {
    if (!json) return print(fmt::format("{}{}\n", story.text, moral.sentence));
    return print_json({{"verdict", story.verdict},
                       {"replays", story.replays},
                       {"next", moral.next == 0 ? Json() : Json(moral.next)},
                       {"rows", story.rows}});
}

int answer(const Ledger& ledger, const Inquiry& inquiry) {
    const std::vector<Row> rows = rows_of(ledger, inquiry.readings);
    if (!rows.empty() && !none_spent_it(rows)) {
        Moral moral = moral_of(ledger, inquiry, rows.front().chain);
        moral.sentence = "A knock works once: it is spent, whatever became of it. " + moral.sentence;
        return tell_history(story_of(ledger, rows), moral, inquiry.json);
    }
    const std::optional<Story> before = rows.empty() ? std::nullopt : std::optional(story_of(ledger, rows));
    const Positions positions = positions_in(ledger);
    if (const auto found = find_knock(inquiry.readings, inquiry.grants, positions))
        return tell_position(*found, inquiry, before);
    if (before) return tell_history(*before, moral_of(ledger, inquiry, rows.front().chain), inquiry.json);
    const auto old = find_knock(inquiry.readings, grants_of(inquiry.former), positions);
    return old ? tell_former(*old, inquiry.former, inquiry.json) : tell_unknown(inquiry.json);
}

int explain_value(const Invocation& invocation) {
    const Places where = invocation.where();
    Inquiry inquiry;
    inquiry.readings = knock_argument(invocation, 0);
    const PolicyStore store = read_policy(where);
    inquiry.window = load_config(where.config).accept.window;
    inquiry.json = invocation.json();
    const Time now = SystemClock().now();
    store.each_grant([&](const GrantDetails& grant) {
        inquiry.grants.push_back(grant);
        inquiry.states.emplace(grant.grant.id, state_of(grant, now));
    });
    inquiry.former = former_chains(store);
    return as_ledger_reader(where, [&](const Ledger& ledger) { return answer(ledger, inquiry); });
}

constexpr std::string_view explain_help =
    "Says what became of a knock: spent, when and for whom, how the command ended, whether its door\n"
    "is still open and what was undone; refused, and by which rule; come without the signature that\n"
    "its grant demands, and not spent; replayed; passed over; beyond\n"
    "the window; not used yet; of a chain that was replaced, removed or retired; or unknown. The\n"
    "knock may be written in any way: hex, base32, or words. A knock that was not used yet is a\n"
    "secret: give `-` to type it on standard input.\n"
    "\n"
    "examples:\n"
    "  knockmgr explain 9f86d081884c7d659a2feaa0c55ad015\n"
    "  knockmgr explain COAT SHIN DOLE OUST TOOK DRAB\n"
    "  knockmgr explain -\n";

} // namespace

std::vector<Subcommand> explain_subcommands() {
    return {{"explain",
             "VALUE",
             1,
             12,
             false,
             "say what became of a knock",
             explain_help,
             {{"json", "", "print JSON; times in UTC"}},
             explain_value}};
}

} // namespace otk::knockmgr
