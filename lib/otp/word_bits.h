// How six 11-bit indices hold 64 bits and a checksum (RFC 2289 section 6, "Form of Output"). Inside lib/otp
// only: the standard dictionary and the alternate ones share it.
#pragma once

#include "otp/words.h"

namespace otk {

using WordIndices = std::array<std::uint16_t, words_per_64_bits>;

// The sum of the 32 pairs of bits; its two lowest bits are the checksum.
[[nodiscard]] constexpr std::uint64_t checksum_of(std::uint64_t bits) {
    // Pairs are added side by side, then nibbles, then bytes: no field can overflow, 32 pairs make at
    // most 96.
    const std::uint64_t nibbles = (bits & 0x3333333333333333) + (bits >> 2 & 0x3333333333333333);
    const std::uint64_t bytes = (nibbles & 0x0f0f0f0f0f0f0f0f) + (nibbles >> 4 & 0x0f0f0f0f0f0f0f0f);
    return bytes * 0x0101010101010101 >> 56 & 3;
}

[[nodiscard]] constexpr WordIndices indices_of(std::uint64_t bits) {
    WordIndices indices{};
    for (std::size_t i = 0; i + 1 < words_per_64_bits; ++i) {
        indices[i] = static_cast<std::uint16_t>(bits >> (53 - 11 * i) & 0x7ff);
    }
    indices.back() = static_cast<std::uint16_t>((bits << 2 | checksum_of(bits)) & 0x7ff);
    return indices;
}

[[nodiscard]] constexpr DecodedWords bits_of(const WordIndices& indices) {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i + 1 < words_per_64_bits; ++i) {
        bits = bits << 11 | indices[i];
    }
    bits = bits << 9 | indices.back() >> 2;
    if (checksum_of(bits) != (indices.back() & 3U)) return {0, WordsError::wrong_checksum};
    return {bits, std::nullopt};
}

} // namespace otk
