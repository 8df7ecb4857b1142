// knockmgr command ...: what may be triggered.
#include "base/text.h"
#include "knockmgr/families.h"
#include "knockmgr/installation.h"
#include "knockmgr/output.h"
#include "policy/tokens.h"
#include "sys/privileges.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

constexpr std::chrono::seconds longest_limit = std::chrono::hours{24};

// The program must be there, and whoever can write to it decides what the knock does: that is worth a
// warning.
void check_program(const std::string& program) {
    struct stat status {};
    if (stat(program.c_str(), &status) != 0)
        throw system_error(fmt::format("the program {}", printable(program)));
    if (!S_ISREG(status.st_mode) || (status.st_mode & 0111) == 0) {
        throw Error(fmt::format("{} is not a program; is it a directory, or does `chmod +x` lack?",
                                printable(program)));
    }
    const bool others_write =
        (status.st_mode & (S_IWGRP | S_IWOTH)) != 0 || (is_root() && status.st_uid != 0);
    if (others_write) {
        warn(fmt::format("{} can be changed by others than {}: whoever does so decides what a knock runs",
                         printable(program), is_root() ? "root" : "its owner"));
    }
}

std::string account_to_run_as(const Invocation& invocation) {
    const auto named = invocation.value("as");
    if (!named && is_root()) {
        throw UsageError("say with --as USER which account runs the command (--as root only if it must be)");
    }
    std::string account = named ? *named : who_asks();
    if (!find_account(account)) {
        throw Error(fmt::format(
            "there is no account '{}' on this system; name one with --as, for example --as nobody",
            printable(account)));
    }
    return account;
}

std::chrono::seconds time_limit(const Invocation& invocation) {
    const auto text = invocation.value("limit");
    if (!text) return Command{}.time_limit;
    const auto limit = parse_duration(*text);
    if (!limit || *limit > longest_limit) {
        throw UsageError(fmt::format("--limit {} is no time between 1s and 24h; write for example 30s or 5m",
                                     printable(*text)));
    }
    return *limit;
}

int add(const Invocation& invocation) {
    Command command;
    command.name = invocation.arguments[0];
    check_new_name("command", command.name);
    if (!invocation.has("exec")) throw UsageError("say what kind of command it is; --exec runs a program");
    if (invocation.program.empty()) throw UsageError("name the program to run, after --");
    command.argv = invocation.program;
    if (const auto fault = check_argv(command.argv)) throw Error(*fault);
    command.time_limit = time_limit(invocation);
    command.run_as = account_to_run_as(invocation);
    check_program(command.argv.front());
    PolicyStore store = change_policy(invocation.where());
    (void)store.add_command(command);
    return print(fmt::format("command {} added: runs {} as {}, for {} at most\n", command.name,
                             shell_line(command.argv), command.run_as, format_duration(command.time_limit)));
}

Json json_of(const Command& command) {
    return {{"name", command.name},
            {"enabled", command.enabled},
            {"kind", name_of(command.kind)},
            {"argv", command.argv},
            {"run_as", command.run_as},
            {"limit_seconds", command.time_limit.count()},
            {"uses_address", uses_address(command)}};
}

int list(const Invocation& invocation) {
    const PolicyStore store = read_policy(invocation.where());
    Json all = Json::array();
    Table table({"COMMAND", "STATE", "KIND", "AS", "LIMIT", "PROGRAM"});
    for (const Command& command : store.commands()) {
        all.push_back(json_of(command));
        table.add({command.name, state_word(command.enabled), std::string(name_of(command.kind)),
                   command.run_as, format_duration(command.time_limit), shell_line(command.argv)});
    }
    if (invocation.json()) return print_json(all);
    return print(table.text("no commands yet; `knockmgr command add --help` shows how to add one"));
}

int show(const Invocation& invocation) {
    const PolicyStore store = read_policy(invocation.where());
    const Command command = command_called(store, invocation.arguments[0]);
    std::string users;
    Json json_users = Json::array();
    store.each_grant([&](const GrantDetails& grant) {
        if (grant.command.id != command.id) return;
        users += (users.empty() ? "" : " ") + grant.user.name;
        json_users.push_back(grant.user.name);
    });
    if (invocation.json()) {
        Json json = json_of(command);
        json["users"] = json_users;
        return print_json(json);
    }
    Fields fields;
    fields.add("command", command.name);
    fields.add("state", state_word(command.enabled));
    fields.add("kind", std::string(name_of(command.kind)));
    fields.add("program", shell_line(command.argv));
    fields.add("runs as", command.run_as);
    fields.add("time limit", format_duration(command.time_limit));
    fields.add("uses an address", uses_address(command) ? "yes" : "no");
    fields.add("users", users.empty() ? "none" : users);
    return print(fields.text());
}

