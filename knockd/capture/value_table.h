// The values that capture looks for: images and known (spent) values, of all algorithms, in one hash table.
// Nearly every look-up is of a value that is not there, a few dozen of them for every look-alike packet: such
// a look-up touches one cache line, which can be asked for beforehand, allocates nothing and calls nothing.
//
// The table is a row of buckets of 32 values. For each value the bucket has a tag, 16 bits of the value's
// hash, and the 32 tags of a bucket fill one cache line: a value whose tag is not among them is not there,
// unless the bucket is full and what found no room in it stands in the next. So the tags do what a Bloom
// filter in front of a table would do, in about the same memory (3 MiB for a million values), and nothing
// stale stays in them when a value goes.
#pragma once

#include "otp/algorithm.h"
#include "otp/value.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

namespace otk {

class ValueTable {
  public:
    // What a value is; one value can be both (the knock spent last is its chain's image).
    enum Mark : std::uint8_t { is_image = 1, is_known = 2 };

    // A value's bytes as they lie in memory, zeros behind them.
    using Key = std::array<std::uint64_t, 2>;

    // `secret` is random: it makes the places of chosen values unpredictable.
    explicit ValueTable(std::uint64_t secret);

    // The table grows with what is added, to at most 32 bytes a value (19 KiB when it is nearly empty), and,
    // while it is moved to a larger place, for a moment to twice that. Throws Error when there is no memory.
    void add(Algorithm algorithm, const Value& value, Mark mark);
    void remove(Algorithm algorithm, const Value& value, Mark mark);
    void clear(); // gives the memory back to the system

    // The marks of the value; 0 when it is not in the table.
    [[nodiscard]] std::uint8_t find(Algorithm algorithm, const Value& value) const;
    [[nodiscard]] std::uint8_t find(Algorithm algorithm, const Key& key) const;
    [[nodiscard]] std::size_t size() const { return used_; }
    [[nodiscard]] std::size_t memory() const; // bytes that the table takes now

    // A look-up in two parts, for many values at once: the first asks for the cache line, the second, some
    // time later, uses it. A Place is valid until the table changes.
    struct Place {
        std::size_t bucket;
        std::uint16_t tag; // 0 is a free place's
    };
    [[nodiscard]] Place prefetch(const Key& key) const {
        const Place place = place_of(key);
        __builtin_prefetch(&tags_[place.bucket]);
        return place;
    }
    // False: no value of this place is in the table. True is wrong for one value in 2,500 of those that are
    // not there, and for those whose bucket is full: one in fifteen when the table is about to grow.
    [[nodiscard]] bool maybe(const Place& place) const {
        // Eight tags at a time and without a branch for each.
        const Tags& tags = tags_[place.bucket];
        const EightTags wanted = EightTags{} + place.tag;
        EightTags equal{};
        for (std::size_t i = 0; i < bucket_size; i += 8) {
            EightTags some;
            std::memcpy(&some, tags.of + i, sizeof some);
            equal |= some == wanted;
        }
        std::array<std::uint64_t, 2> any;
        std::memcpy(any.data(), &equal, sizeof any);
        return (any[0] | any[1]) != 0 || full(tags);
    }

  private:
    static constexpr std::size_t bucket_size = 32;
    using EightTags = std::uint16_t __attribute__((vector_size(16)));
    // The places of a bucket are taken from the front on.
    struct alignas(64) Tags {
        std::uint16_t of[bucket_size];
    };
    struct Keys {
        Key of[bucket_size];
    };
    struct Kinds {
        std::uint8_t of[bucket_size]; // bits 0-1 the marks, the algorithm above them
    };
    struct Spot { // one value's place in a bucket; not `found`: it is not there
        std::size_t bucket = 0;
        std::size_t index = 0;
        bool found = false;
    };
    struct Unmap {
        std::size_t size;
        void operator()(std::uint8_t* memory) const;
    };

    [[nodiscard]] static bool full(const Tags& tags) { return tags.of[bucket_size - 1] != 0; }
    [[nodiscard]] static std::size_t filled(const Tags& tags);
    [[nodiscard]] Place place_of(const Key& key) const;
    [[nodiscard]] std::size_t after(std::size_t bucket) const {
        return bucket + 1 < buckets_ ? bucket + 1 : 0;
    }
    [[nodiscard]] Spot locate(Algorithm algorithm, const Key& key) const;
    void insert(const Place& place, const Key& key, std::uint8_t kind);
    void erase(Spot spot);
    [[nodiscard]] Spot displaced_from(std::size_t bucket) const;
    void allocate(std::size_t buckets);
    void grow();

    std::uint64_t secret_;
    std::size_t used_ = 0;
    std::size_t buckets_ = 0;
    // One mapping of its own for the three arrays: a heap would keep what growing leaves behind.
    std::unique_ptr<std::uint8_t, Unmap> memory_;
    Tags* tags_ = nullptr;
    Keys* keys_ = nullptr;
    Kinds* kinds_ = nullptr;
};

inline ValueTable::Place ValueTable::place_of(const Key& key) const {
    // All bytes count, each half under a secret of its own, and the upper half of the product is folded in:
    // whoever chooses images (every user does, with a token) cannot make them share a bucket. The bucket
    // comes from the upper bits and keeps their order, so that a growing table is copied from front to back.
    constexpr std::uint64_t golden = 0x9e3779b97f4a7c15; // 2^64 / golden ratio: a second secret of the first
    __extension__ using Product = unsigned __int128;
    const Product product = static_cast<Product>(key[0] ^ secret_) * (key[1] ^ (secret_ * golden | 1));
    const auto hash = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    const auto bucket = static_cast<std::size_t>(static_cast<Product>(hash) * buckets_ >> 64);
    const auto tag = static_cast<std::uint16_t>(hash);
    return {bucket, static_cast<std::uint16_t>(tag == 0 ? 1 : tag)};
}

} // namespace otk
