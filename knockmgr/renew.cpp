#include "knockmgr/renew.h"

#include "base/clock.h"
#include "knockmgr/enrol.h"
#include "knockmgr/grant_profile.h"
#include "knockmgr/grant_view.h"
#include "knockmgr/installation.h"
#include "knockmgr/output.h"

#include <algorithm>
#include <cerrno>
#include <sys/stat.h>
#include <tuple>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

std::string full_name(const GrantDetails& grant) { return grant.user.name + "/" + grant.command.name; }

// What is not said stays as it was.
Invocation with_former(const Invocation& invocation, const Grant& grant) {
    Invocation whole = invocation;
    const auto keep = [&](const std::string& option, const std::string& value) {
        if (!value.empty() && !invocation.has(option)) whole.options[option] = {value};
    };
    keep("host", grant.handover.host);
    keep("form", grant.handover.form);
    if (!invocation.has("generate")) return whole; // a token says the rest
    keep("length", std::to_string(grant.enrolment.length));
    keep("algorithm", std::string(name_of(grant.enrolment.algorithm)));
    return whole;
}

Purpose purpose_of(const GrantDetails& grant) {
    return {grant.user, grant.command, grant.grant.rules, grant.grant.enabled, grant.grant};
}

Enrolled renew(const Invocation& whole, PolicyStore& store, const GrantDetails& grant) {
    const auto& accepted = load_config(whole.where().config).accept.algorithms;
    const Algorithm before = grant.grant.enrolment.algorithm;
    const bool kept = whole.value("algorithm") == name_of(before);
    if (kept && std::find(accepted.begin(), accepted.end(), before) == accepted.end()) {
        throw Error(
            fmt::format("the chain of {} is of {}, and [accept] algorithms in otk.toml does not have that "
                        "any more; say --algorithm sha256",
                        full_name(grant), name_of(before)));
    }
    return enrol(whole, store, purpose_of(grant),
                 [&](const Enrolment& enrolment, const ChainId& chain, const Handover& handover) {
                     store.renew_grant(grant.grant.id, enrolment, chain, handover);
                 });
}

// The rules stay, and so does what makes every knock useless.
void warn_of_useless(GrantDetails grant) {
    grant.grant.retired = false;
    const std::string state = state_of(grant, SystemClock().now());
    if (state == "enabled" || state == "not yet valid" || state == "outside hours") return;
    warn(fmt::format(
        "the new knocks of {} will be refused: {}. A renewal changes no rule; `knockmgr grant show {} "
        "{}` shows them",
        full_name(grant), state, grant.user.name, grant.command.name));
}

int renew_one(const Invocation& invocation) {
    for (const std::string_view option : {"sheets", "retired", "yes"}) {
        if (invocation.has(option)) throw UsageError(fmt::format("--{} goes with --all", option));
    }
    PolicyStore store = change_policy(invocation.where());
    const GrantDetails grant = grant_called(store, invocation.arguments[0], invocation.arguments[1]);
    const Invocation whole = with_former(invocation, grant.grant);
    const Enrolled enrolled = renew(whole, store, grant);
    warn_of_useless(grant);
    return print_enrolled(whole, purpose_of(grant), enrolled);
}

// Why the knocks of a grant cannot be made here without taking something from its user; empty: they can.
std::string needs_user(const GrantDetails& grant) {
    const bool has_key = grant.grant.enrolment.public_key.has_value();
    if (!has_key && grant.grant.handover.made_here.value_or(true)) return "";
    return fmt::format(
        "{}: the user makes a token with `knockgen token{}`, and `knockmgr grant renew {} {} --token "
        "TOKEN` enrols it",
        has_key ? "takes signed knocks" : "has the chain of a secret of the user's",
        has_key ? "" : " --plain", grant.user.name, grant.command.name);
}

// One line of the result.
struct Renewal {
    GrantDetails grant;
    std::string sheet;       // its file; empty: it was not renewed
    std::string check_words; // of the new chain
    std::string why_not;
};

std::vector<Renewal> grants_to_renew(const PolicyStore& store, bool only_retired) {
    std::vector<Renewal> renewals;
    store.each_grant([&](const GrantDetails& grant) {
        if (!only_retired || grant.grant.retired) renewals.push_back({grant, "", "", needs_user(grant)});
    });
    std::sort(renewals.begin(), renewals.end(), [](const Renewal& one, const Renewal& other) {
        return std::tie(one.grant.user.name, one.grant.command.name) <
               std::tie(other.grant.user.name, other.grant.command.name);
    });
    return renewals;
}

// Every sheet of one run lies in a folder that this run made: none is taken for another run's.
void make_sheet_folder(const std::filesystem::path& folder) {
    if (mkdir(folder.c_str(), 0700) == 0) return;
    if (errno == EEXIST)
        throw Error(fmt::format("{} exists already; name a new folder for the sheets", folder.string()));
    throw system_error("cannot make the folder " + folder.string());
}

Enrolled renew_into(const std::filesystem::path& folder, const Invocation& invocation, PolicyStore& store,
                    const GrantDetails& grant) {
    const std::filesystem::path of_user = folder / grant.user.name;
    if (mkdir(of_user.c_str(), 0700) != 0 && errno != EEXIST)
        throw system_error("cannot make the folder " + of_user.string());
    Invocation one = invocation;
    one.options["sheet"] = {of_user / (grant.command.name + ".txt")};
    one.options["generate"] = {""};
    return renew(with_former(one, grant.grant), store, grant);
}

