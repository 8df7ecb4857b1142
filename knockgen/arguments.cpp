#include "knockgen/arguments.h"

#include "base/suggest.h"
#include "base/text.h"

#include <algorithm>

#include <cxxopts.hpp> // takes seven seconds to compile: nowhere else
#include <fmt/format.h>

namespace otk {
namespace {

std::string spelling(const Option& option) {
    return option.letter ? fmt::format("{},{}", option.letter, option.name) : std::string(option.name);
}

bool may_lack_value(const Option& option) { return option.value.starts_with('['); }

cxxopts::Options options_of(const Subcommand& subcommand) {
    cxxopts::Options options("knockgen");
    const auto add = [&](const Option& option) {
        std::shared_ptr<cxxopts::Value> value = cxxopts::value<bool>();
        if (!option.value.empty()) value = cxxopts::value<std::string>();
        if (may_lack_value(option)) value = value->implicit_value("");
        options.add_options()(spelling(option), "", value);
    };
    for (const Option& option : subcommand.options)
        add(option);
    add(help_option);
    return options;
}

// As a shell takes it for one word.
std::string one_word(std::string_view text) {
    constexpr std::string_view plain = "/._-+:,@%";
    const bool clean = !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return is_alphanumeric(c) || plain.find(c) != std::string_view::npos;
    });
    if (clean) return std::string(text);
    std::string out = "'";
    for (const char c : text)
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::string spelled(const Subcommand& subcommand, const std::string& name, std::string_view value) {
    const auto option = std::find_if(subcommand.options.begin(), subcommand.options.end(),
                                     [&](const Option& each) { return each.name == name; });
    if (option == subcommand.options.end() || option->value.empty()) return "--" + name;
    if (!may_lack_value(*option)) return fmt::format("--{} {}", name, one_word(value));
    return value.empty() ? "--" + name : fmt::format("--{}={}", name, one_word(value));
}

bool takes_no_value(const Subcommand& subcommand, std::string_view name) {
    return name == help_option.name ||
           std::any_of(subcommand.options.begin(), subcommand.options.end(),
                       [&](const Option& option) { return option.name == name && option.value.empty(); });
}

// What cxxopts found wrong, with quotes that every terminal can show; in version 3.2 they
// are that already.
std::string message_of(const cxxopts::exceptions::exception& problem) {
    std::string message = problem.what();
    for (const std::string& quote : {cxxopts::LQUOTE, cxxopts::RQUOTE}) {
        for (auto at = message.find(quote); at != std::string::npos; at = message.find(quote, at + 1)) {
            message.replace(at, quote.size(), "'");
        }
    }
    return printable(message);
}

// "; did you mean --form?" where one of the words is nearly an option.
std::string advice_on(const Subcommand& subcommand, std::span<char* const> words) {
    std::vector<std::string_view> names{help_option.name};
    for (const Option& option : subcommand.options)
        names.push_back(option.name);
    for (const std::string_view word : words) {
        if (!word.starts_with("--")) continue;
        const std::string_view name = word.substr(2, word.find('=') - 2);
        if (std::find(names.begin(), names.end(), name) != names.end()) continue;
        const std::string_view likely = nearest(name, names);
        if (!likely.empty()) return fmt::format("; did you mean --{}?", likely);
    }
    return {};
}

// Every line of a text, indented.
std::string indented(std::string_view text, std::size_t by) {
    std::string result;
    for (const std::string_view line : split(text, '\n')) {
        if (!line.empty()) result.append(by, ' ').append(line);
        result += '\n';
    }
    return result;
}

// The lines of a text, and more where one is longer than `width`.
std::string wrapped(std::string_view text, std::size_t width) {
    std::string result;
    for (const std::string_view line : split(text, '\n')) {
        std::size_t used = 0;
        for (const std::string_view word : split(line, ' ')) {
            const bool fits = used == 0 || used + 1 + word.size() <= width;
            if (!result.empty()) result += used > 0 && fits ? ' ' : '\n';
            result += word;
            used = (fits && used > 0 ? used + 1 : 0) + word.size();
        }
    }
    return result;
}

std::string help_line(const Option& option) {
    constexpr std::size_t help_column = 27;
    constexpr std::size_t help_width = 66;
    const std::string help = wrapped(completion::with_choices(option.help, option.choices), help_width);
    const std::string letter = option.letter ? fmt::format("-{}, ", option.letter) : std::string(4, ' ');
    std::string left = fmt::format("  {}--{}{}{}", letter, option.name,
                                   option.value.empty() || may_lack_value(option) ? "" : " ", option.value);
    // A long option has its help on the lines below.
    if (left.size() + 2 > help_column) return left + '\n' + indented(help, help_column);
    left.resize(help_column, ' ');
    return left + indented(help, help_column).substr(help_column);
}

} // namespace

