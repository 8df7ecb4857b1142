#include "otp/rules.h"

#include "base/text.h"
#include "otp/words.h"
#include "otp/words_table.h"

#include <algorithm>

namespace otk {

namespace {

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

} // namespace

std::optional<SeedError> check_seed(std::string_view seed) {
    if (seed.empty()) return SeedError::empty;
    if (std::any_of(seed.begin(), seed.end(), is_blank)) return SeedError::blank;
    if (!std::all_of(seed.begin(), seed.end(), is_alphanumeric)) return SeedError::not_alphanumeric;
    if (seed.size() > longest_seed) return SeedError::too_long;
    return std::nullopt;
}

std::optional<PassphraseError> check_passphrase(const SecretText& passphrase) {
    if (passphrase.size() < shortest_passphrase) return PassphraseError::too_short;
    if (passphrase.size() > longest_passphrase) return PassphraseError::too_long;
    return std::nullopt;
}

std::string_view message_of(SeedError error) {
    switch (error) {
    case SeedError::empty: return "the seed is empty; it must have 1 to 16 letters and digits";
    case SeedError::blank: return "the seed has a blank in it; it must be letters and digits only";
    case SeedError::not_alphanumeric:
        return "the seed has a character that is neither a letter (a-z) nor a digit";
    case SeedError::too_long: return "the seed is too long; it must have at most 16 letters and digits";
    }
    return "the seed cannot be used";
}

std::string_view message_of(PassphraseError error) {
    switch (error) {
    case PassphraseError::too_short:
        return "the passphrase is too short; it must have at least 10 characters";
    case PassphraseError::too_long: return "the passphrase is too long; it must have at most 63 characters";
    }
    return "the passphrase cannot be used";
}

std::string random_seed(const RandomSource& random) {
    constexpr std::string_view characters = "abcdefghijklmnopqrstuvwxyz0123456789";
    std::string seed;
    seed.reserve(longest_seed);
    while (seed.size() < longest_seed) {
        seed += characters[random_below(random, characters.size())];
    }
    return seed;
}

SecretText random_passphrase(const RandomSource& random) {
    // All the room there may be is taken at once: a vector that grew would leave copies of the secret behind.
    std::vector<std::uint8_t> letters;
    letters.reserve(words_per_64_bits * (longest_dictionary_word + 1));
    for (std::size_t i = 0; i < words_per_64_bits; ++i) {
        if (i > 0) letters.push_back(' ');
        const auto index = static_cast<std::uint16_t>(random_below(random, dictionary_size));
        for (const char letter : dictionary_word(index)) {
            letters.push_back(static_cast<std::uint8_t>(to_lower(letter)));
        }
    }
    return SecretText(std::move(letters));
}

} // namespace otk
