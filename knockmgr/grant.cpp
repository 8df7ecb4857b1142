// knockmgr grant ...: who may trigger what, with which chain, under which rules.
#include "base/clock.h"
#include "base/text.h"
#include "knockmgr/command_view.h"
#include "knockmgr/enrol.h"
#include "knockmgr/families.h"
#include "knockmgr/grant_profile.h"
#include "knockmgr/grant_rules.h"
#include "knockmgr/grant_view.h"
#include "knockmgr/installation.h"
#include "knockmgr/output.h"
#include "knockmgr/positions.h"
#include "knockmgr/renew.h"
#include "knockmgr/resync.h"

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

GrantDetails named_grant(const PolicyStore& store, const Invocation& invocation) {
    return grant_called(store, invocation.arguments[0], invocation.arguments[1]);
}

std::string name_of_grant(const GrantDetails& grant) { return grant.user.name + "/" + grant.command.name; }

int add(const Invocation& invocation) {
    PolicyStore store = change_policy(invocation.where());
    Purpose purpose;
    purpose.user = user_called(store, invocation.arguments[0]);
    purpose.command = command_called(store, invocation.arguments[1]);
    if (store.grant_of(purpose.user.name, purpose.command.name)) {
        throw Error(fmt::format("{} has a grant for {} already; `knockmgr grant renew {} {} --generate` (or "
                                "--token) gives it a new chain",
                                purpose.user.name, purpose.command.name, purpose.user.name,
                                purpose.command.name));
    }
    const Time now = SystemClock().now();
    apply_rule_options(invocation, purpose.command, now, purpose.rules);
    const Enrolled enrolled = enrol(
        invocation, store, purpose,
        [&](const Enrolment& enrolment, const ChainId& chain, const Handover& handover) {
            Grant grant{{}, purpose.user.id, purpose.command.id, true, enrolment, chain, purpose.rules, now};
            grant.handover = handover;
            (void)store.add_grant(grant);
        });
    return print_enrolled(invocation, purpose, enrolled);
}

int set(const Invocation& invocation) {
    if (!has_rule_options(invocation)) throw UsageError("say which rule shall change");
    PolicyStore store = change_policy(invocation.where());
    const GrantDetails grant = named_grant(store, invocation);
    GrantRules rules = grant.grant.rules;
    apply_rule_options(invocation, grant.command, SystemClock().now(), rules);
    const bool has_key = grant.grant.enrolment.public_key.has_value();
    check_signing_options(invocation, grant.command, has_key);
    store.set_grant_rules(grant.grant.id, rules);
    return report(fmt::format("grant {} changed: {}\n", name_of_grant(grant), rules_line(rules, has_key)));
}

int enable(const Invocation& invocation) {
    const Places where = invocation.where();
    PolicyStore store = change_policy(where);
    const GrantDetails grant = named_grant(store, invocation);
    if (grant.grant.enabled)
        return report(fmt::format("grant {} is enabled already\n", name_of_grant(grant)));
    if (value_size(grant.grant.enrolment.algorithm) == 8) {
        check_weak_limit(load_config(where.config), weak_knocks(store, where),
                         knocks_left(read_positions(where, {grant}), grant.grant));
    }
    store.set_grant_enabled(grant.grant.id, true);
    return report(fmt::format("grant {} enabled\n", name_of_grant(grant)));
}

int disable(const Invocation& invocation) {
    PolicyStore store = change_policy(invocation.where());
    const GrantDetails grant = named_grant(store, invocation);
    if (!grant.grant.enabled)
        return report(fmt::format("grant {} is disabled already\n", name_of_grant(grant)));
    store.set_grant_enabled(grant.grant.id, false);
    return report(fmt::format("grant {} disabled\n", name_of_grant(grant)));
}

int remove(const Invocation& invocation) {
    PolicyStore store = change_policy(invocation.where());
    const GrantDetails grant = named_grant(store, invocation);
    const std::string stake = at_stake({grant.command});
    confirm(invocation, fmt::format("Remove the grant {}, so that its sheet is worthless{}?",
                                    name_of_grant(grant), stake));
    store.remove_grant(grant.grant.id);
    return report(fmt::format("grant {} removed{}\n", name_of_grant(grant), stake));
}

int list_grants(const Invocation& invocation) {
    const Places where = invocation.where();
    const PolicyStore store = read_policy(where);
    auto user = invocation.value("user");
    if (!invocation.arguments.empty()) {
        if (user) throw UsageError("name the user once: as in `knockmgr grant list anna`, or with --user");
        user = invocation.arguments[0];
    }
    std::vector<GrantDetails> grants;
    if (user) {
        grants = store.grants_of_user(user_called(store, *user).name);
    } else {
        store.each_grant([&](const GrantDetails& grant) { grants.push_back(grant); });
    }
    const std::optional<Positions> positions =
        grants.empty() ? Positions{} : positions_if_there(where, grants);
    return print_grants(grants, positions, SystemClock().now(), invocation.json());
}

