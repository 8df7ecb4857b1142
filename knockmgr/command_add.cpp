#include "knockmgr/command_add.h"

#include "base/text.h"
#include "knockmgr/command_view.h"
#include "knockmgr/installation.h"
#include "knockmgr/output.h"
#include "policy/argument.h"
#include "policy/tokens.h"
#include "sys/privileges.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

constexpr std::chrono::seconds longest_limit = std::chrono::hours{24};

constexpr std::array all_kinds{CommandKind::exec, CommandKind::open, CommandKind::forward,
                               CommandKind::close};

// Which kinds an option is for.
struct KindOption {
    std::string_view option;
    std::vector<CommandKind> kinds;
    std::string_view advice; // when it stands with another kind
};

const std::vector<KindOption>& kind_options() {
    using enum CommandKind;
    static const std::vector<KindOption> rows{
        {"as", {exec}, "only a program runs as somebody"},
        {"limit", {exec}, "only a program has a time limit; --hold says how long a door is open"},
        {"leave-running", {exec}, "only a program starts others"},
        {"undo", {exec}, "only what a program did needs undoing; a door closes by itself"},
        {"hold", {exec, open, forward}, "a close command is done at once"},
        {"prefix4", {open}, "only --open can let in more than one address"},
        {"prefix6", {open}, "only --open can let in more than one address"},
        {"argument", {exec}, "only a program can be handed one"},
    };
    return rows;
}

CommandKind kind_of(const Invocation& invocation) {
    std::optional<CommandKind> found;
    for (const CommandKind kind : all_kinds) {
        if (!invocation.has(name_of(kind))) continue;
        if (found) {
            throw UsageError(fmt::format(
                "--{} and --{} are two kinds of command; choose one, and add a second command for the other",
                name_of(*found), name_of(kind)));
        }
        found = kind;
    }
    if (found) return *found;
    throw UsageError(
        "say what kind of command it is: --exec runs a program, --open 22/tcp lets an address in "
        "to a port of this host, --forward 127.0.0.1:22 makes a port that leads there, --close "
        "COMMAND ends the doors of another command");
}

void check_mix(const Invocation& invocation, CommandKind kind) {
    for (const KindOption& row : kind_options()) {
        const bool fits = std::find(row.kinds.begin(), row.kinds.end(), kind) != row.kinds.end();
        if (invocation.has(row.option) && !fits) {
            throw UsageError(fmt::format("--{} does not go with --{}: {}; leave it out", row.option,
                                         name_of(kind), row.advice));
        }
    }
    if (kind != CommandKind::exec && !invocation.program.empty()) {
        throw UsageError(fmt::format("--{} runs no program; leave out what stands after --, or say --exec",
                                     name_of(kind)));
    }
}

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
        throw UsageError("say with --as ACCOUNT which one runs the command (--as root only if it must be)");
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

std::chrono::seconds hold_option(const Invocation& invocation, std::string_view what_for) {
    const auto text = invocation.value("hold");
    if (!text) throw UsageError(fmt::format("say with --hold {}; for example --hold 60s", what_for));
    const auto hold = parse_duration(*text);
    if (!hold || *hold > longest_hold) {
        throw UsageError(fmt::format("--hold {} is no time between 1s and 7d; write for example 60s or 2h",
                                     printable(*text)));
    }
    return *hold;
}

std::uint8_t prefix_option(const Invocation& invocation, std::string_view option, unsigned fewest,
                           std::uint8_t most) {
    const auto text = invocation.value(option);
    if (!text) return most;
    const auto bits = parse_decimal(text->starts_with('/') ? text->substr(1) : *text, most);
    if (!bits || *bits < fewest) {
        throw UsageError(fmt::format("--{} {} is no number of bits from {} to {}; {} is one address alone",
                                     option, printable(*text), fewest, most, most));
    }
    return static_cast<std::uint8_t>(*bits);
}

// The argv of --undo: the shell has no way to hand over a second list, so it is JSON.
std::vector<std::string> undo_option(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    const bool strings = json.is_array() && std::all_of(json.begin(), json.end(),
                                                        [](const Json& each) { return each.is_string(); });
    if (!strings || json.empty()) {
        throw UsageError(
            fmt::format("--undo {} is no list of texts in JSON; write for example --undo "
                        "'[\"/usr/local/sbin/let-out\", \"{{address}}\"]', in single quotes for the shell",
                        printable(text)));
    }
    return json.get<std::vector<std::string>>();
}

