// What a new line would change of a profile that is known, and where it asks for less than that. A line
// travels by mail, and whoever forges one wants the next knock, or a cheap hash of the passphrase (THREATS,
// "Forges a profile").
#pragma once

#include "profile/profile.h"

#include <string>
#include <vector>

namespace otk {

// One word of the line; what a line leaves out is empty.
struct Change {
    std::string key;
    std::string before;
    std::string after;
    friend bool operator==(const Change&, const Change&) = default;
};
// What `before` says comes first; empty where both say the same. REQUIRES profiles that parse_profile() would
// take.
[[nodiscard]] std::vector<Change> changes(const Profile& before, const Profile& after);

// One clause each, without full stop: a weaker algorithm (md4, md5, sha1, sha256 in this order), knocks that
// are no longer signed or no longer name the address they are for, a shorter chain.
[[nodiscard]] std::vector<std::string> downgrades(const Profile& before, const Profile& after);

} // namespace otk
