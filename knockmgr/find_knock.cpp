#include "knockmgr/find_knock.h"

#include <algorithm>
#include <unordered_map>

namespace otk::knockmgr {

namespace {

struct KnownValue {
    const GrantDetails* grant = nullptr;
    Count count = 0;
};
using KnownValues = std::unordered_map<Value, KnownValue, ValueHash>;

// Where each chain stands, and where it began: values that were passed over lead to the beginning only.
KnownValues known_values(const std::vector<GrantDetails>& grants, const Positions& positions,
                         Algorithm algorithm, Count& longest) {
    KnownValues known;
    for (const GrantDetails& details : grants) {
        const Enrolment& enrolment = details.grant.enrolment;
        if (enrolment.algorithm != algorithm) continue;
        const Position position = position_of(positions, details.grant);
        known.emplace(position.image, KnownValue{&details, position.count});
        known.emplace(enrolment.image, KnownValue{&details, enrolment.length});
        longest = std::max(longest, enrolment.length);
    }
    return known;
}

std::optional<FoundKnock> find_with(Algorithm algorithm, Value value, const std::vector<GrantDetails>& grants,
                                    const Positions& positions) {
    Count longest = 0;
    const KnownValues known = known_values(grants, positions, algorithm, longest);
    const Value asked = value;
    for (Count steps = 0; steps < longest; ++steps) {
        const auto hit = known.find(value);
        if (hit != known.end() && hit->second.count > steps) {
            const GrantDetails& grant = *hit->second.grant;
            return FoundKnock{grant, hit->second.count - steps, position_of(positions, grant.grant).count,
                              asked};
        }
        value = step(algorithm, value);
    }
    return std::nullopt;
}

} // namespace

std::optional<FoundKnock> find_knock(const Readings& readings, const std::vector<GrantDetails>& grants,
                                     const Positions& positions) {
    for (const Reading& reading : readings) {
        for (const Algorithm algorithm : all_algorithms) {
            const bool fits =
                (reading.algorithms & bit(algorithm)) != 0 && reading.value.size() == value_size(algorithm);
            if (!fits) continue;
            if (auto found = find_with(algorithm, reading.value, grants, positions)) return found;
        }
    }
    return std::nullopt;
}

} // namespace otk::knockmgr
