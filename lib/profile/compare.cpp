#include "profile/compare.h"

#include "base/text.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace otk {
namespace {

// The words of a line behind the first one, as keys and values.
std::vector<Change> words_of_line(const std::string& line) {
    std::vector<Change> found;
    for (const std::string_view word : split(line, ' ')) {
        const std::size_t equals = word.find('=');
        if (equals == std::string_view::npos) continue; // otk1-profile
        found.push_back({std::string(word.substr(0, equals)), std::string(word.substr(equals + 1)), {}});
    }
    return found;
}

int strength(Algorithm algorithm) {
    switch (algorithm) {
    case Algorithm::md4: return 0;
    case Algorithm::md5: return 1;
    case Algorithm::sha1: return 2;
    case Algorithm::sha256: return 3;
    }
    return 0;
}

} // namespace

std::vector<Change> changes(const Profile& before, const Profile& after) {
    std::vector<Change> all = words_of_line(format_profile(before));
    for (Change& each : words_of_line(format_profile(after))) {
        const auto same =
            std::find_if(all.begin(), all.end(), [&](const Change& one) { return one.key == each.key; });
        if (same != all.end())
            same->after = each.before;
        else
            all.push_back({each.key, {}, each.before});
    }
    std::erase_if(all, [](const Change& each) { return each.before == each.after; });
    return all;
}

std::vector<std::string> downgrades(const Profile& before, const Profile& after) {
    std::vector<std::string> found;
    if (strength(after.algorithm) < strength(before.algorithm)) {
        found.push_back(fmt::format("algorithm={} is weaker than {}", name_of(after.algorithm),
                                    name_of(before.algorithm)));
    }
    if (before.has_key && !after.has_key) found.emplace_back("signed=no: knocks would no longer be signed");
    if (before.uses_address && !after.uses_address)
        found.emplace_back("without address=yes knocks would no longer name the address that they are for");
    if (after.length < before.length)
        found.push_back(fmt::format("length={} is shorter than {}", after.length, before.length));
    return found;
}

} // namespace otk
