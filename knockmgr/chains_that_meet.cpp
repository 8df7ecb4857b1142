#include "knockmgr/chains_that_meet.h"

#include "knockmgr/output.h"
#include "otp/chain.h"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

namespace otk::knockmgr {

namespace {

// Some seconds: a step takes about a tenth of a microsecond.
constexpr std::uint64_t most_steps = 20'000'000;

// Whose chain it is, for a message.
std::string owner_of(const PolicyStore& store, const EnrolledChain& chain) {
    const auto grant = store.grant_with(chain.chain);
    return grant ? fmt::format("the chain of {}/{}", grant->user.name, grant->command.name)
                 : "a chain that this server had before";
}

constexpr std::string_view what_to_do =
    "One knock would then count for both. One secret is for one grant, once: have the user make another key "
    "file "
    "(`knockgen key new FILE`), or take another seed, and a new token. A user who says that it is a new "
    "secret may "
    "have been given somebody else's knock: compare the check words, and ask who made the token";

// The image as a knock of another chain: hashed on, it comes to that one's image.
void look_upwards(const PolicyStore& store, const std::vector<EnrolledChain>& others,
                  const Enrolment& enrolment) {
    std::unordered_map<Value, const EnrolledChain*, ValueHash> by_image;
    Count longest = 0;
    for (const EnrolledChain& other : others) {
        by_image.emplace(other.image, &other);
        longest = std::max(longest, other.length);
    }
    Value value = enrolment.image;
    for (Count steps = 0; steps < longest; ++steps) {
        const auto found = by_image.find(value);
        if (found != by_image.end() && found->second->length > steps) {
            throw Error(fmt::format("the image of this token is number {} of {}. {}",
                                    found->second->length - steps, owner_of(store, *found->second),
                                    what_to_do));
        }
        value = step(enrolment.algorithm, value);
    }
}

// The images of the others as knocks of this chain.
void look_downwards(const PolicyStore& store, const std::vector<EnrolledChain>& others,
                    const Enrolment& enrolment) {
    std::uint64_t steps_left = most_steps;
    std::size_t looked_at = 0;
    for (const EnrolledChain& other : others) {
        if (steps_left < enrolment.length) break;
        steps_left -= enrolment.length;
        ++looked_at;
        Value value = other.image;
        for (Count steps = 1; steps < enrolment.length; ++steps) {
            value = step(enrolment.algorithm, value);
            if (value != enrolment.image) continue;
            throw Error(fmt::format("number {} of this token's chain is the image of {}. {}",
                                    enrolment.length - steps, owner_of(store, other), what_to_do));
        }
    }
    if (looked_at == others.size()) return;
    warn(fmt::format(
        "with {} and {} enrolled before it would take too long to look at all of them: whether the "
        "images of the {} oldest are knocks of this chain was not looked at",
        counted(enrolment.length - 1, "knock"), counted(others.size(), "chain"), others.size() - looked_at));
}

} // namespace

void check_meets_none(const PolicyStore& store, const Enrolment& enrolment) {
    std::vector<EnrolledChain> others; // the newest first
    store.each_enrolled(enrolment.algorithm, [&](const EnrolledChain& other) { others.push_back(other); });
    look_upwards(store, others, enrolment);
    look_downwards(store, others, enrolment);
}

} // namespace otk::knockmgr
