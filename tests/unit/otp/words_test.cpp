#include "vectors.h"

#include "otp/words.h"

#include <set>

using namespace otk;
using namespace otk::test;

namespace {

using SixWords = std::array<std::string_view, words_per_64_bits>;

std::uint64_t bits_of_hex(const std::string& hex) { return std::stoull(hex, nullptr, 16); }

SixWords six(const std::string& text) {
    const auto pieces = split(text, ' ');
    REQUIRE(pieces.size() == words_per_64_bits);
    SixWords words{};
    std::copy(pieces.begin(), pieces.end(), words.begin());
    return words;
}

} // namespace

TEST_CASE("the dictionary is the RFC's: 2048 words, 571 short ones first, each half in order") {
    std::set<std::string_view> seen;
    for (std::uint16_t i = 0; i < 2048; ++i) {
        const std::string_view word = dictionary_word(i);
        CAPTURE(word);
        CHECK((i < 571 ? word.size() <= 3 : word.size() == 4));
        if (i != 0 && i != 571) CHECK(dictionary_word(static_cast<std::uint16_t>(i - 1)) < word);
        CHECK(dictionary_index(word) == i);
        CHECK(dictionary_index(to_lower(word)) == i);
        seen.insert(word);
    }
    CHECK(seen.size() == 2048);
    CHECK(dictionary_word(0) == "A");
    CHECK(dictionary_word(570) == "YOU");
    CHECK(dictionary_word(571) == "ABED");
    CHECK(dictionary_word(2047) == "YOKE");
}

TEST_CASE("what is not in the dictionary has no index") {
    for (const char* word : {"", "B", "ZZZZ", "AAAA", "ABEDS", "ROME ", " ROME", "ROM\xc3", "YOUR"}) {
        CAPTURE(word);
        CHECK_FALSE(dictionary_index(word).has_value());
    }
    const char with_zero[] = {'A', '\0'};
    CHECK_FALSE(dictionary_index(std::string_view(with_zero, 2)).has_value());
}

TEST_CASE("0, 1 and 5 read as O, L and S") {
    CHECK(dictionary_index("R0ME") == dictionary_index("ROME"));
    CHECK(dictionary_index("1ACE") == dictionary_index("LACE"));
    CHECK(dictionary_index("5CAN") == dictionary_index("SCAN"));
    CHECK(dictionary_index("0") == dictionary_index("O"));
}

TEST_CASE("the RFC's example of the checksum") {
    const std::uint64_t bits = bits_of_hex("85c43ee03857765b");
    CHECK(encode_words(bits, ' ') == "FOWL KID MASH DEAD DUAL OAF");
    CHECK(encode_words(bits, '_') == "FOWL_KID_MASH_DEAD_DUAL_OAF");

    const DecodedWords right = decode_words(six("FOWL KID MASH DEAD DUAL OAF"));
    CHECK_FALSE(right.error.has_value());
    CHECK(right.bits == bits);
    for (const char* wrong :
         {"FOWL KID MASH DEAD DUAL NUT", "FOWL KID MASH DEAD DUAL O", "FOWL KID MASH DEAD DUAL OAK"}) {
        CAPTURE(wrong);
        CHECK(decode_words(six(wrong)).error == WordsError::wrong_checksum);
    }
}

TEST_CASE("a word that is not in the dictionary is an error of its own") {
    CHECK(decode_words(six("FOWL KID MASH DEAD DUAL OAFS")).error == WordsError::unknown_word);
    std::set<std::string_view> messages;
    for (const auto error :
         {WordsError::not_six_words, WordsError::unknown_word, WordsError::wrong_checksum}) {
        CHECK(message_of(error).size() > 20);
        messages.insert(message_of(error));
    }
    CHECK(messages.size() == 3);
}

TEST_CASE("alternate dictionaries (RFC 2289 Appendix B)") {
    const auto all = vectors("vectors.json").at("alternate");
    REQUIRE(all.size() == 10);
    for (const auto& vector : all) {
        CAPTURE(vector.dump());
        const std::string text = text_in(vector, "words");
        const DecodedWords decoded = decode_alternate_words(algorithm_in(vector), six(text));
        CHECK_FALSE(decoded.error.has_value());
        CHECK(decoded.bits == bits_of_hex(text_in(vector, "hex")));

        const std::string lower = to_lower(text); // the case of such a word matters
        const DecodedWords other = decode_alternate_words(algorithm_in(vector), six(lower));
        CHECK((other.error.has_value() || other.bits != decoded.bits));
    }
}