// An argument that nobody reads, or that can never come, was meant otherwise.
void read_argument(const Invocation& invocation, Command& command) {
    command.argument = invocation.value("argument").value_or("");
    if (invocation.has("argument")) {
        if (const auto fault = check_pattern(command.argument)) throw UsageError("--argument: " + *fault);
    }
    const auto has_token = [](const std::vector<std::string>& argv) {
        return std::find(argv.begin(), argv.end(), "{argument}") != argv.end();
    };
    const bool used = has_token(command.argv) || has_token(command.undo);
    if (used && command.argument.empty()) {
        warn("{argument} will always be empty: say with --argument PATTERN what signed knocks may carry");
    }
    if (!used && !command.argument.empty()) {
        warn("no argument of the program is {argument}; it can read what a knock carries from $OTK_ARGUMENT");
    }
}

void read_exec(const Invocation& invocation, Command& command) {
    if (invocation.program.empty()) throw UsageError("name the program to run, after --");
    command.argv = invocation.program;
    if (invocation.has("hold") && !invocation.has("undo")) {
        throw UsageError("--hold says when the --undo of a program runs, and there is no --undo; --limit is "
                         "how long the program itself may run");
    }
    if (const auto undo = invocation.value("undo")) {
        command.undo = undo_option(*undo);
        command.hold = hold_option(invocation, "TIME after which time --undo runs");
    }
    if (const auto fault = check_argv(command.argv)) throw Error(*fault);
    if (!command.undo.empty()) {
        if (const auto fault = check_argv(command.undo)) throw Error(fmt::format("--undo: {}", *fault));
    }
    read_argument(invocation, command);
    command.time_limit = time_limit(invocation);
    command.leave_running = invocation.has("leave-running");
    command.run_as = account_to_run_as(invocation);
    check_program(command.argv.front());
    if (!command.undo.empty() && command.undo.front() != command.argv.front())
        check_program(command.undo.front());
}

void read_open(const Invocation& invocation, Command& command) {
    const std::string text = *invocation.value("open");
    const auto service = parse_service(text);
    if (!service) {
        throw UsageError(fmt::format("--open {} is no port of this host; write for example 22/tcp or "
                                     "51820/udp, with a port from 1 to 65535",
                                     printable(text)));
    }
    command.service = *service;
    command.hold = hold_option(invocation, "TIME how long the port stays open");
    command.prefix4 = prefix_option(invocation, "prefix4", 8, 32);
    command.prefix6 = prefix_option(invocation, "prefix6", 16, 128);
}

void read_forward(const Invocation& invocation, Command& command) {
    const std::string text = *invocation.value("forward");
    const auto target = parse_endpoint(text);
    if (!target) {
        throw UsageError(fmt::format("--forward {} is no address with a port; write for example "
                                     "127.0.0.1:22 or [2001:db8::7]:22 (an address, not a name)",
                                     printable(text)));
    }
    command.target = *target;
    command.hold = hold_option(invocation, "TIME how long the door stays open");
}

void read_close(const Invocation& invocation, const PolicyStore& store, Command& command) {
    const Command closed = command_called(store, *invocation.value("close"));
    if (!lasts(closed)) {
        throw Error(fmt::format("nothing of {} lasts, so there is nothing to close: it is a command of kind "
                                "{}; --close is for --open, --forward, and --exec with --undo",
                                closed.name, name_of(closed.kind)));
    }
    command.closes = closed.id;
}

Command read_command(const Invocation& invocation, const PolicyStore& store) {
    Command command;
    command.name = invocation.arguments[0];
    command.kind = kind_of(invocation);
    check_mix(invocation, command.kind);
    switch (command.kind) {
    case CommandKind::exec: read_exec(invocation, command); break;
    case CommandKind::open: read_open(invocation, command); break;
    case CommandKind::forward: read_forward(invocation, command); break;
    case CommandKind::close: read_close(invocation, store, command); break;
    }
    return command;
}