void renew_each(std::vector<Renewal>& renewals, const std::filesystem::path& folder,
                const Invocation& invocation, PolicyStore& store) {
    std::string own_name; // of this machine, where a sheet has it because nobody said another
    for (Renewal& renewal : renewals) {
        if (!renewal.why_not.empty()) continue;
        try {
            const Enrolled enrolled = renew_into(folder, invocation, store, renewal.grant);
            renewal.sheet = folder / renewal.grant.user.name / (renewal.grant.command.name + ".txt");
            renewal.check_words = check_words(enrolled.enrolment);
            warn_of_useless(renewal.grant);
            if (renewal.grant.grant.handover.host.empty()) own_name = enrolled.plan.host;
        } catch (const Error& fault) { // it keeps what it had, and the others get theirs
            renewal.why_not = fault.what();
        }
    }
    if (!own_name.empty()) warn_of_bare_host(invocation, own_name);
}

int print_renewals(const std::vector<Renewal>& renewals, bool json) {
    std::size_t renewed = 0;
    Json all = Json::array();
    std::string text;
    for (const Renewal& renewal : renewals) {
        const bool done = !renewal.sheet.empty();
        if (done) ++renewed;
        all.push_back({{"user", renewal.grant.user.name},
                       {"command", renewal.grant.command.name},
                       {"renewed", done},
                       {"sheet", done ? Json(renewal.sheet) : Json()},
                       {"check_words", done ? Json(renewal.check_words) : Json()},
                       {"why_not", done ? Json() : Json(renewal.why_not)}});
        text += done ? fmt::format("{}: renewed; sheet: {}\n", full_name(renewal.grant), renewal.sheet)
                     : fmt::format("{}: not renewed: {}\n", full_name(renewal.grant), renewal.why_not);
    }
    const std::size_t left = renewals.size() - renewed;
    text += fmt::format("{} renewed (print the sheets, hand them over, delete them), {} left as it was\n",
                        counted(renewed, "grant"), left);
    if (json)
        report_json(all);
    else
        report(text);
    return left == 0 ? 0 : 1;
}

int renew_all(const Invocation& invocation) {
    if (!invocation.arguments.empty())
        throw UsageError("--all is about every grant: name no user and no command");
    for (const std::string_view option :
         {"generate", "token", "length", "algorithm", "seed", "sheet", "unsigned"}) {
        if (invocation.has(option))
            throw UsageError(fmt::format("--{} is about one grant; with --all each keeps its own", option));
    }
    const auto folder = invocation.value("sheets");
    if (!folder) throw UsageError("--all needs --sheets DIR, a new folder for the sheets");
    PolicyStore store = change_policy(invocation.where());
    std::vector<Renewal> renewals = grants_to_renew(store, invocation.has("retired"));
    if (renewals.empty()) {
        if (invocation.json()) return print_json(Json::array());
        return print("no grant has to be renewed\n");
    }
    const auto possible = static_cast<std::size_t>(std::count_if(
        renewals.begin(), renewals.end(), [](const Renewal& each) { return each.why_not.empty(); }));
    if (possible > 0) {
        confirm(invocation, fmt::format("Give {} a new chain each, so that the old sheets are worthless?",
                                        counted(possible, "grant")));
        make_sheet_folder(*folder);
    }
    renew_each(renewals, *folder, invocation, store);
    return print_renewals(renewals, invocation.json());
}

int renew_grants(const Invocation& invocation) {
    if (invocation.has("all")) return renew_all(invocation);
    if (invocation.arguments.size() != 2) throw UsageError("grant renew needs USER COMMAND, or --all");
    return renew_one(invocation);
}

std::vector<Option> renew_options() {
    std::vector<Option> options = enrol_options();
    options.insert(options.end(),
                   {{"unsigned", "", "give up the signatures that the grant demands"},
                    {"all", "", "renew every grant whose knocks are made here"},
                    {"sheets", "DIR", "with --all: write the sheets to a new folder, DIR/USER/COMMAND.txt"},
                    {"retired", "", "with --all: only grants whose chain `knockmgr restore` retired"},
                    {"yes", "", "with --all: do not ask"}});
    return options;
}

constexpr std::string_view renew_help =
    "Replaces the chain of a grant. The old sheet is worthless from then on. Rules stay, and unless an\n"
    "option says otherwise so do the server's name on sheet and profile (--host), the form of the knocks\n"
    "(--form), and of a generated chain length and algorithm. A grant that takes signed knocks keeps\n"
    "taking them: it is renewed by a token of its user's, and --generate is refused unless --unsigned.\n"
    "\n"
    "--all does so for every grant whose chain was made here, each into a sheet of its own, after a\n"
    "`knockmgr restore` or when a whole machine was set back. Others are named, with what their users\n"
    "have to do, and left as they are; then the exit code is 1.\n"
    "\n"
    "examples:\n"
    "  knockmgr grant renew anna restart-web --generate --sheet anna-2.txt\n"
    "  knockmgr grant renew bob restart-web --token otk1:sha256:1000:m2p9...:5e88...\n"
    "  knockmgr grant renew --all --retired --sheets new-sheets\n";

} // namespace

Subcommand renew_subcommand() {
    return {"grant renew",
            "USER COMMAND (--generate | --token TOKEN) | --all",
            0,
            2,
            false,
            "give a grant, or all, a new chain",
            renew_help,
            renew_options(),
            renew_grants};
}

} // namespace otk::knockmgr