Arguments Arguments::parse(const Subcommand& subcommand, std::span<char* const> words) {
    std::string program = "knockgen"; // cxxopts skips the first word
    std::vector<char*> line{program.data()};
    line.insert(line.end(), words.begin(), words.end());

    Arguments arguments;
    try {
        cxxopts::Options options = options_of(subcommand);
        const cxxopts::ParseResult result = options.parse(static_cast<int>(line.size()), line.data());
        for (const cxxopts::KeyValue& option : result.arguments()) {
            if (takes_no_value(subcommand, option.key()) && option.value() != "true") {
                throw UsageError(
                    fmt::format("--{} takes no value; leave the option out instead", option.key()));
            }
            if (!arguments.options_.emplace(option.key(), option.value()).second) {
                throw UsageError(fmt::format("--{} stands twice; give it once", option.key()));
            }
            arguments.spelled_.emplace(option.key(), spelled(subcommand, option.key(), option.value()));
        }
        arguments.operands_ = result.unmatched();
    } catch (const cxxopts::exceptions::no_such_option& problem) {
        throw UsageError(message_of(problem) + advice_on(subcommand, words));
    } catch (const cxxopts::exceptions::exception& problem) {
        throw UsageError(message_of(problem));
    }
    if (subcommand.operands.empty() && !arguments.operands_.empty()) {
        throw UsageError(fmt::format("\"{}\" is one word too many; every setting has an option",
                                     printable(arguments.operands_.front())));
    }
    return arguments;
}

std::optional<std::string_view> Arguments::text(std::string_view option) const {
    const auto found = options_.find(option);
    if (found == options_.end()) return std::nullopt;
    return found->second;
}

std::optional<std::uint32_t> Arguments::number(std::string_view option, std::uint32_t smallest,
                                               std::uint32_t largest) const {
    const auto given = text(option);
    if (!given) return std::nullopt;
    const auto number = parse_decimal(*given, largest);
    if (!number || *number < smallest) {
        throw UsageError(fmt::format("--{} \"{}\" should be a number from {} to {}", option,
                                     printable(*given), smallest, largest));
    }
    return static_cast<std::uint32_t>(*number);
}

std::string Arguments::said_again(std::initializer_list<std::string_view> without) const {
    std::string line;
    for (const auto& [name, text] : spelled_) {
        if (std::find(without.begin(), without.end(), name) == without.end()) line += ' ' + text;
    }
    return line;
}

std::string help_for_all(std::span<const Subcommand> subcommands) {
    std::string help =
        "knockgen makes one-time knocks from a passphrase or a key file: it sends them, lists them, prints\n"
        "them as sheets, and makes the token by which an administrator enrols you.\n\n"
        "usage: knockgen SUBCOMMAND [OPTIONS]\n\nSubcommands:\n";
    for (const Subcommand& subcommand : subcommands) {
        help += fmt::format("  {:<8} {}\n", subcommand.name, subcommand.summary);
    }
    help += "\n  knockgen SUBCOMMAND --help   explains one of them, with examples\n"
            "  knockgen --version           prints the version\n\n"
            "A first time, from nothing to an open door:\n\n"
            "  knockgen token\n"
            "  (your administrator runs knockmgr grant add YOU COMMAND --token TOKEN)\n"
            "  knockgen profile add NAME 'otk1-profile ...'     (the line that knockmgr printed)\n"
            "  knockgen send NAME\n\n"
            "Or to a sheet in your pocket, for machines without knockgen:\n\n"
            "  knockgen token --plain\n"
            "  (the administrator as above)\n"
            "  knockgen sheet --seed SEED --host server.example.org --output sheet.txt\n\n"
            "Passphrases are asked for on the terminal, or read with --passphrase-file, and never\n"
            "taken from the command line. Exit codes: 0 done, 1 refused or failed, 2 wrong usage.\n";
    return help;
}

std::string help_for(const Subcommand& subcommand) {
    std::string help = fmt::format("knockgen {}: {}\n\nusage: knockgen {} [OPTIONS]{}{}\n\n", subcommand.name,
                                   subcommand.summary, subcommand.name,
                                   subcommand.operands.empty() ? "" : " ", subcommand.operands);
    help += indented(subcommand.description, 0) + "\nOptions:\n";
    for (const Option& option : subcommand.options)
        help += help_line(option);
    help += help_line(help_option) + "\nExamples:\n" + indented(subcommand.examples, 2);
    return help;
}

} // namespace otk
