#include "policy/tokens.h"

#include "base/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::size_t most_arguments = 64;
constexpr std::size_t most_bytes = 4096;

// A token of argv, its variable in the environment and where its value is kept.
struct Token {
    std::string_view name;
    std::string_view variable;
    std::string TokenValues::*value;
};
constexpr std::array tokens{
    Token{"{address}", "OTK_ADDRESS", &TokenValues::address},
    Token{"{user}", "OTK_USER", &TokenValues::user},
    Token{"{command}", "OTK_COMMAND", &TokenValues::command},
    Token{"{carrier}", "OTK_CARRIER", &TokenValues::carrier},
    Token{"{count}", "OTK_COUNT", &TokenValues::count},
    Token{"{argument}", "OTK_ARGUMENT", &TokenValues::argument},
};

const Token* token_named(std::string_view argument) {
    const auto* const found = std::find_if(tokens.begin(), tokens.end(),
                                           [argument](const Token& token) { return token.name == argument; });
    return found == tokens.end() ? nullptr : found;
}

std::string all_token_names() {
    std::string names;
    for (const Token& token : tokens) {
        if (!names.empty()) names += ' ';
        names += token.name;
    }
    return names;
}

// A word in braces and nothing else: it was meant as a token, even if it is none.
bool looks_like_a_token(std::string_view argument) {
    if (argument.size() < 3 || argument.front() != '{' || argument.back() != '}') return false;
    const std::string_view word = argument.substr(1, argument.size() - 2);
    return std::all_of(word.begin(), word.end(),
                       [](char c) { return is_alphanumeric(c) || c == '_' || c == '-'; });
}

std::optional<std::string> check_argument(const std::string& argument) {
    if (argument.find('\0') != std::string::npos) return "an argument of a command cannot hold a zero byte";
    if (token_named(argument) != nullptr) return std::nullopt;
    if (looks_like_a_token(argument)) {
        return fmt::format("'{}' is not a token; the tokens are {} (if it is meant as it stands, put a blank "
                           "inside the braces)",
                           printable(argument), all_token_names());
    }
    for (const Token& token : tokens) {
        if (argument.find(token.name) == std::string::npos) continue;
        return fmt::format(
            "{} stands inside the longer argument '{}'; a token must be an argument of its own (or "
            "let the command read ${} from its environment)",
            token.name, printable(argument), token.variable);
    }
    return std::nullopt;
}

} // namespace

std::optional<std::string> check_argv(const std::vector<std::string>& argv) {
    if (argv.empty()) return "a command needs a program to run; give its absolute path after --";
    if (token_named(argv.front()) != nullptr) {
        return "a token cannot be the program to run; give the absolute path of a program";
    }
    if (argv.front().empty() || argv.front().front() != '/') {
        return fmt::format("the program '{}' is not an absolute path; write for example /usr/bin/{}",
                           printable(argv.front()), argv.front().empty() ? "true" : printable(argv.front()));
    }
    if (argv.size() > most_arguments) {
        return fmt::format("a command may have at most {} arguments and this has {}; put them into a script",
                           most_arguments, argv.size());
    }
    std::size_t bytes = 0;
    for (const std::string& argument : argv) {
        if (auto fault = check_argument(argument)) return fault;
        bytes += argument.size();
    }
    if (bytes > most_bytes) {
        return fmt::format(
            "the arguments of a command may have at most {} bytes in all and these have {}; put them "
            "into a script",
            most_bytes, bytes);
    }
    return std::nullopt;
}

bool uses_address(const Command& command) {
    return std::find(command.argv.begin(), command.argv.end(), "{address}") != command.argv.end();
}

std::vector<std::string> expand(const std::vector<std::string>& argv, const TokenValues& values) {
    std::vector<std::string> expanded;
    expanded.reserve(argv.size());
    for (const std::string& argument : argv) {
        const Token* const token = token_named(argument);
        expanded.push_back(token == nullptr ? argument : values.*token->value);
    }
    return expanded;
}

std::vector<std::string> environment(const TokenValues& values) {
    std::vector<std::string> variables{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
    for (const Token& token : tokens) {
        variables.push_back(fmt::format("{}={}", token.variable, values.*token.value));
    }
    return variables;
}

} // namespace otk