int show(const Invocation& invocation) {
    const Places where = invocation.where();
    const GrantDetails grant = named_grant(read_policy(where), invocation);
    return print_grant(grant, positions_if_there(where, {grant}), SystemClock().now(), invocation.json());
}

std::vector<Option> together(std::vector<Option> options, const std::vector<Option>& more) {
    options.insert(options.end(), more.begin(), more.end());
    return options;
}

const Option json_option{"json", "", "print JSON; times in UTC"};
const Option yes_option{"yes", "", "do not ask"};

constexpr std::string_view add_help =
    "Lets a user trigger a command. The knocks are the values of a hash chain; the server keeps\n"
    "only what it needs to recognise the next one.\n"
    "\n"
    "--generate makes a chain here. Its knocks go to a sheet (--sheet FILE), or are listed as\n"
    "`NUMBER: KNOCK` lines, and are kept nowhere else. --token enrols a chain of which only the\n"
    "user knows the passphrase; compare the six check words by voice, and pass on the line with which\n"
    "the user's knockgen keeps a profile, or prints a sheet. A token with a public key makes the server\n"
    "demand signed knocks, which nobody can alter or use elsewhere; --plain lets knocks from a sheet\n"
    "pass, too.\n"
    "\n"
    "examples:\n"
    "  knockmgr grant add anna restart-web --generate --sheet anna.txt\n"
    "  knockmgr grant add anna restart-web --generate --length 500 --expires 90d --carriers udp,icmp\n"
    "  knockmgr grant add anna let-in --generate --address named --named-within 203.0.113.0/24\n"
    "  knockmgr grant add anna restart-web --generate --hours 'mon-fri 08:00-18:00' --zone Europe/Berlin\n"
    "  knockmgr grant add anna inner-ssh --generate --address claim --claims 2 --per-hour 5\n"
    "  knockmgr grant add bob restart-web --token otk1:sha256:1000:k3x7...:9f86...\n"
    "  knockmgr grant add bob let-in --token otk1:sha256:1000:p7d2...:41c0...:d75a... --plain\n";

constexpr std::string_view set_help =
    "Changes the rules of a grant; those not named stay. `any` or `none` takes a rule away. Takes\n"
    "effect in the running daemon within a second.\n"
    "\n"
    "examples:\n"
    "  knockmgr grant set anna let-in --from 198.51.100.0/24 --from 2001:db8::/32\n"
    "  knockmgr grant set anna let-in --expires 2026-12-31 --per-day 20\n"
    "  knockmgr grant set anna let-in --hours 'mon-fri 08:00-18:00; sat 10:00-12:00' --zone Europe/Berlin\n"
    "  knockmgr grant set anna let-in --from any --expires none\n"
    "  knockmgr grant set bob let-in --plain\n";

} // namespace

std::vector<Subcommand> grant_subcommands() {
    return {
        {"grant add", "USER COMMAND (--generate | --token TOKEN)", 2, 2, false,
         "let a user trigger a command", add_help, together(enrol_options(), rule_options()), add},
        {"grant list",
         "[USER]",
         0,
         1,
         false,
         "list the grants",
         "Lists all grants, or those of a user, with the knocks that are left.\n\nexamples:\n  knockmgr "
         "grant list\n"
         "  knockmgr grant list anna --json\n",
         {{"user", "USER", "only those of this user"}, json_option},
         list_grants},
        {"grant show",
         "USER COMMAND",
         2,
         2,
         false,
         "show one grant with all its rules",
         "Shows the rules of a grant, its chain, the knocks that are left, and the check words of\nits "
         "token.\n\n"
         "example:\n  knockmgr grant show anna restart-web\n",
         {json_option},
         show},
        {"grant set", "USER COMMAND", 2, 2, false, "change the rules of a grant", set_help, rule_options(),
         set},
        profile_subcommand(),
        {"grant enable",
         "USER COMMAND",
         2,
         2,
         false,
         "let a disabled grant work again",
         "Takes effect in the running daemon within a second.\n\nexample:\n  knockmgr grant enable anna "
         "restart-web\n",
         {},
         enable},
        {"grant disable",
         "USER COMMAND",
         2,
         2,
         false,
         "refuse all knocks of a grant",
         "Refuses all knocks of the grant until it is enabled again; takes effect in the running\n"
         "daemon within a second. Doors of it that are open end, and what waits to be undone is undone\n"
         "at once. A knock that comes in the meantime is spent and refused.\n\nexample:\n"
         "  knockmgr grant disable anna restart-web\n",
         {},
         disable},
        renew_subcommand(),
        resync_subcommand(),
        {"grant remove",
         "USER COMMAND",
         2,
         2,
         false,
         "remove a grant",
         "Removes a grant; its sheet is worthless from then on. Doors of it that are open end, and what\n"
         "waits to be undone is undone at once. The ledger keeps what happened. Asks first, unless "
         "--yes.\n\nexample:\n  knockmgr grant remove anna restart-web --yes\n",
         {yes_option},
         remove},
    };
}

} // namespace otk::knockmgr
