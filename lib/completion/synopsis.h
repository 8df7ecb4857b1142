// Usage lines, read as what they say: which operand stands where.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace otk::completion {

// What the operand after `before` may be, each once: placeholders in capitals, and words to be typed as they
// are in small letters. Of "add NAME LINE | list | show USER" these are add, list and show at first, and USER
// after show. Brackets are passed over; options, which begin with `(` or `[--`, end what is read. Views of
// the synopsis.
[[nodiscard]] std::vector<std::string_view> next_operands(std::string_view synopsis,
                                                          std::span<const std::string_view> before);
[[nodiscard]] bool is_placeholder(std::string_view operand);

} // namespace otk::completion
