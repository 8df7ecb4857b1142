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

} // namespace

bool HoldBack::Budget::left(unsigned most, std::chrono::nanoseconds now) {
    if (now - began >= std::chrono::seconds{1}) *this = {now, 0};
    return passed < most;
}

bool HoldBack::pass_known(const Value& value, const Address& source, std::chrono::nanoseconds now) {
    const std::uint64_t of_value = keyed_mix(key_, value.view());
    const std::uint64_t pair = keyed_mix(of_value, source.bytes());
    Place& place = places_[pair % places_.size()];
    const bool same_pair = place.pair == pair && place.passed.count() != 0;
    if (same_pair && now - place.passed < quiet) return false;
    Budget& budget = of_values_[of_value % of_values_.size()];
    if (!budget.left(most_of_one_value, now) || !of_all_.left(most_in_a_second, now)) return false;
    ++budget.passed;
    ++of_all_.passed;
    place = {pair, now};
    return true;
}

bool HoldBack::pass_unspent(const Value& value, const Address& source, const Address& named, Bytes request,
                            std::chrono::nanoseconds now) {
    const std::uint64_t of_value = keyed_mix(key_, value.view());
    const std::uint64_t pair =
        mix_request(keyed_mix(keyed_mix(of_value, source.bytes()), named.bytes()), request);
    Unspent& unspent = unspent_[of_value % unspent_.size()];
    if (unspent.value != of_value) unspent = {of_value, {}};

    Place* free = nullptr;
    for (Place& report : unspent.reports) {
        const bool old = report.passed.count() == 0 || now - report.passed >= quiet_unspent;
        if (old)
            free = &report;
        else if (report.pair == pair)
            return false;
    }
    if (free == nullptr) return false;
    *free = {pair, now};
    return true;
}

} // namespace otk
