#include "knockmgr/resync.h"

#include "base/text.h"
#include "knockmgr/as_ledger_reader.h"
#include "knockmgr/daemon.h"
#include "knockmgr/find_knock.h"
#include "knockmgr/former_chains.h"
#include "knockmgr/installation.h"
#include "knockmgr/knock_argument.h"
#include "knockmgr/output.h"

#include <thread>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

// What knockmgr knows before it asks knockd: the policy is closed again by then.
struct Known {
    GrantDetails grant; // the one that is to be moved
    std::vector<GrantDetails> all;
    std::vector<GrantDetails> former;
};

std::string name_of_grant(const GrantDetails& grant) { return grant.user.name + "/" + grant.command.name; }

Known read_known(const Invocation& invocation) {
    const PolicyStore store = read_policy(invocation.where());
    Known known{grant_called(store, invocation.arguments[0], invocation.arguments[1]), {}, {}};
    store.each_grant([&](const GrantDetails& grant) { known.all.push_back(grant); });
    for (const FormerChain& chain : former_chains(store))
        known.former.push_back(chain.grant);
    return known;
}

// Why a value that is not in the grant's chain is not.
[[noreturn]] void refuse_foreign(const Known& known, const Readings& readings, const Positions& positions) {
    const std::string name = name_of_grant(known.grant);
    if (const auto other = find_knock(readings, known.all, positions)) {
        throw Error(fmt::format("this is number {} of {}, and not of {}; is it the right sheet?",
                                other->number, name_of_grant(other->grant), name));
    }
    if (const auto old = find_knock(readings, known.former, positions)) {
        throw Error(fmt::format("this is number {} of a chain that {} had before; the sheet is of no use any "
                                "more",
                                old->number, name_of_grant(old->grant)));
    }
    throw Error(fmt::format("this value is unknown: it belongs to no chain that this server ever had. Have "
                            "the user read it again, from the sheet of {}",
                            name));
}

// The knock, when it lies ahead on the grant's chain.
FoundKnock find_ahead(const Known& known, const Readings& readings, const Positions& positions) {
    const std::string name = name_of_grant(known.grant);
    if (known.grant.grant.retired) {
        throw Error(fmt::format("the chain of {} was retired by `knockmgr restore`; `knockmgr grant renew` "
                                "gives it a new one",
                                name));
    }
    const auto found = find_knock(readings, {known.grant}, positions);
    if (!found) refuse_foreign(known, readings, positions);
    if (found->number == found->reached) {
        throw Error(fmt::format("{} stands at number {} already; {}", name, found->number,
                                found->number > 1 ? fmt::format("the next one is {}", found->number - 1)
                                                  : "none is left"));
    }
    if (found->number > found->reached) {
        throw Error(fmt::format("number {} lies behind: {} has come to {}, and a chain never goes back; the "
                                "next number that works is {}",
                                found->number, name, found->reached, found->reached - 1));
    }
    return *found;
}

std::string moves_text(const FoundKnock& found) {
    const Count given_up = found.reached - found.number;
    return fmt::format("moves {} from {} to {}: {} given up", name_of_grant(found.grant), found.reached,
                       found.number, given_up == 1 ? "1 knock is" : fmt::format("{} knocks are", given_up));
}

std::string next_text(const FoundKnock& found) {
    if (found.number == 1) return "no knock is left; `knockmgr grant renew` gives a new chain";
    return fmt::format("the next number that works is {}", found.number - 1);
}

std::int64_t add_request(const Places& where, const FoundKnock& found) {
    PolicyStore store = change_policy(where);
    Request request;
    request.kind = Request::Kind::resync;
    request.grant = found.grant.grant.id;
    request.value = found.value;
    return store.add_request(request);
}

// The row that answers the request, when knockd-validate has written it.
std::optional<Row> answer_in(const Ledger& ledger, std::int64_t request) {
    constexpr std::size_t newest = 50; // of all resyncs: this one was asked for a moment ago
    Ledger::Filter filter;
    filter.kind = RowKind::resynced;
    const std::string end = fmt::format(", request {}", request);
    for (Row& row : ledger.rows(filter, newest)) {
        if (row.text.ends_with(end)) return std::move(row);
    }
    return std::nullopt;
}

// In the child that may read the ledger; returns the exit code.
int wait_for_answer(const Ledger& ledger, std::int64_t request, const FoundKnock& found) {
    const auto end = std::chrono::steady_clock::now() + patience;
    for (;;) {
        if (const auto row = answer_in(ledger, request)) {
            if (row->value.empty()) throw Error(printable(row->text)); // "refused: ..."
            return report(fmt::format("{} stands at number {} now: {}\n", name_of_grant(found.grant),
                                      found.number, next_text(found)));
        }
        if (std::chrono::steady_clock::now() >= end) {
            throw Error(fmt::format("knockd has not answered within {} s; it will move the chain as soon as "
                                    "it accepts knocks again. `knockmgr status` and the journal say what is "
                                    "wrong",
                                    patience.count()));
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
}

int resync(const Invocation& invocation) {
    const Places where = invocation.where();
    const Readings readings = knock_argument(invocation, 2);
    const Known known = read_known(invocation);
    const FoundKnock found = find_ahead(known, readings, read_positions(where));
    confirm(invocation, fmt::format("This {}; {}. Do it?", moves_text(found), next_text(found)));
    const std::int64_t request = add_request(where, found);
    report(moves_text(found) + "\n");
    if (!ask_daemon(where).running)
        return report("knockd is not running; it moves the chain when it starts\n");
    return as_ledger_reader(
        where, [&](const Ledger& ledger) { return wait_for_answer(ledger, request, found); }, Relay::report);
}

constexpr std::string_view resync_help =
    "Moves a chain forward to a knock that the user reads out: for a user who has used or lost more\n"
    "numbers than the window passes over, so that the server looks for knocks that are long gone.\n"
    "The number read out and all above it never work again; the next one down does. A chain never\n"
    "goes back. Shows what is given up and asks first, unless --yes.\n"
    "\n"
    "The value may be written in any form: hex, base32 or words; `-` reads it from standard input.\n"
    "While knockd does not run, it happens when it starts.\n"
    "\n"
    "examples:\n"
    "  knockmgr grant resync anna sshd COAT SHIN DOLE OUST TOOK DRAB\n"
    "  knockmgr grant resync anna sshd 9f86d081884c7d659a2feaa0c55ad015 --yes\n"
    "  knockmgr grant resync anna sshd - --yes\n";

} // namespace

Subcommand resync_subcommand() {
    return {"grant resync", "USER COMMAND VALUE",        3,     14, false, "move a chain forward to a knock",
            resync_help,    {{"yes", "", "do not ask"}}, resync};
}

} // namespace otk::knockmgr
