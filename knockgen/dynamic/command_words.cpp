#include "knockgen/dynamic/command_words.h"

#include "base/promise.h"
#include "base/text.h"
#include "knockgen/arguments.h"

#include <algorithm>
#include <csignal>
#include <unistd.h>

#include <fmt/format.h>

namespace otk {
namespace {

constexpr std::string_view blanks = " \t\n";

bool is_quote(char c) { return c == '\'' || c == '"'; }

// One word from the beginning of `rest`, which is not empty and begins with no blank.
std::string take_word(std::string_view& rest) {
    std::string word;
    while (!rest.empty() && blanks.find(rest.front()) == std::string_view::npos) {
        const char c = rest.front();
        rest.remove_prefix(1);
        if (!is_quote(c)) {
            word += c;
            continue;
        }
        const std::size_t end = rest.find(c);
        if (end == std::string_view::npos) {
            throw UsageError(fmt::format("--exec has a {} that is not closed; close it", c));
        }
        word += rest.substr(0, end);
        rest.remove_prefix(end + 1);
    }
    return word;
}

// One pass from left to right: what is filled in is not looked at again.
std::string fill_in_word(std::string_view word, const Destination& where) {
    const std::pair<std::string_view, std::string> tokens[] = {
        {"{host}", where.host},
        {"{address}", where.address.text()},
        {"{port}", std::to_string(where.port)},
    };
    std::string filled;
    while (!word.empty()) {
        const auto* const token = std::find_if(std::begin(tokens), std::end(tokens), [&](const auto& each) {
            return word.substr(0, each.first.size()) == each.first;
        });
        if (token == std::end(tokens)) {
            filled += word.front();
            word.remove_prefix(1);
        } else {
            filled += token->second;
            word.remove_prefix(token->first.size());
        }
    }
    return filled;
}

} // namespace

std::vector<std::string> parse_command(std::string_view text) {
    std::vector<std::string> words;
    for (;;) {
        text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
        if (text.empty()) break;
        words.push_back(take_word(text));
    }
    if (words.empty() || words.front().empty()) {
        throw UsageError("--exec names no program; say for example --exec 'ssh -p {port} {host}'");
    }
    if (std::none_of(words.begin(), words.end(),
                     [](const std::string& word) { return word.find("{port}") != std::string::npos; })) {
        throw UsageError("--exec says nowhere {port}, which is another one each time; "
                         "say for example --exec 'ssh -p {port} {host}'");
    }
    return words;
}

std::vector<std::string> fill_in(std::vector<std::string> words, const Destination& where) {
    for (std::string& word : words)
        word = fill_in_word(word, where);
    return words;
}

void become_program(const std::vector<std::string>& words) {
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (const std::string& word : words)
        argv.push_back(const_cast<char*>(word.c_str())); // execvp changes nothing
    argv.push_back(nullptr);
    (void)std::signal(SIGPIPE, SIG_DFL); // an ignored signal would stay ignored
    execvp(argv.front(), argv.data());
    throw system_error(fmt::format("cannot start {}", printable(words.front())));
}

} // namespace otk
