// knockmgr user ...: who may knock.
#include "base/text.h"
#include "knockmgr/command_view.h"
#include "knockmgr/families.h"
#include "knockmgr/installation.h"
#include "knockmgr/output.h"

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

int add(const Invocation& invocation) {
    const std::string& name = invocation.arguments[0];
    check_new_name("user", name);
    PolicyStore store = change_policy(invocation.where());
    (void)store.add_user(name);
    return report(fmt::format("user {} added; give a grant with `knockmgr grant add {} COMMAND --generate`\n",
                              name, name));
}

int list_users(const Invocation& invocation) {
    const PolicyStore store = read_policy(invocation.where());
    Json all = Json::array();
    Table table({"USER", "STATE", "GRANTS"});
    const bool json = invocation.json();
    store.each_user([&](const User& user, const std::vector<std::string>& commands) {
        if (json) {
            all.push_back({{"name", user.name}, {"enabled", user.enabled}, {"grants", commands}});
            return;
        }
        const std::string names = fmt::format("{}", fmt::join(commands, " "));
        table.add({user.name, state_word(user.enabled), names.empty() ? "-" : names});
    });
    if (json) return print_json(all);
    return print(table.text("no users yet; `knockmgr user add NAME` adds one"));
}

int show(const Invocation& invocation) {
    const PolicyStore store = read_policy(invocation.where());
    const User user = user_called(store, invocation.arguments[0]);
    Json commands = Json::array();
    std::string names;
    for (const GrantDetails& grant : store.grants_of_user(user.name)) {
        commands.push_back({{"command", grant.command.name}, {"enabled", grant.grant.enabled}});
        names += fmt::format("{}{}{}", names.empty() ? "" : "\n", grant.command.name,
                             grant.grant.enabled ? "" : " (disabled)");
    }
    if (invocation.json()) {
        return print_json({{"name", user.name}, {"enabled", user.enabled}, {"grants", commands}});
    }
    Fields fields;
    fields.add("user", user.name);
    fields.add("state", state_word(user.enabled));
    fields.add("grants", names.empty() ? "none" : names);
    return print(fields.text());
}

int set_enabled(const Invocation& invocation, bool enabled) {
    PolicyStore store = change_policy(invocation.where());
    const User user = user_called(store, invocation.arguments[0]);
    if (user.enabled == enabled)
        return report(fmt::format("user {} is {} already\n", user.name, state_word(enabled)));
    store.set_user_enabled(user.id, enabled);
    return report(fmt::format("user {} {}\n", user.name, state_word(enabled)));
}

int enable(const Invocation& invocation) { return set_enabled(invocation, true); }
int disable(const Invocation& invocation) { return set_enabled(invocation, false); }

int remove(const Invocation& invocation) {
    PolicyStore store = change_policy(invocation.where());
    const User user = user_called(store, invocation.arguments[0]);
    std::vector<Command> commands;
    for (const GrantDetails& grant : store.grants_of_user(user.name))
        commands.push_back(grant.command);
    const std::string stake = counted(commands.size(), "grant") + at_stake(commands);
    confirm(invocation, fmt::format("Remove user {} with {}?", user.name, stake));
    store.remove_user(user.id);
    return report(fmt::format("user {} removed with {}\n", user.name, stake));
}

const Option json_option{"json", "", "print JSON; times in UTC"};
const Option yes_option{"yes", "", "do not ask"};

} // namespace

std::vector<Subcommand> user_subcommands() {
    return {
        {"user add",
         "NAME",
         1,
         1,
         false,
         "add a user",
         "Adds a user, who may trigger nothing before a grant is added. A user of otk need not\n"
         "have an account on this system. A name has 1 to 32 of a-z 0-9 . _ - and begins with\n"
         "a letter.\n\nexamples:\n  knockmgr user add anna\n  knockmgr user add backup-robot\n",
         {},
         add},
        {"user list",
         "",
         0,
         0,
         false,
         "list the users",
         "Lists the users, whether they are enabled, and the commands they may trigger.\n\nexamples:\n"
         "  knockmgr user list\n  knockmgr user list --json\n",
         {json_option},
         list_users},
        {"user show",
         "USER",
         1,
         1,
         false,
         "show one user",
         "Shows a user.\n\nexample:\n  knockmgr user show anna\n",
         {json_option},
         show},
        {"user enable",
         "USER",
         1,
         1,
         false,
         "let a disabled user knock again",
         "Takes effect in the running daemon within a second.\n\nexample:\n  knockmgr user enable anna\n",
         {},
         enable},
        {"user disable",
         "USER",
         1,
         1,
         false,
         "refuse all knocks of a user",
         "Refuses all knocks of the user until he is enabled again; takes effect in the running\n"
         "daemon within a second. Open doors of the user end, and what waits to be undone is undone at\n"
         "once. A knock that comes in the meantime is spent and refused.\n\nexample:\n"
         "  knockmgr user disable anna\n",
         {},
         disable},
        {"user remove",
         "USER",
         1,
         1,
         false,
         "remove a user and the user's grants",
         "Removes the user and all the user's grants; the sheets are worthless from then on. Open doors\n"
         "of the user end, and what waits to be undone is undone at once. The ledger keeps what\n"
         "happened. Asks first, unless --yes.\n\nexample:\n  knockmgr user remove anna "
         "--yes\n",
         {yes_option},
         remove},
    };
}

} // namespace otk::knockmgr
