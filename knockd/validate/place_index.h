// An index of entries that stand elsewhere in a row: from a hash to positions in it. Four bytes a place, open
// addressing, at most three quarters full: 6 to 11 bytes an entry.
#pragma once

#include "base/promise.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace otk {

class PlaceIndex {
  public:
    using Position = std::uint32_t;
    static constexpr Position most = 0xffff'fffe; // entries

    // Positions 0 to count - 1 at once, into an empty index. The places of a group are asked for before the
    // first of them is used: else nearly every step waits for memory.
    template <typename HashAt>
    void add_all(std::size_t count, const HashAt& hash_at) {
        promise(used_ == 0 && count < most, "an empty index is filled, with no more than it has numbers for");
        std::size_t wanted = smallest;
        while (4 * count > 3 * wanted)
            wanted *= 2;
        places_.assign(wanted, nothing);
        std::array<std::size_t, 16> group{};
        for (std::size_t first = 0; first < count; first += group.size()) {
            const std::size_t size = std::min(group.size(), count - first);
            for (std::size_t each = 0; each < size; ++each) {
                group[each] = home(hash_at(static_cast<Position>(first + each)));
                __builtin_prefetch(&places_[group[each]], 1);
            }
            for (std::size_t each = 0; each < size; ++each) {
                std::size_t place = group[each];
                while (places_[place] != nothing)
                    place = next(place);
                places_[place] = static_cast<Position>(first + each);
            }
        }
        used_ = count;
    }

    // Several positions may have one hash. `hash_at` gives the hash of what stands at a position; it must be
    // right for every position that is in the index.
    template <typename HashAt>
    void add(std::uint64_t hash, Position position, const HashAt& hash_at) {
        promise(position < most, "more entries than an index has numbers for");
        if (4 * (used_ + 1) > 3 * places_.size()) grow(hash_at);
        std::size_t place = home(hash);
        while (places_[place] != nothing)
            place = next(place);
        places_[place] = position;
        ++used_;
    }

    // Takes out this position, which is in it.
    template <typename HashAt>
    void remove(std::uint64_t hash, Position position, const HashAt& hash_at) {
        std::size_t hole = place_of(hash, position);
        // What stands behind the hole and began its search before it moves up, so that every search still
        // comes by: no marks of what was removed are left.
        for (std::size_t place = next(hole); places_[place] != nothing; place = next(place)) {
            const std::size_t from = home(hash_at(places_[place]));
            if (((place - from) & mask()) < ((place - hole) & mask())) continue;
            places_[hole] = places_[place];
            hole = place;
        }
        places_[hole] = nothing;
        --used_;
    }

    // What stood at one position stands at another.
    void move(std::uint64_t hash, Position from, Position to) { places_[place_of(hash, from)] = to; }

    // Visits positions, at least all that were added with this hash, until `visit` says true.
    template <typename Visit>
    void search(std::uint64_t hash, const Visit& visit) const {
        if (used_ == 0) return;
        for (std::size_t place = home(hash); places_[place] != nothing; place = next(place)) {
            if (visit(places_[place])) return;
        }
    }

  private:
    static constexpr Position nothing = 0xffff'ffff;
    static constexpr std::size_t smallest = 16;

    [[nodiscard]] std::size_t mask() const { return places_.size() - 1; }
    [[nodiscard]] std::size_t home(std::uint64_t hash) const {
        return static_cast<std::size_t>(hash) & mask();
    }
    [[nodiscard]] std::size_t next(std::size_t place) const { return (place + 1) & mask(); }

    [[nodiscard]] std::size_t place_of(std::uint64_t hash, Position position) const {
        promise(used_ > 0, "an empty index was asked for an entry");
        std::size_t place = home(hash);
        while (places_[place] != position) {
            promise(places_[place] != nothing, "an entry is not in its index");
            place = next(place);
        }
        return place;
    }

    template <typename HashAt>
    void grow(const HashAt& hash_at) {
        const std::size_t wanted = places_.empty() ? smallest : 2 * places_.size();
        const std::vector<Position> before = std::move(places_);
        places_.assign(wanted, nothing);
        for (const Position position : before) {
            if (position == nothing) continue;
            std::size_t place = home(hash_at(position));
            while (places_[place] != nothing)
                place = next(place);
            places_[place] = position;
        }
    }

    std::vector<Position> places_; // their number is a power of two
    std::size_t used_ = 0;
};

} // namespace otk
