// knockmgr command ...: what may be triggered.
#include "base/text.h"
#include "knockmgr/command_add.h"
#include "knockmgr/command_view.h"
#include "knockmgr/families.h"
#include "knockmgr/installation.h"
#include "knockmgr/output.h"

#include <array>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

int list_commands(const Invocation& invocation) {
    const PolicyStore store = read_policy(invocation.where());
    const std::vector<Command> commands = store.commands();
    Json all = Json::array();
    Table table({"COMMAND", "STATE", "KIND", "WHAT IT DOES"});
    for (const Command& command : commands) {
        all.push_back(json_of(command, commands));
        table.add({command.name, state_word(command.enabled), std::string(name_of(command.kind)),
                   what_it_does(command, closed_command(commands, command))});
    }
    if (invocation.json()) return print_json(all);
    return print(table.text("no commands yet; `knockmgr command add --help` shows how to add one"));
}

int show(const Invocation& invocation) {
    const PolicyStore store = read_policy(invocation.where());
    const Command command = command_called(store, invocation.arguments[0]);
    const std::vector<Command> commands = store.commands();
    const std::vector<std::string> users = store.users_of(command.id);
    if (invocation.json()) {
        Json json = json_of(command, commands);
        json["users"] = users;
        return print_json(json);
    }
    Fields fields;
    add_fields(fields, command, commands);
    fields.add("users", users.empty() ? "none" : joined(users));
    const std::string advice = firewall_advice(command, store, invocation.where());
    return print(fields.text() + (advice.empty() ? "" : "\n" + advice));
}

int set_enabled(const Invocation& invocation, bool enabled) {
    PolicyStore store = change_policy(invocation.where());
    const Command command = command_called(store, invocation.arguments[0]);
    if (command.enabled == enabled) {
        return report(fmt::format("command {} is {} already\n", command.name, state_word(enabled)));
    }
    store.set_command_enabled(command.id, enabled);
    return report(fmt::format("command {} {}\n", command.name, state_word(enabled)));
}

int enable(const Invocation& invocation) { return set_enabled(invocation, true); }
int disable(const Invocation& invocation) { return set_enabled(invocation, false); }

int set(const Invocation& invocation) {
    const auto wish = invocation.value("leave-running");
    if (!wish) throw UsageError("say what to change: --leave-running yes or --leave-running no");
    if (*wish != "yes" && *wish != "no")
        throw UsageError(fmt::format("--leave-running {} is neither yes nor no", printable(*wish)));
    PolicyStore store = change_policy(invocation.where());
    Command command = command_called(store, invocation.arguments[0]);
    if (command.kind != CommandKind::exec)
        throw Error(fmt::format("{} runs no program, so nothing can be left running", command.name));
    command.leave_running = *wish == "yes";
    store.set_command_leaves(command.id, command.leave_running);
    return print(fmt::format("command {} set: {}\n", command.name, what_it_does(command, {})));
}

int remove(const Invocation& invocation) {
    PolicyStore store = change_policy(invocation.where());
    const Command command = command_called(store, invocation.arguments[0]);
    const std::vector<std::string> closers = commands_that_close(store.commands(), command);
    if (!closers.empty()) {
        throw Error(fmt::format("the command {} closes {} and would have nothing to close; `knockmgr command "
                                "remove {}` first",
                                closers.front(), command.name, closers.front()));
    }
    const std::string stake = counted(store.users_of(command.id).size(), "grant") + at_stake({command});
    confirm(invocation, fmt::format("Remove command {} with {}?", command.name, stake));
    store.remove_command(command.id);
    return report(fmt::format("command {} removed with {}\n", command.name, stake));
}

const Option json_option{"json", "", "print JSON"};
constexpr std::array answers{Choice{"yes"}, Choice{"no"}};
const Option yes_option{"yes", "", "do not ask"};

} // namespace

std::vector<Subcommand> command_subcommands() {
    return {
        command_add_subcommand(),
        {"command list",
         "",
         0,
         0,
         false,
         "list the commands",
         "Lists the commands.\n\nexamples:\n  knockmgr command list\n  knockmgr command list --json\n",
         {json_option},
         list_commands},
        {"command show",
         "COMMAND",
         1,
         1,
         false,
         "show one command",
         "Shows a command and who may trigger it.\n\nexample:\n  knockmgr command show restart-web\n",
         {json_option},
         show},
        {"command set",
         "COMMAND",
         1,
         1,
         false,
         "change what a command leaves running",
         "Says whether what the program of a command started may run on after it has ended with exit\n"
         "code 0, as --leave-running of `knockmgr command add` does. Counts for knocks that come later.\n"
         "\nexamples:\n"
         "  knockmgr command set tunnel --leave-running yes\n"
         "  knockmgr command set tunnel --leave-running no\n",
         {{"leave-running", "ANSWER", "whether what it started may run on: {}", false, answers}},
         set},
        {"command enable",
         "COMMAND",
         1,
         1,
         false,
         "let a disabled command run again",
         "Takes effect in the running daemon within a second.\n\nexample:\n  knockmgr command enable "
         "restart-web\n",
         {},
         enable},
        {"command disable",
         "COMMAND",
         1,
         1,
         false,
         "refuse all knocks for a command",
         "Refuses all knocks for the command until it is enabled again; takes effect in the\n"
         "running daemon within a second. Doors of it that are open end, and what waits to be\n"
         "undone is undone at once. A knock that comes in the meantime is spent and refused.\n\nexample:\n"
         "  knockmgr command disable restart-web\n",
         {},
         disable},
        {"command remove",
         "COMMAND",
         1,
         1,
         false,
         "remove a command and all grants for it",
         "Removes the command and every user's grant for it. Doors of it that are open end, and what\n"
         "waits to be undone is undone at once. The ledger keeps what happened. A command that another\n"
         "one closes is removed after that one. Asks first, unless --yes.\n\nexample:\n  knockmgr command "
         "remove restart-web --yes\n",
         {yes_option},
         remove},
    };
}

} // namespace otk::knockmgr
