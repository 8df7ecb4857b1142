#include "knockgen/complete.h"

#include "base/text.h"
#include "completion/complete.h"
#include "knockgen/commands.h"
#include "knockgen/profiles.h"

#include <fmt/format.h>

namespace otk {
namespace {

using completion::Candidate;
using completion::Wanted;

constexpr Option version_option{"version", 0, "", "Print the version."};

completion::Option described(const Option& option) {
    return {option.name, option.letter, option.value, completion::with_choices(option.help, option.choices),
            option.choices};
}

completion::Grammar grammar() {
    completion::Grammar grammar;
    for (const Subcommand& row : subcommands()) {
        completion::Subcommand subcommand{row.name, row.operands, row.summary, {}};
        for (const Option& option : row.options)
            subcommand.options.push_back(described(option));
        subcommand.options.push_back(described(help_option));
        grammar.subcommands.push_back(std::move(subcommand));
    }
    grammar.leading = {described(help_option), described(version_option)};
    return grammar;
}

// What it is for; nothing where the file says nothing that can be read.
std::string purpose_of(const std::string& name) {
    try {
        const NamedProfile found = find_profile(name);
        return fmt::format("{} at {}", printable(found.profile.command), printable(found.profile.host));
    } catch (const Error&) {
        return {};
    }
}

std::vector<Candidate> names(const Wanted& wanted) {
    std::vector<Candidate> profiles;
    if (wanted.placeholder != "PROFILE") return profiles;
    for (const std::string& name : profile_names()) {
        if (name.starts_with(wanted.typed)) profiles.push_back({name, purpose_of(name)});
    }
    return profiles;
}

} // namespace

void print_completion(std::vector<std::string> words) {
    (void)completion::print_candidates(grammar(), std::move(words), names);
}

} // namespace otk
