#include "knockmgr/command_view.h"

#include "base/text.h"
#include "firewall/ruleset.h"
#include "policy/tokens.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

std::string prefixes(const Command& command) {
    if (command.prefix4 == 32 && command.prefix6 == 128) return "the address of the knock alone";
    return fmt::format("the network around the address: /{} of IPv4, /{} of IPv6", command.prefix4,
                       command.prefix6);
}

void add_exec(Fields& fields, const Command& command) {
    fields.add("program", shell_line(command.argv));
    fields.add("runs as", command.run_as);
    fields.add("argument", command.argument.empty() ? "takes none" : command.argument);
    fields.add("time limit", format_duration(command.time_limit));
    fields.add("what it started", command.leave_running ? "may run on after exit code 0" : "ends with it");
    if (command.undo.empty()) return;
    fields.add("undone by", shell_line(command.undo));
    fields.add("hold", format_duration(command.hold));
}

} // namespace

std::string what_it_does(const Command& command, const std::string& closes) {
    switch (command.kind) {
    case CommandKind::exec: {
        std::string text = fmt::format("runs {} as {}, for {} at most", shell_line(command.argv),
                                       command.run_as, format_duration(command.time_limit));
        if (command.leave_running) text += ", and leaves running what it started";
        if (!command.argument.empty())
            text += fmt::format(", with an argument that matches {}", command.argument);
        if (command.undo.empty()) return text;
        return fmt::format("{}; after {} runs {}", text, format_duration(command.hold),
                           shell_line(command.undo));
    }
    case CommandKind::open: {
        std::string text =
            fmt::format("opens {} for {}", format_service(command.service), format_duration(command.hold));
        if (command.prefix4 == 32 && command.prefix6 == 128) return text;
        return fmt::format("{}, for /{} of IPv4 and /{} of IPv6 around the address", text, command.prefix4,
                           command.prefix6);
    }
    case CommandKind::forward:
        return fmt::format("leads to {} for {}", format_endpoint(command.target),
                           format_duration(command.hold));
    case CommandKind::close: return fmt::format("ends what knocks for {} opened", closes);
    }
    return "does something that this version does not know";
}

std::string closed_command(const std::vector<Command>& all, const Command& command) {
    if (command.kind != CommandKind::close) return {};
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const Command& each) { return each.id == command.closes; });
    return found == all.end() ? "a command that is gone" : found->name;
}

std::vector<std::string> commands_that_close(const std::vector<Command>& all, const Command& command) {
    std::vector<std::string> names;
    for (const Command& each : all) {
        if (each.kind == CommandKind::close && each.closes == command.id) names.push_back(each.name);
    }
    return names;
}

Json json_of(const Command& command, const std::vector<Command>& all) {
    const bool exec = command.kind == CommandKind::exec;
    const bool open = command.kind == CommandKind::open;
    const bool forward = command.kind == CommandKind::forward;
    const auto only = [](bool fits, const Json& value) { return fits ? value : Json(); };
    return {{"name", command.name},
            {"enabled", command.enabled},
            {"kind", name_of(command.kind)},
            {"argv", only(exec, command.argv)},
            {"run_as", only(exec, command.run_as)},
            {"argument", only(!command.argument.empty(), command.argument)},
            {"limit_seconds", only(exec, command.time_limit.count())},
            {"leave_running", only(exec, command.leave_running)},
            {"undo", only(!command.undo.empty(), command.undo)},
            {"hold_seconds", only(lasts(command), command.hold.count())},
            {"opens", only(open, format_service(command.service))},
            {"prefix4", only(open, command.prefix4)},
            {"prefix6", only(open, command.prefix6)},
            {"forwards_to", only(forward, format_endpoint(command.target))},
            {"closes", only(command.kind == CommandKind::close, closed_command(all, command))},
            {"closed_by", commands_that_close(all, command)},
            {"uses_address", uses_address(command)}};
}

void add_fields(Fields& fields, const Command& command, const std::vector<Command>& all) {
    fields.add("command", command.name);
    fields.add("state", state_word(command.enabled));
    fields.add("kind", std::string(name_of(command.kind)));
    switch (command.kind) {
    case CommandKind::exec: add_exec(fields, command); break;
    case CommandKind::open:
        fields.add("opens", format_service(command.service));
        fields.add("hold", format_duration(command.hold));
        fields.add("lets in", prefixes(command));
        break;
    case CommandKind::forward:
        fields.add("leads to", format_endpoint(command.target));
        fields.add("hold", format_duration(command.hold));
        break;
    case CommandKind::close: fields.add("ends the doors of", closed_command(all, command)); break;
    }
    const std::vector<std::string> closers = commands_that_close(all, command);
    if (!closers.empty()) fields.add("closed by", joined(closers));
    fields.add("uses an address", uses_address(command) ? "yes" : "no");
}

std::string at_stake(const std::vector<Command>& commands) {
    const auto any = [&](auto which) { return std::any_of(commands.begin(), commands.end(), which); };
    const bool doors = any([](const Command& command) {
        return command.kind == CommandKind::open || command.kind == CommandKind::forward;
    });
    const bool undo = any([](const Command& command) { return !command.undo.empty(); });
    std::string text;
    if (doors) text += "; open doors end at once";
    if (undo) text += "; what waits to be undone is undone at once";
    return text;
}

std::string firewall_advice(const Command& command, const PolicyStore& store, const Places& where) {
    if (command.kind != CommandKind::open) return {};
    const Config config = load_config(where.config);
    const GuardDecision guard = store.guard();
    switch (config.firewall.mode) {
    case FirewallMode::guard:
        if (guard.on && !guard.trial_until) return {};
        if (guard.on) return "the guard is on for a trial; `knockmgr guard confirm` keeps it\n";
        return fmt::format("the guard is off, so {} is as open as your ruleset has it; `knockmgr guard on "
                           "--confirm 5m` shuts it for all who did not knock\n",
                           format_service(command.service));
    case FirewallMode::sets:
        return fmt::format(
            "the firewall's mode is \"sets\": your ruleset needs these lines\n\n{}",
            lines_for_sets({config.firewall.table, config.firewall.set4, config.firewall.set6}, command));
    case FirewallMode::none:
        return "the firewall's mode is \"none\": knockd only keeps a list of who may pass, for programs that "
               "ask `knockmgr doors --allows`; see [firewall] in otk.toml\n";
    }
    return {};
}

} // namespace otk::knockmgr
