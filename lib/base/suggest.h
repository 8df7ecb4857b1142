// "did you mean ...?": the nearest of the words that would have been right.
#pragma once

#include <string_view>
#include <vector>

namespace otk {

// The candidate that is at most two slips away (a letter too many, missing, wrong, or two swapped) and
// nearest; empty when none is, or when so few letters remain the same that it would be a guess.
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       const std::vector<std::string_view>& candidates);

} // namespace otk
