#include "knockd/capture/value_table.h"

#include <cstring>
#include <sys/mman.h>
#include <utility>

namespace otk {

namespace {

constexpr std::size_t fewest_buckets = 32;
constexpr std::uint8_t marks_mask = 3;

std::uint8_t kind_of(Algorithm algorithm, std::uint8_t marks) {
    return static_cast<std::uint8_t>(static_cast<unsigned>(algorithm) << 2 | marks);
}

ValueTable::Key key_of(const Value& value) {
    ValueTable::Key key{};
    std::memcpy(key.data(), value.view().data(), value.size());
    return key;
}

} // namespace

void ValueTable::Unmap::operator()(std::uint8_t* memory) const { (void)::munmap(memory, size); }

ValueTable::ValueTable(std::uint64_t secret) : secret_(secret) { allocate(fewest_buckets); }

// Fresh pages are zero, and zero tags are free places.
void ValueTable::allocate(std::size_t buckets) {
    const std::size_t size = buckets * (sizeof(Tags) + sizeof(Keys) + sizeof(Kinds));
    void* const pages = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) throw system_error("memory for the values to look for");
    auto* const memory = static_cast<std::uint8_t*>(pages);
    memory_ = std::unique_ptr<std::uint8_t, Unmap>(memory, Unmap{size});
    buckets_ = buckets;
    tags_ = reinterpret_cast<Tags*>(memory);
    keys_ = reinterpret_cast<Keys*>(memory + buckets * sizeof(Tags));
    kinds_ = reinterpret_cast<Kinds*>(memory + buckets * (sizeof(Tags) + sizeof(Keys)));
}

std::size_t ValueTable::memory() const { return memory_.get_deleter().size; }

// How many places of a bucket are taken: these come first.
std::size_t ValueTable::filled(const Tags& tags) {
    if (full(tags)) return bucket_size;
    std::size_t taken = 0;
    for (std::size_t half = bucket_size / 2; half > 0; half /= 2)
        taken += tags.of[taken + half - 1] != 0 ? half : 0;
    return taken;
}

ValueTable::Spot ValueTable::locate(Algorithm algorithm, const Key& key) const {
    const Place place = place_of(key);
    if (!maybe(place)) return {};
    for (std::size_t bucket = place.bucket;; bucket = after(bucket)) {
        for (std::size_t i = 0; i < bucket_size; ++i) {
            const bool here = tags_[bucket].of[i] == place.tag && keys_[bucket].of[i] == key &&
                              kinds_[bucket].of[i] >> 2 == static_cast<unsigned>(algorithm);
            if (here) return {bucket, i, true};
        }
        if (!full(tags_[bucket])) return {};
    }
}

std::uint8_t ValueTable::find(Algorithm algorithm, const Value& value) const {
    return find(algorithm, key_of(value));
}

std::uint8_t ValueTable::find(Algorithm algorithm, const Key& key) const {
    const Spot spot = locate(algorithm, key);
    if (!spot.found) return 0;
    return kinds_[spot.bucket].of[spot.index] & marks_mask;
}

void ValueTable::add(Algorithm algorithm, const Value& value, Mark mark) {
    const Key key = key_of(value);
    const Spot spot = locate(algorithm, key);
    if (spot.found) {
        kinds_[spot.bucket].of[spot.index] |= mark;
        return;
    }
    // At three quarters one bucket in fourteen is full; beyond that their number rises fast, and a look-up
    // that begins in one costs a cache line more.
    if (4 * (used_ + 1) > 3 * buckets_ * bucket_size) grow();
    insert(place_of(key), key, kind_of(algorithm, mark));
}

// The value is not in the table, and the table has room.
void ValueTable::insert(const Place& place, const Key& key, std::uint8_t kind) {
    std::size_t bucket = place.bucket;
    while (full(tags_[bucket]))
        bucket = after(bucket);
    const std::size_t i = filled(tags_[bucket]);
    tags_[bucket].of[i] = place.tag;
    keys_[bucket].of[i] = key;
    kinds_[bucket].of[i] = kind;
    ++used_;
}

void ValueTable::remove(Algorithm algorithm, const Value& value, Mark mark) {
    const Spot spot = locate(algorithm, key_of(value));
    if (!spot.found) return;
    std::uint8_t& kind = kinds_[spot.bucket].of[spot.index];
    kind = static_cast<std::uint8_t>(kind & ~static_cast<unsigned>(mark));
    if ((kind & marks_mask) == 0) erase(spot);
}

// A look-up ends at a bucket with room. So where one was full and gets room, a value that stands behind it
// because it was full comes back, and leaves a gap of its own, until no such value is left.
void ValueTable::erase(Spot spot) {
    --used_;
    for (;;) {
        Tags& tags = tags_[spot.bucket];
        const std::size_t last = filled(tags) - 1;
        tags.of[spot.index] = tags.of[last];
        keys_[spot.bucket].of[spot.index] = keys_[spot.bucket].of[last];
        kinds_[spot.bucket].of[spot.index] = kinds_[spot.bucket].of[last];
        tags.of[last] = 0;
        if (last + 1 < bucket_size) return; // it had room before

        const Spot mover = displaced_from(spot.bucket);
        if (!mover.found) return;
        tags.of[last] = tags_[mover.bucket].of[mover.index];
        keys_[spot.bucket].of[last] = keys_[mover.bucket].of[mover.index];
        kinds_[spot.bucket].of[last] = kinds_[mover.bucket].of[mover.index];
        spot = mover;
    }
}

// A value behind this bucket whose look-ups come by it.
ValueTable::Spot ValueTable::displaced_from(std::size_t bucket) const {
    for (std::size_t distance = 1, other = after(bucket);; ++distance, other = after(other)) {
        for (std::size_t i = 0; i < bucket_size && tags_[other].of[i] != 0; ++i) {
            const std::size_t home = place_of(keys_[other].of[i]).bucket;
            const std::size_t from_home = (other + buckets_ - home) % buckets_;
            if (from_home >= distance) return {other, i, true};
        }
        if (!full(tags_[other])) return {};
    }
}

// By a quarter: the less it grows at once, the less memory is taken for nothing.
void ValueTable::grow() {
    const std::unique_ptr<std::uint8_t, Unmap> old = std::move(memory_);
    const Tags* const tags = tags_;
    const Keys* const keys = keys_;
    const Kinds* const kinds = kinds_;
    const std::size_t buckets = buckets_;
    allocate(buckets + buckets / 4);
    used_ = 0;
    for (std::size_t bucket = 0; bucket < buckets; ++bucket) {
        for (std::size_t i = 0; i < bucket_size && tags[bucket].of[i] != 0; ++i) {
            const Key& key = keys[bucket].of[i];
            insert(place_of(key), key, kinds[bucket].of[i]);
        }
    }
}

void ValueTable::clear() {
    used_ = 0;
    allocate(fewest_buckets);
}

} // namespace otk