int add(const Invocation& invocation) {
    const Places where = invocation.where();
    check_new_name("command", invocation.arguments[0]);
    check_mix(invocation, kind_of(invocation)); // what cannot be meant is told before anything is opened
    PolicyStore store = change_policy(where);
    const Command command = read_command(invocation, store);
    (void)store.add_command(command);
    return report(fmt::format("command {} added: {}\n{}", command.name,
                              what_it_does(command, closed_command(store.commands(), command)),
                              firewall_advice(command, store, where)));
}

constexpr std::string_view add_help =
    "Defines a command that a knock may trigger. KIND is one of --exec, --open, --forward, --close.\n"
    "\n"
    "--exec runs a program. After -- stand its absolute path and its arguments. No shell is\n"
    "involved: every argument stays one argument. One that is exactly one of these is replaced\n"
    "by its value, here and in --undo:\n"
    "  {address}   the address the knock is for: its source, or one named in it\n"
    "  {user} {command} {carrier} {count}   who knocked for what, by which way, with which number\n"
    "  {argument}  what a signed knock carries, if all of it matches --argument PATTERN\n"
    "The same stand in the environment: OTK_ADDRESS, OTK_USER and so on. PATTERN is an extended\n"
    "regular expression; with one, every other knock is refused, and one that begins with `-` only\n"
    "passes where PATTERN does, so that it cannot be an option. With --undo a second\n"
    "program takes back what the first one did, --hold after the knock; a knock in the meantime\n"
    "only prolongs that.\n"
    "\n"
    "Whatever a program started ends with it: when it has ended, at --limit, and when knockd stops or\n"
    "dies. With --leave-running what is left when the program, or its --undo, has ended with exit code\n"
    "0 runs on, without any limit: a program that starts a daemon needs it. A service is better\n"
    "started by systemctl, whose child it is not.\n"
    "\n"
    "--open lets the address of the knock in to a port of this host. --forward makes a port for\n"
    "that address which leads to a service; which port is on the sheet beside each knock. Both\n"
    "close by themselves after --hold; connections that were made live on. --close ends what a\n"
    "user's knocks for another command opened, before its time.\n"
    "\n"
    "examples:\n"
    "  knockmgr command add restart-web --exec --as root -- /usr/bin/systemctl restart nginx\n"
    "  knockmgr command add tunnel --exec --as nobody --leave-running -- /usr/local/bin/start-tunnel\n"
    "  knockmgr command add wake --exec --as nobody --limit 10s -- /usr/bin/wakeonlan 00:11:22:33:44:55\n"
    "  knockmgr command add vpn --exec --as root --hold 8h --undo '[\"/usr/local/sbin/vpn\", \"off\"]' \\\n"
    "      -- /usr/local/sbin/vpn on\n"
    "  knockmgr command add restart --exec --as root --argument 'nginx|postgresql' \\\n"
    "      -- /usr/bin/systemctl restart {argument}\n"
    "  knockmgr command add ssh --open 22/tcp --hold 60s --prefix6 64\n"
    "  knockmgr command add inner-ssh --forward 10.0.0.5:22 --hold 60s\n"
    "  knockmgr command add ssh-done --close ssh\n";

} // namespace

Subcommand command_add_subcommand() {
    return {
        "command add",
        "NAME KIND",
        1,
        1,
        true,
        "define a command that knocks may trigger",
        add_help,
        {{"exec", "", "run the program after --"},
         {"as", "ACCOUNT", "the account that runs it and --undo; root only if you say so"},
         {"limit", "TIME", "end the program after this time, 1s to 24h (default 30s)"},
         {"leave-running", "", "what the program started may run on after it has ended with exit code 0"},
         {"undo", "JSON", "a second program, as a list of texts, run as the first one after --hold"},
         {"argument", "PATTERN",
          "what a signed knock may carry for the program: an extended regular expression that must match "
          "all of it"},
         {"open", "PORT/tcp", "let the address of the knock in to this port; PORT/udp likewise"},
         {"forward", "ADDRESS:PORT", "make a port for the address of the knock that leads there"},
         {"close", "COMMAND", "end what the user's knocks for that command opened"},
         {"hold", "TIME", "how long a port is open, or when --undo runs, 1s to 7d"},
         {"prefix4", "BITS", "with --open: let in the IPv4 network of so many bits, 8 to 32 (default 32)"},
         {"prefix6", "BITS", "with --open: likewise for IPv6, 16 to 128 (default 128)"}},
        add};
}

} // namespace otk::knockmgr
