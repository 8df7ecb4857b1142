#include "knockmgr/complete.h"

#include "base/text.h"
#include "completion/complete.h"
#include "knockmgr/command_view.h"
#include "knockmgr/families.h"
#include "sys/file.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

using completion::Candidate;
using completion::Wanted;

// Whoever has more of them to choose from types another letter first.
constexpr std::size_t most_names = 1000;

completion::Option described(const Option& option) {
    return {option.name,    0,
            option.value,   completion::with_choices(option.help, option.choices),
            option.choices, option.repeatable};
}

completion::Grammar grammar() {
    completion::Grammar grammar;
    for (const Subcommand& row : all_subcommands()) {
        completion::Subcommand subcommand{row.name, row.arguments, row.summary, {}, row.takes_program};
        for (const std::vector<Option>* const options : {&row.options, &common_options()}) {
            for (const Option& option : *options)
                subcommand.options.push_back(described(option));
        }
        grammar.subcommands.push_back(std::move(subcommand));
    }
    for (const Option& option : common_options())
        grammar.leading.push_back(described(option));
    grammar.leading.push_back(described(version_option));
    return grammar;
}

std::string with_state(const std::string& text, bool enabled) {
    return enabled ? text : text.empty() ? "disabled" : text + " (disabled)";
}

std::vector<Candidate> users(const PolicyStore& store, std::string_view typed) {
    const std::vector<User> found = store.users_beginning(typed, most_names + 1);
    std::vector<Candidate> users;
    if (found.size() > most_names) return users;
    for (const User& user : found)
        users.push_back({user.name, with_state("", user.enabled)});
    return users;
}

// Those that make sense where the word stands: what the user has a grant for, or has none for yet, or what
// can be closed.
std::vector<Candidate> commands(const PolicyStore& store, const Wanted& wanted) {
    const std::vector<Command> all = store.commands();
    const bool of_user = !wanted.operands.empty() && wanted.option.empty();
    std::vector<CommandId> granted;
    if (of_user) {
        for (const GrantDetails& grant : store.grants_of_user(wanted.operands.front()))
            granted.push_back(grant.command.id);
    }
    std::vector<Candidate> commands;
    for (const Command& command : all) {
        const bool has = std::find(granted.begin(), granted.end(), command.id) != granted.end();
        if (of_user && has == (wanted.subcommand == "grant add")) continue;
        if (wanted.option == "close" && !lasts(command)) continue;
        commands.push_back(
            {command.name, with_state(what_it_does(command, closed_command(all, command)), command.enabled)});
    }
    return commands;
}

std::vector<Candidate> server_keys(const PolicyStore& store) {
    std::vector<Candidate> keys;
    for (const ServerKeyRecord& key : store.server_keys()) {
        if (in_force(key, SystemClock().now()))
            keys.push_back({std::to_string(key.id), "made " + format_utc(key.created)});
    }
    return keys;
}

// As IANA's list of those that differ has them: two columns, the name, perhaps a comment.
std::vector<Candidate> time_zones() {
    constexpr std::size_t largest_list = 1U << 20U;
    const std::string list = read_file("/usr/share/zoneinfo/zone1970.tab", largest_list).value_or("");
    std::vector<Candidate> zones{{"UTC", "default"}};
    for (const std::string_view line : split(list, '\n')) {
        const auto columns = split(line, '\t');
        if (columns.size() >= 3 && !line.starts_with('#')) zones.push_back({std::string(columns[2])});
    }
    return zones;
}

std::vector<Candidate> names(const Wanted& wanted) {
    const auto dir = wanted.options.find("dir");
    const Places where = places(dir == wanted.options.end() ? "" : std::string(dir->second));
    const auto policy = [&] { return PolicyStore::open_for_glance(where.policy_db); };
    if (wanted.placeholder == "USER") return users(policy(), wanted.typed);
    if (wanted.placeholder == "COMMAND") return commands(policy(), wanted);
    if (wanted.placeholder == "NUMBER") return server_keys(policy());
    if (wanted.placeholder == "ZONE") return time_zones();
    return {};
}

} // namespace

int print_completion(std::vector<std::string> words) {
    return completion::print_candidates(grammar(), std::move(words), names);
}

} // namespace otk::knockmgr
