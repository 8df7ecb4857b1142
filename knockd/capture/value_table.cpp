#include "knockd/capture/value_table.h"

#include <cstring>

namespace otk {

namespace {

constexpr std::size_t smallest = 1024; // slots; always a power of two
constexpr unsigned marks_mask = 3;
constexpr std::uint64_t golden = 0x9e3779b97f4a7c15; // 2^64 / golden ratio: spreads the key over all bits

std::array<std::uint8_t, largest_value> padded(const Value& value) {
    std::array<std::uint8_t, largest_value> key{};
    std::memcpy(key.data(), value.view().data(), value.size());
    return key;
}

} // namespace

ValueTable::ValueTable(std::uint64_t secret) :
    secret_(secret), mask_(smallest - 1), tags_(smallest), keys_(smallest) {}

ValueTable::Place ValueTable::place(Algorithm algorithm, const Key& key) const {
    // All bytes count, each half under a secret of its own, and the upper half of the product is folded in:
    // whoever chooses images (every user does, with a token) cannot make them share a slot.
    std::array<std::uint64_t, 2> halves{};
    std::memcpy(halves.data(), key.data(), sizeof halves);
    __extension__ using Product = unsigned __int128;
    const Product product = static_cast<Product>(halves[0] ^ secret_) * (halves[1] ^ (secret_ * golden | 1));
    const auto hash = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    const auto tag = static_cast<Tag>(static_cast<unsigned>(algorithm) << 2 | ((hash >> 53) << 5));
    return {static_cast<std::size_t>(hash) & mask_, tag};
}

std::size_t ValueTable::locate(const Place& from, const Key& key) const {
    for (std::size_t slot = from.slot;; slot = (slot + 1) & mask_) {
        if (tags_[slot] == 0) return slot;
        if ((tags_[slot] & ~marks_mask) == from.tag && keys_[slot] == key) return slot;
    }
}

std::uint8_t ValueTable::find(Algorithm algorithm, const Value& value) const {
    const Key key = padded(value);
    return static_cast<std::uint8_t>(tags_[locate(place(algorithm, key), key)] & marks_mask);
}

void ValueTable::add(Algorithm algorithm, const Value& value, Mark mark) {
    if (2 * (used_ + 1) > tags_.size()) grow();
    const Key key = padded(value);
    const Place from = place(algorithm, key);
    const std::size_t slot = locate(from, key);
    if (tags_[slot] == 0) {
        ++used_;
        keys_[slot] = key;
        tags_[slot] = from.tag;
    }
    tags_[slot] = static_cast<Tag>(tags_[slot] | mark);
}

void ValueTable::remove(Algorithm algorithm, const Value& value, Mark mark) {
    const Key key = padded(value);
    const std::size_t slot = locate(place(algorithm, key), key);
    if (tags_[slot] == 0) return;
    tags_[slot] = static_cast<Tag>(tags_[slot] & ~static_cast<unsigned>(mark));
    if ((tags_[slot] & marks_mask) == 0) erase(slot);
}

// Closes the gap instead of leaving a tombstone: whatever follows without a gap and could stand in the freed
// slot moves there, so that look-ups never have to walk over what is gone.
void ValueTable::erase(std::size_t slot) {
    --used_;
    std::size_t gap = slot;
    for (std::size_t next = (gap + 1) & mask_; tags_[next] != 0; next = (next + 1) & mask_) {
        const auto algorithm = static_cast<Algorithm>(tags_[next] >> 2 & 7U);
        const std::size_t home = place(algorithm, keys_[next]).slot;
        const bool home_after_gap = ((next - home) & mask_) < ((next - gap) & mask_);
        if (home_after_gap) continue;
        tags_[gap] = tags_[next];
        keys_[gap] = keys_[next];
        gap = next;
    }
    tags_[gap] = 0;
}

void ValueTable::grow() {
    std::vector<Tag> tags(2 * tags_.size());
    std::vector<Key> keys(2 * keys_.size());
    tags.swap(tags_);
    keys.swap(keys_);
    mask_ = tags_.size() - 1;
    for (std::size_t old = 0; old < tags.size(); ++old) {
        if (tags[old] == 0) continue;
        const Place from = place(static_cast<Algorithm>(tags[old] >> 2 & 7U), keys[old]);
        const std::size_t slot = locate(from, keys[old]);
        keys_[slot] = keys[old];
        tags_[slot] = static_cast<Tag>(from.tag | (tags[old] & marks_mask));
    }
}

void ValueTable::clear() {
    used_ = 0;
    tags_.assign(smallest, 0);
    keys_.assign(smallest, Key{});
    mask_ = smallest - 1;
}

} // namespace otk
