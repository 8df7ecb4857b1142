#include "otp/rules.h"
#include "otp/words.h"

#include "base/text.h"

#include <doctest/doctest.h>
#include <set>

using namespace otk;

TEST_CASE("the seeds of RFC 2289 Appendix C that must be refused, each for its own reason") {
    CHECK(check_seed("Length_Okay") == SeedError::not_alphanumeric);
    CHECK(check_seed("LengthOfSeventeen") == SeedError::too_long);
    CHECK(check_seed("A Seed") == SeedError::blank);
    CHECK(check_seed("") == SeedError::empty);
    CHECK(check_seed("a\tb") == SeedError::blank);
    CHECK(check_seed("s\xc3\xa9"
                     "ed") == SeedError::not_alphanumeric);
    CHECK(check_seed(std::string_view("a\0b", 3)) == SeedError::not_alphanumeric);
    for (const char* good : {"a", "0", "LengthOfSixteen1", "TeSt", "ke1234"}) {
        CAPTURE(good);
        CHECK_FALSE(check_seed(good).has_value());
    }
}

TEST_CASE("the passphrases of RFC 2289 Appendix C that must be refused") {
    CHECK(check_passphrase(SecretText("Too_short")) == PassphraseError::too_short);
    CHECK(check_passphrase(SecretText("1234567890123456789012345678901234567890123456789012345678901234")) ==
          PassphraseError::too_long);
    CHECK_FALSE(check_passphrase(SecretText("Ten_bytes_")).has_value());
    CHECK_FALSE(check_passphrase(SecretText(std::string(63, 'x'))).has_value());
}

TEST_CASE("every error has its own message") {
    std::set<std::string_view> messages;
    for (const auto error :
         {SeedError::empty, SeedError::blank, SeedError::not_alphanumeric, SeedError::too_long}) {
        messages.insert(message_of(error));
    }
    for (const auto error : {PassphraseError::too_short, PassphraseError::too_long})
        messages.insert(message_of(error));
    CHECK(messages.size() == 6);
}

TEST_CASE("random seeds are good seeds, and differ") {
    std::set<std::string> seeds;
    for (int i = 0; i < 100; ++i) {
        const std::string seed = random_seed(system_random);
        CHECK(seed.size() == longest_seed);
        CHECK_FALSE(check_seed(seed).has_value());
        CHECK(seed == to_lower(seed));
        seeds.insert(seed);
    }
    CHECK(seeds.size() == 100);
}

TEST_CASE("random passphrases are six lower-case words of the dictionary") {
    std::set<std::string> passphrases;
    for (int i = 0; i < 100; ++i) {
        const SecretText passphrase = random_passphrase(system_random);
        CHECK_FALSE(check_passphrase(passphrase).has_value());
        CHECK(passphrase.text() == to_lower(passphrase.text()));
        const auto words = split(passphrase.text(), ' ');
        CHECK(words.size() == words_per_64_bits);
        for (const auto word : words)
            CHECK(dictionary_index(word).has_value());
        passphrases.insert(std::string(passphrase.text()));
    }
    CHECK(passphrases.size() == 100);
}

TEST_CASE("the shortest random passphrase is long enough") {
    const RandomSource zeros = [](MutableBytes bytes) {
        std::fill(bytes.begin(), bytes.end(), std::uint8_t{0});
    };
    CHECK(random_passphrase(zeros).text() == "a a a a a a");
    CHECK_FALSE(check_passphrase(random_passphrase(zeros)).has_value());
    CHECK(random_seed(zeros) == std::string(16, 'a'));
}
