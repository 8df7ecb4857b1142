#include "knockd/capture/pairing.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace otk {

namespace {

constexpr std::size_t slots = 2 * Pairing::most; // at most half of them are used; a power of two
static_assert((slots & (slots - 1)) == 0);
constexpr std::uint64_t golden = 0x9e3779b97f4a7c15; // 2^64 / golden ratio: an odd number of mixed bits

// Both halves of the product: each bit of either factor reaches all of the result.
std::uint64_t mix(std::uint64_t left, std::uint64_t right) {
    __extension__ using Product = unsigned __int128;
    const Product product = static_cast<Product>(left) * right;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

} // namespace

Bytes same_in_both(LinkType link, Bytes frame) {
    const std::size_t header = link == LinkType::linux_cooked2 ? 20 : link == LinkType::linux_cooked ? 14 : 0;
    return frame.subspan(std::min(header, frame.size()));
}

Pairing::Pairing(std::uint64_t key) : key_(key), newer_{std::vector<Slot>(slots)}, older_(newer_) {}

std::uint64_t Pairing::fingerprint_of(Bytes frame) const {
    std::uint64_t state = key_ ^ frame.size();
    while (!frame.empty()) {
        std::uint64_t word = 0;
        const std::size_t size = std::min(frame.size(), sizeof word);
        std::memcpy(&word, frame.data(), size);
        frame = frame.subspan(size);
        state = mix(state ^ word, key_ * golden | 1) + key_; // the sum: a state of 0 would stay 0
    }
    return state == 0 ? 1 : state;
}

Pairing::Slot& Pairing::Generation::find(std::uint64_t fingerprint) {
    for (std::size_t i = fingerprint & (::otk::slots - 1);; i = (i + 1) & (::otk::slots - 1)) {
        Slot& slot = slots[i];
        if (slot.fingerprint == fingerprint || slot.fingerprint == 0) return slot;
    }
}

bool Pairing::take_twin(Generation& generation, From from, std::uint64_t fingerprint) {
    if (generation.waiting == 0) return false;
    Slot& slot = generation.find(fingerprint);
    if (from == From::early ? slot.ahead >= 0 : slot.ahead <= 0) return false;
    slot.ahead += from == From::early ? 1 : -1;
    --generation.waiting;
    --waiting_;
    return true;
}

bool Pairing::is_first(From from, Bytes frame, bool remember) {
    if (waiting_ == 0 && !remember) return true;
    const std::uint64_t fingerprint = fingerprint_of(frame);
    if (take_twin(older_, from, fingerprint) || take_twin(newer_, from, fingerprint)) return false;
    if (!remember) return true;

    Slot& slot = newer_.find(fingerprint);
    if (slot.fingerprint == 0) {
        if (newer_.used == most) return true;
        slot.fingerprint = fingerprint;
        ++newer_.used;
    }
    slot.ahead += from == From::early ? 1 : -1;
    ++newer_.waiting;
    ++waiting_;
    return true;
}

void Pairing::age() {
    waiting_ -= older_.waiting;
    std::swap(newer_, older_);
    if (newer_.used != 0) std::fill(newer_.slots.begin(), newer_.slots.end(), Slot{});
    newer_.used = 0;
    newer_.waiting = 0;
}

} // namespace otk
