// The values that capture looks for: images and known (spent) values, of all algorithms, in one
// open-addressing hash table. A look-up of a value that is not there touches one small tag almost always,
// allocates nothing and calls nothing: it runs a few dozen times for every look-alike packet.
#pragma once

#include "otp/algorithm.h"
#include "otp/value.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace otk {

class ValueTable {
  public:
    // What a value is; one value can be both (the knock spent last is its chain's image).
    enum Mark : std::uint8_t { is_image = 1, is_known = 2 };

    // `secret` is random: it makes the slots of chosen values unpredictable.
    explicit ValueTable(std::uint64_t secret);

    void add(Algorithm algorithm, const Value& value, Mark mark);
    void remove(Algorithm algorithm, const Value& value, Mark mark);
    void clear();

    // The marks of the value; 0 when it is not in the table.
    [[nodiscard]] std::uint8_t find(Algorithm algorithm, const Value& value) const;
    [[nodiscard]] std::size_t size() const { return used_; }

  private:
    // 0 is an empty slot; else bits 0-1 the marks, bits 2-4 the algorithm, bits 5-15 a piece of the slot's
    // hash.
    using Tag = std::uint16_t;
    using Key = std::array<std::uint8_t, largest_value>;

    struct Place {
        std::size_t slot;
        Tag tag; // without marks
    };
    [[nodiscard]] Place place(Algorithm algorithm, const Key& key) const;
    [[nodiscard]] std::size_t locate(const Place& from, const Key& key) const; // its slot, or the empty one
    void erase(std::size_t slot);
    void grow();

    std::uint64_t secret_;
    std::size_t mask_;
    std::size_t used_ = 0;
    std::vector<Tag> tags_;
    std::vector<Key> keys_;
};

} // namespace otk
