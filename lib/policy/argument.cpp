#include "policy/argument.h"

#include <algorithm>

#include <fmt/format.h>
#include <re2/re2.h>

namespace otk {

namespace {

// Bytes for what RE2 makes of a pattern, and for what it remembers while it compares.
constexpr std::int64_t most_memory = 256 << 10;

// Instructions of RE2's: each byte of an argument costs some steps for each of them, at most. A pattern for
// host names, ([a-z0-9-]{1,63}\.){1,8}[a-z]{2,63} has 2151.
constexpr int largest_program = 2560;

RE2::Options options() {
    RE2::Options options(RE2::POSIX);
    options.set_encoding(RE2::Options::EncodingLatin1); // one byte is one character
    options.set_perl_classes(true);
    options.set_one_line(true);
    options.set_dot_nl(true);
    options.set_never_capture(true);
    options.set_log_errors(false); // nothing is printed from in here
    options.set_max_mem(most_memory);
    return options;
}

// RE2 takes a string view of its own kind, which differs between its versions; std::string becomes each of
// them.
RE2 compiled(std::string_view pattern) { return RE2(std::string(pattern), options()); }

bool is_printable_ascii(char c) { return c >= ' ' && c <= '~'; }

// RE2 takes them for the signs themselves, and whoever knows grep means the borders of words.
bool has_word_border(std::string_view pattern) {
    for (std::size_t at = 0; at + 1 < pattern.size(); ++at) {
        if (pattern[at] != '\\') continue;
        ++at; // what is escaped
        if (pattern[at] == '<' || pattern[at] == '>') return true;
    }
    return false;
}

std::optional<std::string> fault_of_text(std::string_view pattern) {
    if (pattern.empty()) return "is empty; leave it out for a command that takes no argument";
    if (pattern.size() > longest_pattern) {
        return fmt::format("has {} bytes, and {} is the most", pattern.size(), longest_pattern);
    }
    if (!std::all_of(pattern.begin(), pattern.end(), is_printable_ascii)) {
        return "has something other than printable ASCII characters; for any byte write . (a letter outside "
               "ASCII has several)";
    }
    if (has_word_border(pattern))
        return "has \\< or \\>: there are no word boundaries; for the sign itself write < or >";
    return std::nullopt;
}

std::optional<std::string> fault_of(const RE2& expression) {
    if (expression.error_code() == RE2::ErrorBadEscape) {
        return fmt::format("has {}, which means nothing here: there are no back-references and no word "
                           "boundaries; for a backslash write \\\\",
                           expression.error_arg());
    }
    if (expression.error_code() == RE2::ErrorRepeatSize) {
        return fmt::format("has the bounds {}, which run backwards, or are above 1000 when multiplied with "
                           "those inside them; write * or + for a high bound",
                           expression.error_arg());
    }
    if (expression.error_code() == RE2::ErrorPatternTooLarge || expression.ProgramSize() > largest_program) {
        return "repeats too much: with all that its bounds in braces repeat it is too large to be compared "
               "quickly; write * or + for a bound";
    }
    if (!expression.ok()) return "is no extended regular expression: " + expression.error();
    return std::nullopt;
}

} // namespace

std::optional<std::string> check_pattern(std::string_view pattern) {
    auto fault = fault_of_text(pattern);
    if (!fault) fault = fault_of(compiled(pattern));
    if (fault) return "the pattern " + *fault;
    return std::nullopt;
}

bool allows_argument(const std::string& pattern, std::string_view argument) {
    if (pattern.empty()) return argument.empty();
    if (argument.find('\0') != std::string_view::npos) return false;
    if (argument.starts_with('-') && !pattern.starts_with('-')) return false;
    if (fault_of_text(pattern)) return false;
    const RE2 expression = compiled(pattern);
    return !fault_of(expression) && RE2::FullMatch(std::string(argument), expression);
}

} // namespace otk
