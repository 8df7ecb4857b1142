// The dictionary of RFC 2289 as a table. For words.cpp alone: everybody else asks dictionary_word and
// dictionary_index (words.h).
#pragma once

#include <cstddef>

namespace otk {

inline constexpr std::size_t dictionary_size = 2048;      // 11 bits a word
inline constexpr std::size_t short_words = 571;           // these have one to three letters, the rest four
inline constexpr std::size_t longest_dictionary_word = 4; // letters

// Upper-case letters, zero-filled: as plain bytes the table needs no relocation, and one probe of a search is
// one 32-bit comparison.
using WordLetters = char[longest_dictionary_word + 1];

extern const WordLetters words_table[dictionary_size];

} // namespace otk
