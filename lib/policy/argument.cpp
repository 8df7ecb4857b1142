#include "policy/argument.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <regex.h>

#include <fmt/format.h>

namespace otk {

namespace {

// The C library takes an interval apart into as many copies as it says, one inside another multiplied.
constexpr std::uint64_t most_copies = 65'536;
constexpr std::uint64_t largest_interval = 256; // longer than the longest argument

class Pattern {
  public:
    explicit Pattern(const std::string& text) : code_(regcomp(&compiled_, text.c_str(), REG_EXTENDED)) {}
    Pattern(const Pattern&) = delete;
    Pattern& operator=(const Pattern&) = delete;
    ~Pattern() {
        if (code_ == 0) regfree(&compiled_);
    }

    [[nodiscard]] bool valid() const { return code_ == 0; }
    [[nodiscard]] std::string fault() const {
        std::array<char, 128> text{};
        (void)regerror(code_, &compiled_, text.data(), text.size());
        return text.data();
    }
    // Of all matches the one that begins first is found, and of those the longest (POSIX): if it is not the
    // whole text, no match is. Anchors put around the pattern would not do, because an alternative may step
    // outside them.
    [[nodiscard]] bool matches_whole(const std::string& text) const {
        regmatch_t match{};
        if (regexec(&compiled_, text.c_str(), 1, &match, 0) != 0) return false;
        return match.rm_so == 0 && static_cast<std::size_t>(match.rm_eo) == text.size();
    }

  private:
    regex_t compiled_{};
    int code_;
};

// Walks through a pattern once, to find what regcomp() takes and nobody means, or nobody should.
class PatternCheck {
  public:
    explicit PatternCheck(std::string_view pattern) : rest_(pattern) {}

    [[nodiscard]] std::optional<std::string> fault() {
        while (!rest_.empty()) {
            if (auto found = next()) return found;
        }
        return std::nullopt; // what is left open regcomp() complains about
    }

  private:
    std::optional<std::string> next() {
        const char c = take();
        if (c == '\\') return after_backslash();
        if (c == '[') return within_brackets();
        if (c == '{') return within_braces();
        if (c == '(') ++open_;
        if (c == ')' && open_-- == 0) {
            return "has a ) without its (; if it is meant as it stands, write \\)";
        }
        return std::nullopt;
    }

    char take() {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    // Letters and digits behind a backslash are back-references or mean something else in each library.
    std::optional<std::string> after_backslash() {
        if (rest_.empty()) return std::nullopt;
        const char c = take();
        if (is_digit(c)) {
            return fmt::format("has the back-reference \\{}, which can take for ever to compare; write out "
                               "what may stand there",
                               c);
        }
        if (is_alphanumeric(c) || c == '<' || c == '>' || c == '`' || c == '\'') {
            return fmt::format(
                "has \\{}, which has no meaning of its own here; write for example [0-9] for a "
                "digit and [A-Za-z0-9_] for a character of a word",
                c);
        }
        return std::nullopt;
    }

    // A backslash stands for itself in brackets, so \d there would be two characters.
    std::optional<std::string> within_brackets() {
        if (rest_.starts_with('^')) (void)take();
        if (rest_.starts_with(']')) (void)take();
        while (!rest_.empty()) {
            const char c = take();
            if (c == ']') return std::nullopt;
            if (c == '\\' && !rest_.empty() && is_alphanumeric(rest_.front())) {
                return fmt::format("has \\{} in brackets, where a backslash stands for itself; write the "
                                   "characters, or a class such as [[:digit:]]",
                                   rest_.front());
            }
            if (c == '[' && !rest_.empty() && (rest_[0] == ':' || rest_[0] == '.' || rest_[0] == '=')) {
                const std::size_t end = rest_.find(std::string{rest_[0], ']'}, 1);
                rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 2);
            }
        }
        return std::nullopt;
    }

    std::optional<std::string> within_braces() {
        const std::size_t end = rest_.find('}');
        if (end == std::string_view::npos) return std::nullopt;
        std::uint64_t highest = 1;
        for (const std::string_view bound : split(rest_.substr(0, end), ',')) {
            const bool number = !bound.empty() && std::all_of(bound.begin(), bound.end(), is_digit);
            if (!number) continue; // regcomp() says what is wrong with it
            const std::optional<std::uint64_t> times = bound_of(bound);
            if (!times) {
                return fmt::format("has the bound {}, and {} is the highest: no argument is longer", bound,
                                   largest_interval);
            }
            highest = std::max(highest, *times);
        }
        rest_.remove_prefix(end + 1);
        copies_ *= highest;
        if (copies_ <= most_copies) return std::nullopt;
        return fmt::format("repeats too much: its bounds in braces, multiplied, are more than {}; write *",
                           most_copies);
    }

    static std::optional<std::uint64_t> bound_of(std::string_view digits) {
        while (digits.size() > 1 && digits.front() == '0')
            digits.remove_prefix(1);
        return parse_decimal(digits, largest_interval);
    }

    std::string_view rest_;
    std::size_t open_ = 0;
    std::uint64_t copies_ = 1;
};

} // namespace

std::optional<std::string> check_pattern(std::string_view pattern) {
    const auto fault = [](std::string_view what) { return fmt::format("the pattern {}", what); };
    if (pattern.empty()) return fault("is empty; leave it out for a command that takes no argument");
    if (pattern.size() > longest_pattern) {
        return fault(fmt::format("has {} bytes, and {} is the most", pattern.size(), longest_pattern));
    }
    if (!std::all_of(pattern.begin(), pattern.end(), [](char c) { return c >= ' ' && c <= '~'; })) {
        return fault("has something other than printable ASCII characters; for any character write .");
    }
    if (const auto found = PatternCheck(pattern).fault()) return fault(*found);
    const Pattern compiled{std::string(pattern)};
    if (compiled.valid()) return std::nullopt;
    return fault(
        fmt::format("is no extended regular expression: {}; regex(7) describes them", compiled.fault()));
}

bool allows_argument(const std::string& pattern, std::string_view argument) {
    if (pattern.empty()) return argument.empty();
    if (argument.find('\0') != std::string_view::npos) return false;
    if (argument.starts_with('-') && !pattern.starts_with('-')) return false;
    const Pattern compiled(pattern);
    return compiled.valid() && compiled.matches_whole(std::string(argument));
}

} // namespace otk
