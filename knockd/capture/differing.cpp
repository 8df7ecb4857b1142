#include "knockd/capture/differing.h"

#include "knockd/capture/keyed_mix.h"

#include <span>

namespace otk {

namespace {

// One address more in these places, if there is room and it is not among them.
bool take_down(std::span<std::uint32_t> places, std::uint64_t key, const Address& address) {
    const std::uint64_t mixed = keyed_mix(key, address.bytes());
    const auto hash = static_cast<std::uint32_t>(mixed ^ (mixed >> 32)) | 1; // 0 is a free place's
    for (std::uint32_t& place : places) {
        if (place == hash) return false;
        if (place != 0) continue;
        place = hash;
        return true;
    }
    return false;
}

} // namespace

bool Differing::take(std::uint64_t key, const Sighting& sighting) {
    const std::span<std::uint32_t> all(seen_);
    bool anything_new = false;
    if (sighting.carrier != Carrier::dns) {
        const std::size_t first = sighting.source.family() == Family::ipv4 ? 0 : 2;
        anything_new = take_down(all.subspan(first, 2), key, sighting.source);
    }
    if (!sighting.named.empty()) anything_new |= take_down(all.subspan(4, 3), key, sighting.named);
    return anything_new;
}

} // namespace otk
