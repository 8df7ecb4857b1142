#include "knockd/capture/hold_back.h"

#include <cstring>

namespace otk {

namespace {

std::uint64_t mix(std::uint64_t hash, Bytes bytes) {
    for (const std::uint8_t byte : bytes)
        hash = (hash ^ byte) * 0x100000001b3; // FNV-1a, keyed by its start
    return hash ^ (hash >> 29);
}

} // namespace

bool HoldBack::pass(const Value& value, const Address& source, std::chrono::nanoseconds now) {
    const std::uint64_t pair = mix(mix(key_, value.view()), source.bytes());
    Place& place = places_[pair % places_.size()];
    const bool same_pair = place.pair == pair && place.passed.count() != 0;
    if (same_pair && now - place.passed < quiet) return false;
    if (now - second_began_ >= std::chrono::seconds{1}) {
        second_began_ = now;
        in_this_second_ = 0;
    }
    if (in_this_second_ == most_in_a_second) return false;
    ++in_this_second_;
    place = {pair, now};
    return true;
}

} // namespace otk
