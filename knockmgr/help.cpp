#include "knockmgr/help.h"

#include "base/text.h"
#include "knockmgr/families.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

std::string_view family_of(const Subcommand& subcommand) {
    return subcommand.name.substr(0, subcommand.name.find(' '));
}

std::string summary_line(const Subcommand& subcommand) {
    return fmt::format("  {:<16} {}\n", subcommand.name, subcommand.summary);
}

// Lines of at most 80 characters; those after the first begin under the text.
std::string option_line(const Option& option) {
    constexpr std::size_t margin = 25;
    constexpr std::size_t width = 80;
    std::string line = option.value.empty() ? fmt::format("  --{}", option.name)
                                            : fmt::format("  --{} {}", option.name, option.value);
    line.resize(std::max(line.size() + 1, margin), ' ');
    std::string help = completion::with_choices(option.help, option.choices);
    if (option.repeatable) help += " (may be repeated)";
    std::string text;
    for (const std::string_view word : split(help, ' ')) {
        if (line.size() + word.size() > width) {
            text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
            line.assign(margin, ' ');
        }
        line += fmt::format("{} ", word);
    }
    line.back() = '\n';
    return text + line;
}

} // namespace

std::string usage_of(const Subcommand& subcommand) {
    std::string usage = fmt::format("knockmgr {}", subcommand.name);
    if (!subcommand.arguments.empty()) usage += fmt::format(" {}", subcommand.arguments);
    if (!subcommand.options.empty()) usage += " [OPTION]...";
    if (subcommand.takes_program) usage += " [-- PROGRAM [ARGUMENT]...]";
    return usage;
}

std::string help_for(const Subcommand& subcommand) {
    std::string text = fmt::format("{} - {}\n\nusage: {}\n\n{}\noptions:\n", subcommand.name,
                                   subcommand.summary, usage_of(subcommand), subcommand.help);
    for (const Option& option : subcommand.options)
        text += option_line(option);
    for (const Option& option : common_options())
        text += option_line(option);
    return text;
}

std::string help_for_family(std::string_view word) {
    std::string text;
    for (const Subcommand& subcommand : all_subcommands()) {
        if (family_of(subcommand) == word) text += summary_line(subcommand);
    }
    return text;
}

std::string general_help() {
    std::string text =
        "knockmgr - manage who may trigger which command of this server with a one-time knock\n\n"
        "usage: knockmgr SUBCOMMAND [ARGUMENT]... [OPTION]...\n"
        "       knockmgr SUBCOMMAND --help\n\n";
    std::string_view family;
    for (const Subcommand& subcommand : all_subcommands()) {
        if (family_of(subcommand) != family && !family.empty()) text += '\n';
        family = family_of(subcommand);
        text += summary_line(subcommand);
    }
    text += "\nthe first steps:\n"
            "  knockmgr init\n"
            "  knockmgr user add anna\n"
            "  knockmgr command add restart-web --exec --as root -- /usr/bin/systemctl restart nginx\n"
            "  knockmgr grant add anna restart-web --generate --sheet anna.txt\n"
            "  systemctl start otk\n"
            "  knockmgr log\n"
            "\noptions:\n";
    for (const Option& option : common_options())
        text += option_line(option);
    text += option_line(version_option);
    text += "\nexit code: 0 done, 1 refused or failed, 2 wrong usage. See knockmgr(8).\n";
    return text;
}

} // namespace otk::knockmgr
