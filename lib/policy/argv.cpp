#include "policy/argv.h"

#include "base/promise.h"
#include "base/text.h"

#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::size_t most_arguments = 64;
constexpr std::size_t most_bytes = 4096;

// The place of the token in its table; its size when there is none of that name.
std::size_t place_of(std::string_view argument, std::span<const Token> tokens) {
    const auto found = std::find_if(tokens.begin(), tokens.end(),
                                    [argument](const Token& token) { return token.name == argument; });
    return static_cast<std::size_t>(found - tokens.begin());
}

bool is_token(std::string_view argument, std::span<const Token> tokens) {
    return place_of(argument, tokens) < tokens.size();
}

std::string all_names(std::span<const Token> tokens) {
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

std::optional<std::string> check_argument(const std::string& argument, std::span<const Token> tokens) {
    if (argument.find('\0') != std::string::npos) return "an argument of a command cannot hold a zero byte";
    if (is_token(argument, tokens)) return std::nullopt;
    if (looks_like_a_token(argument)) {
        return fmt::format("'{}' is not a token; the tokens are {} (if it is meant as it stands, put a blank "
                           "inside the braces)",
                           printable(argument), all_names(tokens));
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

std::optional<std::string> check_argv(const std::vector<std::string>& argv, std::span<const Token> tokens) {
    if (argv.empty()) return "a command needs a program to run; give its absolute path after --";
    if (is_token(argv.front(), tokens)) {
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
        if (auto fault = check_argument(argument, tokens)) return fault;
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

std::vector<std::string> expand(const std::vector<std::string>& argv, std::span<const Token> tokens,
                                std::span<const std::string> values) {
    promise(values.size() == tokens.size(), "one value for each token");
    std::vector<std::string> expanded;
    expanded.reserve(argv.size());
    for (const std::string& argument : argv) {
        const std::size_t place = place_of(argument, tokens);
        expanded.push_back(place == tokens.size() ? argument : values[place]);
    }
    return expanded;
}

std::vector<std::string> environment(std::span<const Token> tokens, std::span<const std::string> values) {
    promise(values.size() == tokens.size(), "one value for each token");
    std::vector<std::string> variables{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        variables.push_back(fmt::format("{}={}", tokens[i].variable, values[i]));
    }
    return variables;
}

} // namespace otk
