// One value of a chain: what a knock is, and what the server stores as image.
#pragma once

#include "base/bytes.h"
#include "base/promise.h"

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>

namespace otk {

inline constexpr std::size_t largest_value = 16;

// 8 or 16 bytes. Trivially copyable: it crosses process borders as it is; the unused tail is always zero.
// Not a secret type: every value that a Value holds on the server has been on the wire or is a verifier. A
// client holds unspent ones only for as long as it takes to print them.
class Value {
  public:
    Value() = default; // empty, size 0: no value
    explicit Value(Bytes bytes) {
        promise(bytes.size() == 8 || bytes.size() == 16, "a value has 8 or 16 bytes");
        size_ = static_cast<std::uint8_t>(bytes.size());
        std::copy(bytes.begin(), bytes.end(), bytes_.begin());
    }

    [[nodiscard]] Bytes view() const { return Bytes(bytes_).first(size_); }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    // What came over a channel may hold any byte: true only for sizes 0, 8 and 16 with a zero tail.
    [[nodiscard]] bool well_formed() const {
        if (size_ != 0 && size_ != 8 && size_ != 16) return false;
        return std::all_of(bytes_.begin() + size_, bytes_.end(), [](std::uint8_t b) { return b == 0; });
    }

    friend bool operator==(const Value&, const Value&) = default;
    friend auto operator<=>(const Value&, const Value&) = default;

  private:
    std::array<std::uint8_t, largest_value> bytes_{};
    std::uint8_t size_ = 0;
};

// For hash tables. Values are outputs of a hash function, so their first bytes are as good as any digest of
// them; an attacker who aims at one bucket has to invert nothing but gains one longer probe a packet at most.
struct ValueHash {
    std::size_t operator()(const Value& value) const {
        std::uint64_t word = 0;
        if (value.size() >= sizeof word) std::memcpy(&word, value.view().data(), sizeof word);
        return static_cast<std::size_t>(word);
    }
};

} // namespace otk
