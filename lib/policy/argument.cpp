#include "policy/argument.h"

#include "policy/expression.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk {

namespace {

bool is_printable_ascii(char c) { return c >= ' ' && c <= '~'; }

Result<Expression, std::string> compiled(std::string_view pattern) {
    if (pattern.empty()) return std::string("is empty; leave it out for a command that takes no argument");
    if (pattern.size() > longest_pattern) {
        return fmt::format("has {} bytes, and {} is the most", pattern.size(), longest_pattern);
    }
    if (!std::all_of(pattern.begin(), pattern.end(), is_printable_ascii)) {
        return std::string("has something other than printable ASCII characters; for any character write .");
    }
    return Expression::parse(pattern);
}

} // namespace

std::optional<std::string> check_pattern(std::string_view pattern) {
    const auto expression = compiled(pattern);
    if (expression) return std::nullopt;
    return "the pattern " + expression.reason();
}

bool allows_argument(const std::string& pattern, std::string_view argument) {
    if (pattern.empty()) return argument.empty();
    if (argument.find('\0') != std::string_view::npos) return false;
    if (argument.starts_with('-') && !pattern.starts_with('-')) return false;
    const auto expression = compiled(pattern);
    return expression && expression->matches(argument);
}

} // namespace otk
