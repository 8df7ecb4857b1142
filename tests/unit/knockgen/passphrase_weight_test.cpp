#include "knockgen/passphrase_weight.h"
#include "tests/unit/knockgen/random_passphrase.h"

#include "base/text.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace otk {
namespace {

// A dictionary of few words, in small letters and with 0 for o.
bool known(std::string_view text) {
    std::string word = to_lower(text);
    std::replace(word.begin(), word.end(), '0', 'o');
    const std::vector<std::string_view> words{"password", "letmein", "correct", "battery", "dragon"};
    return std::find(words.begin(), words.end(), word) != words.end();
}

double weight(std::string_view passphrase) { return weight_of(passphrase, known); }

TEST_CASE("passphrase_weight: a word weighs 11 bits, with or without signs in it that stand for letters") {
    CHECK(weight("password") == doctest::Approx(11));
    CHECK(weight("Passw0rd") == doctest::Approx(11));
    CHECK(weight("PASSWORD") == doctest::Approx(11));
    CHECK(weight("correct battery") == doctest::Approx(11 + 5 + 11));
    CHECK(weight("pAssWord") == doctest::Approx(11 + 8)); // which letters are capitals has to be guessed, too
    CHECK(weight("zkqvbwxj") == doctest::Approx(8 * 4.7));
    CHECK(weight("zKqvBwxj") == doctest::Approx(8 * 5.7));
}

TEST_CASE("passphrase_weight: a sign that joins letters hides no word") {
    // The exclamation mark may stand for a letter, and the dictionary does not know the whole.
    CHECK(weight("Passw0rd!Letmein") == doctest::Approx(11 + 5 + 11));
    CHECK(weight("Passw0rd!Passw0rd?") == doctest::Approx(11 + 5 + 5));
    CHECK(weight("letmein1battery2correct") == doctest::Approx(11 + 3.3 + 11 + 3.3 + 11));
    CHECK(weight("drag0n1letmein") == doctest::Approx(11 + 3.3 + 11));
    CHECK(weight("dragonzkqvb") == doctest::Approx(11 * 4.7));   // six letters are found too easily
    CHECK(weight("correctbattery") == doctest::Approx(11 + 11)); // and no sign, neither
}

TEST_CASE("passphrase_weight: what stands there twice counts once, also a part, whatever its capitals") {
    CHECK(weight("letmein letmeout") == doctest::Approx(11 + 5 + 11));
    CHECK(weight("letmeinletmeout") == doctest::Approx(11 + 11));
    CHECK(weight("zkqvb zkqvb") == doctest::Approx(5 * 4.7 + 5));
    CHECK(weight("zkqvbZKQVBzkqvb") == doctest::Approx(5 * 4.7));
    CHECK(weight("zkq-vbw-xjz") == doctest::Approx(9 * 4.7 + 5));
}

TEST_CASE("passphrase_weight: keys beside each other weigh by changes of direction") {
    const double first = 5.5;
    const double turn = 2.6;
    CHECK(weight("qwertyuiop") == doctest::Approx(first + turn));
    CHECK(weight("zaq12wsxcde3") == doctest::Approx(first + 5 * turn));
    CHECK(weight("1qaz2wsx") == doctest::Approx(2 * (first + turn)));
    CHECK(weight("!QAZ@WSX") == doctest::Approx(2 * (first + turn)));
    CHECK(weight("qwertypassword") == doctest::Approx(first + turn + 11));
    CHECK(weight("1234") == doctest::Approx(2 * 3.3)); // in equal steps: less than as keys
}

TEST_CASE(
    "passphrase_weight: a short run is a word only where it is written like one and can be pronounced") {
    for (const char* const word : {"horse", "HORSE", "Horse", "h\xc3\xbcrd"}) {
        CAPTURE(word);
        CHECK(weight(word) == doctest::Approx(11));
    }
    CHECK(weight("hOrSe") == doctest::Approx(5 * 5.7));
    CHECK(weight("hrzbk") == doctest::Approx(5 * 4.7));
    CHECK(weight("it") == doctest::Approx(2 * 4.7));
    CHECK(weight("R7tK") == doctest::Approx(4.7 + 3.3 + 2 * 5.7));
}

// Twelve letters and digits have 71 bits. Where no dictionary finds anything, one loses half of them only by
// two short runs at least that happen to be written like words: that befalls less than one in a hundred.
TEST_CASE("passphrase_weight: random letters and digits are not taken for words") {
    constexpr unsigned seed = 20261122;
    CAPTURE(seed);
    std::mt19937 random(seed);
    int too_light = 0;
    double sum = 0;
    constexpr int passphrases = 2000;
    for (int i = 0; i < passphrases; ++i) {
        const std::string passphrase = test::random_passphrase(random);
        const double bits = weight_of(passphrase, [](std::string_view) { return false; });
        CAPTURE(passphrase);
        CHECK(bits <= 12 * 5.7 + 0.01); // never more than there is
        sum += bits;
        if (bits < 40) ++too_light;
    }
    CHECK(too_light <= passphrases / 100);
    CHECK(sum / passphrases > 55);
}

} // namespace
} // namespace otk
