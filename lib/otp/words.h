// Six words for 64 bits: RFC 2289 section 6 and Appendix D, and the alternate dictionaries of Appendix B.
// All but decode_alternate_words needs no libcrypto. Decoding allocates nothing.
#pragma once

#include "otp/algorithm.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace otk {

inline constexpr std::size_t words_per_64_bits = 6;

// Word `index` (0 to 2047) of the RFC's dictionary, upper case.
[[nodiscard]] std::string_view dictionary_word(std::uint16_t index);
// Its index, any case; nothing when it is not in the dictionary.
[[nodiscard]] std::optional<std::uint16_t> dictionary_index(std::string_view word);

// 64 bits and a two-bit checksum (the sum of all pairs of bits) as six words parted by `separator`.
[[nodiscard]] std::string encode_words(std::uint64_t bits, char separator);

enum class WordsError : std::uint8_t { not_six_words, unknown_word, wrong_checksum };
[[nodiscard]] std::string_view message_of(WordsError error); // one clear line each (RFC 2289 Appendix C)

struct DecodedWords {
    std::uint64_t bits = 0;
    std::optional<WordsError> error; // bits count only when there is none
};

// Words of the standard dictionary, any case; 0, 1 and 5 read as O, L and S there, as the RFC's reference
// does.
[[nodiscard]] DecodedWords decode_words(std::span<const std::string_view, words_per_64_bits> words);

// Words of any alternate dictionary: the index of a word is the last 11 bits of the algorithm's raw, unfolded
// digest of the word as it stands (case matters). Appendix B; tried only when a word is not in the standard
// one.
[[nodiscard]] DecodedWords decode_alternate_words(Algorithm algorithm,
                                                  std::span<const std::string_view, words_per_64_bits> words);

} // namespace otk
