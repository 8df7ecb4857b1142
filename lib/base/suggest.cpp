#include "base/suggest.h"

#include <algorithm>
#include <cstddef>

namespace otk {

namespace {

// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours cost one each.
std::size_t slips_between(std::string_view left, std::string_view right) {
    std::vector<std::vector<std::size_t>> cost(left.size() + 1, std::vector<std::size_t>(right.size() + 1));
    for (std::size_t i = 0; i <= left.size(); ++i) {
        for (std::size_t j = 0; j <= right.size(); ++j) {
            if (i == 0 || j == 0) {
                cost[i][j] = i + j;
                continue;
            }
            const std::size_t replace = cost[i - 1][j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
            cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replace});
            const bool swapped = i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
            if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
        }
    }
    return cost[left.size()][right.size()];
}

} // namespace

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
    constexpr std::size_t longest_word = 64; // the cost grows with the square, and no name here is longer
    if (word.size() > longest_word) return {};
    std::string_view best;
    std::size_t best_slips = 3;
    for (const std::string_view candidate : candidates) {
        const std::size_t slips = slips_between(word, candidate);
        if (slips >= best_slips || 2 * slips >= candidate.size()) continue;
        best = candidate;
        best_slips = slips;
    }
    return best;
}

} // namespace otk