int set_enabled(const Invocation& invocation, bool enabled) {
    PolicyStore store = change_policy(invocation.where());
    const Command command = command_called(store, invocation.arguments[0]);
    if (command.enabled == enabled) {
        return print(fmt::format("command {} is {} already\n", command.name, state_word(enabled)));
    }
    store.set_command_enabled(command.id, enabled);
    return print(fmt::format("command {} {}\n", command.name, state_word(enabled)));
}

int enable(const Invocation& invocation) { return set_enabled(invocation, true); }
int disable(const Invocation& invocation) { return set_enabled(invocation, false); }

int remove(const Invocation& invocation) {
    PolicyStore store = change_policy(invocation.where());
    const Command command = command_called(store, invocation.arguments[0]);
    std::size_t grants = 0;
    store.each_grant([&](const GrantDetails& grant) { grants += grant.command.id == command.id ? 1 : 0; });
    confirm(invocation, fmt::format("Remove command {} with {}?", command.name, counted(grants, "grant")));
    store.remove_command(command.id);
    return print(fmt::format("command {} removed with {}\n", command.name, counted(grants, "grant")));
}

const Option json_option{"json", "", "print JSON"};
const Option yes_option{"yes", "", "do not ask"};

constexpr std::string_view add_help =
    "Defines a command that a knock may trigger. After -- stand the program, with its absolute\n"
    "path, and its arguments. No shell is involved: every argument stays one argument.\n"
    "\n"
    "An argument that is exactly one of these is replaced by its value:\n"
    "  {address}   the address the knock is for: its source, or one named in it\n"
    "  {user} {command} {carrier} {count}   who knocked for what, by which way, with which number\n"
    "  {argument}  what a signed knock carries; empty for now\n"
    "The same stand in the environment: OTK_ADDRESS, OTK_USER and so on.\n"
    "\n"
    "examples:\n"
    "  knockmgr command add restart-web --exec --as root -- /usr/bin/systemctl restart nginx\n"
    "  knockmgr command add wake --exec --as nobody --limit 10s -- /usr/bin/wakeonlan 00:11:22:33:44:55\n"
    "  knockmgr command add let-in --exec --as root -- /usr/local/sbin/let-in {address} {user}\n";

} // namespace

std::vector<Subcommand> command_subcommands() {
    return {
        {"command add",
         "NAME --exec",
         1,
         1,
         true,
         "define a command that knocks may trigger",
         add_help,
         {{"exec", "", "run a program"},
          {"as", "USER", "the account that runs it; root only if you say so"},
          {"limit", "TIME", "end it after this time, 1s to 24h (default 30s)"}},
         add},
        {"command list",
         "",
         0,
         0,
         false,
         "list the commands",
         "Lists the commands.\n\nexamples:\n  knockmgr command list\n  knockmgr command list --json\n",
         {json_option},
         list},
        {"command show",
         "NAME",
         1,
         1,
         false,
         "show one command",
         "Shows a command and who may trigger it.\n\nexample:\n  knockmgr command show restart-web\n",
         {json_option},
         show},
        {"command enable",
         "NAME",
         1,
         1,
         false,
         "let a disabled command run again",
         "Takes effect in the running daemon within a second.\n\nexample:\n  knockmgr command enable "
         "restart-web\n",
         {},
         enable},
        {"command disable",
         "NAME",
         1,
         1,
         false,
         "refuse all knocks for a command",
         "Refuses all knocks for the command until it is enabled again; takes effect in the\n"
         "running daemon within a second. A knock that comes in the meantime is spent and "
         "refused.\n\nexample:\n"
         "  knockmgr command disable restart-web\n",
         {},
         disable},
        {"command remove",
         "NAME",
         1,
         1,
         false,
         "remove a command and all grants for it",
         "Removes the command and every user's grant for it. The ledger keeps what happened.\n"
         "Asks first, unless --yes.\n\nexample:\n  knockmgr command remove restart-web --yes\n",
         {yes_option},
         remove},
    };
}

} // namespace otk::knockmgr
