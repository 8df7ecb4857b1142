#include "completion/synopsis.h"

#include "base/text.h"

#include <algorithm>

namespace otk::completion {

namespace {

using Operands = std::vector<std::string_view>;

Operands operands_of(std::string_view alternative) {
    Operands found;
    for (std::string_view word : split(alternative, ' ')) {
        while (word.starts_with('['))
            word.remove_prefix(1);
        word = word.substr(0, word.find_first_of("[]"));
        if (!word.empty()) found.push_back(word);
    }
    return found;
}

bool begins_with(const Operands& operands, std::span<const std::string_view> before) {
    if (operands.size() < before.size()) return false;
    return std::equal(before.begin(), before.end(), operands.begin(),
                      [](std::string_view typed, std::string_view operand) {
                          return is_placeholder(operand) || typed == operand;
                      });
}

} // namespace

bool is_placeholder(std::string_view operand) { return operand.front() >= 'A' && operand.front() <= 'Z'; }

std::vector<std::string_view> next_operands(std::string_view synopsis,
                                            std::span<const std::string_view> before) {
    std::vector<std::string_view> next;
    const std::string_view without_options =
        synopsis.substr(0, std::min(synopsis.find('('), synopsis.find("[--")));
    for (const std::string_view alternative : split(without_options, '|')) {
        const Operands operands = operands_of(alternative);
        if (operands.size() <= before.size() || !begins_with(operands, before)) continue;
        const std::string_view operand = operands[before.size()];
        if (std::find(next.begin(), next.end(), operand) == next.end()) next.push_back(operand);
    }
    return next;
}

} // namespace otk::completion
