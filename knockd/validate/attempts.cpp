#include "knockd/validate/attempts.h"

#include <algorithm>

namespace otk {

namespace {

// A clock may have been set back.
bool within(Time at, std::chrono::seconds time, Time now) { return (now > at ? now - at : at - now) <= time; }

} // namespace

Attempts::Written& Attempts::remembered(const Value& value) {
    if (const auto known = written_.find(value); known != written_.end()) return known->second;
    if (written_.size() >= most_remembered) written_.clear();
    const auto count = std::min<std::size_t>(ledger_.times_not_signed(value), most);
    return written_.emplace(value, Written{static_cast<unsigned>(count), {}}).first->second;
}

unsigned Attempts::of(const Value& value) { return remembered(value).count; }

bool Attempts::may_look(const Value& value, Time now) {
    const auto lost = lost_.find(value);
    const bool counts = lost != lost_.end() && within(lost->second.at, lost_for, now);
    return of(value) + (counts ? lost->second.count : 0) < most;
}

bool Attempts::seen(const Value& value, Bytes request, Time now) const {
    const auto known = written_.find(value);
    if (known == written_.end() || known->second.looks.empty()) return false;
    const Digest digest = digest_of(Algorithm::sha256, {request});
    const std::vector<Look>& looks = known->second.looks;
    return std::any_of(looks.begin(), looks.end(), [&](const Look& look) {
        return look.request.bytes == digest.bytes && within(look.at, same_for, now);
    });
}

unsigned Attempts::add(const Value& value, Bytes request, Time now) {
    Written& written = remembered(value);
    if (!request.empty() && written.looks.size() < most)
        written.looks.push_back({digest_of(Algorithm::sha256, {request}), now});
    added_.push_back(value);
    return ++written.count;
}

void Attempts::committed(bool with_rows) {
    if (with_rows) lost_.clear(); // they can be written again
}

void Attempts::roll_back(Time now) {
    if (lost_.size() >= most_remembered) lost_.clear();
    for (const Value& value : added_) {
        written_.erase(value);
        Lost& lost = lost_[value];
        if (!within(lost.at, lost_for, now)) lost.count = 0;
        lost.at = now;
        ++lost.count;
    }
    added_.clear();
}

} // namespace otk
