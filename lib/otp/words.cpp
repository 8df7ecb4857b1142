#include "otp/words.h"

#include "base/promise.h"
#include "otp/word_bits.h"
#include "otp/words_table.h"

#include <algorithm>

namespace otk {

namespace {

using Letters = std::array<char, longest_dictionary_word>;

// The letters as a number that sorts as the word does.
std::uint32_t sort_key(const char* letters) {
    const auto at = [letters](std::size_t i) -> std::uint32_t {
        return static_cast<unsigned char>(letters[i]);
    };
    return at(0) << 24 | at(1) << 16 | at(2) << 8 | at(3);
}

// Upper case, with the digits that are mistaken for letters taken as those letters.
char standard_letter(char c) {
    switch (c) {
    case '0': return 'O';
    case '1': return 'L';
    case '5': return 'S';
    default: return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
}

} // namespace

std::string_view dictionary_word(std::uint16_t index) {
    promise(index < dictionary_size, "the dictionary has 2048 words");
    return words_table[index];
}

std::optional<std::uint16_t> dictionary_index(std::string_view word) {
    if (word.empty() || word.size() > longest_dictionary_word) return std::nullopt;
    if (word.back() == '\0') return std::nullopt; // would compare equal to the table's filling
    Letters letters{};
    std::transform(word.begin(), word.end(), letters.begin(), standard_letter);
    const std::uint32_t wanted = sort_key(letters.data());

    const bool is_short = word.size() < longest_dictionary_word;
    const auto* const begin = words_table + (is_short ? 0 : short_words);
    const auto* const end = words_table + (is_short ? short_words : dictionary_size);
    const auto* const found = std::lower_bound(
        begin, end, wanted, [](const WordLetters& at, std::uint32_t key) { return sort_key(at) < key; });
    if (found == end || sort_key(*found) != wanted) return std::nullopt;
    return static_cast<std::uint16_t>(found - words_table);
}

std::string encode_words(std::uint64_t bits, char separator) {
    std::string text;
    text.reserve(words_per_64_bits * (longest_dictionary_word + 1));
    for (const std::uint16_t index : indices_of(bits)) {
        if (!text.empty()) text += separator;
        text += dictionary_word(index);
    }
    return text;
}

std::string_view message_of(WordsError error) {
    switch (error) {
    case WordsError::not_six_words: return "there must be six words (twelve for a sha256 value)";
    case WordsError::unknown_word:
        return "a word is not in the dictionary of RFC 2289; look for a typing mistake";
    case WordsError::wrong_checksum:
        return "the checksum of the six words is wrong; look for a mistyped word or two in the wrong order";
    }
    return "the words cannot be read";
}

DecodedWords decode_words(std::span<const std::string_view, words_per_64_bits> words) {
    WordIndices indices{};
    for (std::size_t i = 0; i < words_per_64_bits; ++i) {
        const auto index = dictionary_index(words[i]);
        if (!index) return {0, WordsError::unknown_word};
        indices[i] = *index;
    }
    return bits_of(indices);
}

} // namespace otk
