#include "knockd/capture/hold_back.h"

#include "knockd/capture/keyed_mix.h"
#include "otp/digest.h"

#include <cstring>

namespace otk {

namespace {

// Whoever sends requests chooses all their bytes, so these are told apart by more than FNV: nobody finds two
// that are taken for one.
std::uint64_t mix_request(std::uint64_t hash, Bytes request) {
    if (request.empty()) return hash;
    std::array<std::uint8_t, sizeof hash> start{};
    std::memcpy(start.data(), &hash, sizeof hash);
    const Digest digest = digest_of(Algorithm::sha256, {start, request});
    std::memcpy(&hash, digest.bytes.data(), sizeof hash);
    return hash;
}

// A question that seems to come from a user's address shows no copy, and holds back none of his packets that
// may show one.
std::uint64_t by_way(std::uint64_t of_value, Carrier carrier) {
    return carrier == Carrier::dns ? ~of_value : of_value;
}

} // namespace

bool HoldBack::Budget::left(unsigned most, std::chrono::nanoseconds now) {
    if (now - began >= std::chrono::seconds{1}) *this = {now, 0};
    return passed < most;
}

bool HoldBack::within_bounds(std::uint64_t of_value, std::chrono::nanoseconds now) {
    Budget& budget = of_values_[of_value % of_values_.size()];
    if (!budget.left(most_of_one_value, now) || !of_all_.left(most_in_a_second, now)) return false;
    ++budget.passed;
    ++of_all_.passed;
    return true;
}

bool HoldBack::differs(std::uint64_t of_value, const Sighting& sighting, std::chrono::nanoseconds now) {
    const auto found = new_.find(of_value);
    return found != new_.end() && now - found->second.since < is_new &&
           found->second.differing.take(key_, sighting);
}

bool HoldBack::pass_known(const Sighting& sighting, std::chrono::nanoseconds now) {
    const std::uint64_t of_value = keyed_mix(key_, sighting.value.view());
    const std::uint64_t pair = keyed_mix(by_way(of_value, sighting.carrier), sighting.source.bytes());
    Place& place = places_[pair % places_.size()];
    const bool same_pair = place.pair == pair && place.passed.count() != 0;
    const bool again = same_pair && now - place.passed < quiet;
    if (again && sighting.named.empty()) return false; // it says nothing that was not just said
    const bool pass = !again && within_bounds(of_value, now);
    if (!pass && !differs(of_value, sighting, now)) return false;
    place = {pair, now};
    return true;
}

// Most are removed when they are no longer known. Of the others a look once a minute is enough, so that each
// stays for two minutes at most.
void HoldBack::became_known(const Value& value, std::chrono::nanoseconds now) {
    if (now - swept_ >= is_new) {
        std::erase_if(new_, [now](const auto& each) { return now - each.second.since >= is_new; });
        swept_ = now;
    }
    new_.insert_or_assign(keyed_mix(key_, value.view()), New{now, {}});
}

void HoldBack::no_longer_known(const Value& value) { new_.erase(keyed_mix(key_, value.view())); }

bool HoldBack::pass_unspent(const Sighting& sighting, Bytes request, std::chrono::nanoseconds now) {
    const std::uint64_t of_value = keyed_mix(key_, sighting.value.view());
    const std::uint64_t way = by_way(of_value, sighting.carrier);
    const std::uint64_t pair =
        mix_request(keyed_mix(keyed_mix(way, sighting.source.bytes()), sighting.named.bytes()), request);
    Unspent& unspent = unspent_[of_value % unspent_.size()];
    if (unspent.value != of_value) unspent = {of_value, {}, {}, {}};

    Place* free = nullptr;
    for (Place& report : unspent.reports) {
        const bool old = report.passed.count() == 0 || now - report.passed >= quiet_unspent;
        if (old)
            free = &report;
        else if (report.pair == pair)
            return false;
    }
    if (free != nullptr) {
        *free = {pair, now};
        return true;
    }
    if (now - unspent.differing_since >= quiet_unspent) {
        unspent.differing = {};
        unspent.differing_since = now;
    }
    return unspent.differing.take(key_, sighting);
}

} // namespace otk
