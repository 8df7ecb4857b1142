#include "vectors.h"

#include "otp/text_form.h"
#include "otp/words.h"

using namespace otk;
using namespace otk::test;

namespace {

constexpr std::uint8_t any_64_bit = bit(Algorithm::md4) | bit(Algorithm::md5) | bit(Algorithm::sha1);
constexpr std::uint8_t everything = any_64_bit | bit(Algorithm::sha256);

Readings line(std::string_view text, std::uint8_t wanted = everything) {
    return read_value(text, TextSource::line, wanted);
}
Readings label(std::string_view text, std::uint8_t wanted = everything) {
    return read_value(text, TextSource::dns_label, wanted);
}

// True when the text has exactly one reading, and it is this one.
bool reads_as(const Readings& readings, const Value& value, TextForm form, std::uint8_t algorithms) {
    if (readings.size() != 1) return false;
    const Reading& reading = *readings.begin();
    return reading.value == value && reading.form == form && reading.algorithms == algorithms;
}

// How often the value is among the readings in this form.
int times(const Readings& readings, std::string_view hex, TextForm form) {
    int found = 0;
    for (const Reading& reading : readings) {
        if (reading.value == value_of(hex) && reading.form == form) ++found;
    }
    return found;
}

const std::string hex_8 = "9e876134d90499dd";
const std::string words_8 = "INCH SEA ANNE LONG AHEM TOUR";
const std::string hex_16 = "bffa1396807cd4f08b7e6da695f9ad18";
const std::string words_16 = "MUCK ROAD SWAB AGO REAL DUNE GILL VASE COKE NIL HORN GLEE";
const std::string base32_16 = "X75BHFUAPTKPBC36NWTJL6NNDA";
const std::string base32_8 = "T2DWCNGZASM52"; // of hex_8, by python3's base64.b32encode

std::string with(std::string text, char from, char to) {
    std::replace(text.begin(), text.end(), from, to);
    return text;
}

} // namespace

TEST_CASE("values are written in each form") {
    CHECK(format_value(value_of(hex_8), TextForm::hex) == "9e87 6134 d904 99dd");
    CHECK(format_compact(value_of(hex_8), TextForm::hex) == hex_8);
    CHECK(format_value(value_of(hex_8), TextForm::words) == words_8);
    CHECK(format_compact(value_of(hex_8), TextForm::words) == with(words_8, ' ', '_'));
    CHECK(format_value(value_of(hex_8), TextForm::base32) == "T2DW CNGZ ASM5 2");
    CHECK(format_compact(value_of(hex_8), TextForm::base32) == base32_8);
    CHECK(format_value(value_of(hex_16), TextForm::hex) == "bffa 1396 807c d4f0 8b7e 6da6 95f9 ad18");
    CHECK(format_value(value_of(hex_16), TextForm::words) == words_16);
    CHECK(format_value(value_of(hex_16), TextForm::base32) == "X75B HFUA PTKP BC36 NWTJ L6NN DA");
    CHECK(format_compact(value_of(hex_16), TextForm::base32) == base32_16);
}

TEST_CASE("hex: any case, any groups, any white space") {
    const Value value = value_of(hex_8);
    for (const char* text :
         {"9e876134d90499dd", "9E876134D90499DD", "9E87 6134 D904 99DD", "9e-87-61-34-d9-04-99-dd",
          "  9e87\t6134\n d904 - 99dd \r\n", "9 e 8 7 6 1 3 4 d 9 0 4 9 9 d d"}) {
        CAPTURE(text);
        CHECK(reads_as(line(text), value, TextForm::hex, any_64_bit));
    }
    CHECK(reads_as(line(hex_16), value_of(hex_16), TextForm::hex, bit(Algorithm::sha256)));
    CHECK(reads_as(label("9E876134d90499dd"), value, TextForm::hex, any_64_bit));
    for (const char* text :
         {"9e876134d90499d", "9e876134d90499ddd", "9e876134d90499dg", "9e87_6134_d904_99dd",
          "9e87.6134.d904.99dd", "0x9e876134d90499dd", "9e876134d90499dd!"}) {
        CAPTURE(text);
        CHECK(line(text, everything & ~any_64_bit).empty());
        CHECK(times(line(text), hex_8, TextForm::hex) == 0);
    }
}

TEST_CASE("base32: any case, 0 1 8 as O I B, spare bits zero") {
    CHECK(reads_as(line(base32_8), value_of(hex_8), TextForm::base32, any_64_bit));
    CHECK(reads_as(line(to_lower(base32_8)), value_of(hex_8), TextForm::base32, any_64_bit));
    CHECK(reads_as(line("T2DW CNGZ ASM5 2"), value_of(hex_8), TextForm::base32, any_64_bit));
    CHECK(reads_as(line("T2DW-CNGZ-ASM5-2"), value_of(hex_8), TextForm::base32, any_64_bit));
    const std::uint8_t sha256 = bit(Algorithm::sha256);
    CHECK(reads_as(line(base32_16), value_of(hex_16), TextForm::base32, sha256));
    CHECK(reads_as(line(with(base32_16, 'B', '8')), value_of(hex_16), TextForm::base32, sha256));
    CHECK(reads_as(label(to_lower(base32_16)), value_of(hex_16), TextForm::base32, sha256));

    const Readings letters = line("OOOOIIIIBBBBA");
    REQUIRE(letters.size() == 1);
    CHECK(reads_as(line("000o11I188b8a"), letters.begin()->value, TextForm::base32, any_64_bit));

    CHECK(line("T2DWCNGZASM53").empty());              // the spare bit of 65
    CHECK(line("X75BHFUAPTKPBC36NWTJL6NNDB").empty()); // the lower of the two spare bits of 130
    CHECK(line("X75BHFUAPTKPBC36NWTJL6NNDC").empty()); // the upper one
    CHECK(line("T2DWCNGZASM5").empty());
    CHECK(line("T2DWCNGZASM522").empty());
    CHECK(line("T2DWCNGZ9SM52").empty());
    CHECK(line("T2DWCNGZASM52===").empty()); // no padding
}

TEST_CASE("words: any case and every separator of a line") {
    const Value value = value_of(hex_8);
    for (const char separator : {' ', '_', '-', '.', '\t'}) {
        CAPTURE(separator);
        CHECK(reads_as(line(with(words_8, ' ', separator)), value, TextForm::words, any_64_bit));
    }
    CHECK(reads_as(line("  inch   sea\tanne - Long.ahem _tour\n"), value, TextForm::words, any_64_bit));
    CHECK(reads_as(line("INCH 5EA ANNE L0NG AHEM T0UR"), value, TextForm::words, any_64_bit));
    CHECK(reads_as(line(words_16), value_of(hex_16), TextForm::words, bit(Algorithm::sha256)));
    CHECK(
        reads_as(line(with(words_16, ' ', '.')), value_of(hex_16), TextForm::words, bit(Algorithm::sha256)));
}

TEST_CASE("words that are no value") {
    for (const char* text :
         {"INCH SEA ANNE LONG AHEM", "INCH SEA ANNE LONG AHEM TOUR TOUR", "INCH SEA ANNE LONG AHEM TOUT",
          "INCH--SEA-ANNE-LONG-AHEM-TOUR", "-INCH-SEA-ANNE-LONG-AHEM-TOUR", "INCH-SEA-ANNE-LONG-AHEM-TOUR-",
          "INCH SEA ANNE LONG AHEM TOUR .", "INCHSEAANNELONGAHEMTOUR"}) {
        CAPTURE(text);
        CHECK(line(text).empty());
    }
    // A wrong checksum in either group of six.
    CHECK(line("MUCK ROAD SWAB AGO REAL DUSK GILL VASE COKE NIL HORN GLEE").empty());
    CHECK(line("MUCK ROAD SWAB AGO REAL DUNE GILL VASE COKE NIL HORN GLAD").empty());
}

TEST_CASE("a DNS label knows no blanks, dots or groups") {
    CHECK(reads_as(label(with(words_8, ' ', '_')), value_of(hex_8), TextForm::words, any_64_bit));
    CHECK(reads_as(label(with(words_8, ' ', '-')), value_of(hex_8), TextForm::words, any_64_bit));
    CHECK(label(words_8).empty());
    CHECK(label(with(words_8, ' ', '.')).empty());
    CHECK(label("9e87-6134-d904-99dd").empty());
    CHECK(label("9e87 6134 d904 99dd").empty());
    CHECK(label("T2DW-CNGZ-ASM5-2").empty());
    CHECK(label(std::string_view("INCH_SEA_ANNE_LONG_AHEM\0TOUR", 28)).empty());
}

TEST_CASE("only what is wanted is read") {
    CHECK(line(words_8, bit(Algorithm::sha256)).empty());
    CHECK(line(hex_8, bit(Algorithm::sha256)).empty());
    CHECK(line(base32_8, bit(Algorithm::sha256)).empty());
    CHECK(line(words_16, any_64_bit).empty());
    CHECK(line(hex_16, any_64_bit).empty());
    CHECK(line(base32_16, any_64_bit).empty());
    CHECK(reads_as(line(words_8, bit(Algorithm::sha1)), value_of(hex_8), TextForm::words,
                   bit(Algorithm::sha1)));
    CHECK(line(words_8, 0).empty());
}

TEST_CASE("a text that is words and hex digits has both readings") {
    // Six dictionary words of 16 hex digits in all whose checksum is right.
    const Readings readings = line("ADD FED BE A DADE BAD");
    CHECK(readings.size() == 2);
    CHECK(times(readings, "addfedbeadadebad", TextForm::hex) == 1);
    CHECK(times(readings, "00c268198006e60a", TextForm::words) == 1);
}

TEST_CASE("a text that is words and base32 has both readings") {
    const Readings readings = line("JO I OUT O HAN THE");
    CHECK(readings.size() == 2);
    CHECK(times(readings, "4b90ea4dc7036672", TextForm::base32) == 1);
    CHECK(times(readings, "20639cc216d18e80", TextForm::words) == 1);
    CHECK(label(with("JO I OUT O HAN THE", ' ', '-')).size() == 1); // there a group is no group
}

TEST_CASE("words of an alternate dictionary mean another value for each algorithm") {
    const auto all = vectors("vectors.json").at("alternate");
    REQUIRE(all.size() == 10);
    for (const auto& vector : all) {
        CAPTURE(vector.dump());
        const Algorithm algorithm = algorithm_in(vector);
        const std::string words = text_in(vector, "words");
        CHECK(reads_as(line(words, bit(algorithm)), value_of(text_in(vector, "hex")), TextForm::words,
                       bit(algorithm)));

        int right = 0;
        for (const Reading& reading : line(words)) {
            CHECK(reading.form == TextForm::words);
            if (reading.algorithms == bit(algorithm) && reading.value == value_of(text_in(vector, "hex")))
                ++right;
        }
        CHECK(right == 1);
        CHECK(line(words, bit(Algorithm::sha256)).empty());
    }
}

TEST_CASE("an alternate dictionary may have words of any script") {
    // The md5 dictionary has every index many times over, so a word with other letters is searched for the
    // last place.
    const std::string first_five = "Baraj Bajil Bilog Besen Bamih ";
    bool found = false;
    for (int i = 0; i < 100'000 && !found; ++i) {
        const std::string text = first_five + "\xc3\xbc" + std::to_string(i) + "'!";
        for (const Reading& reading : line(text, bit(Algorithm::md5))) {
            found = found || reading.value == value_of("50fe1962c4965880");
        }
    }
    CHECK(found);
}

TEST_CASE("a wrong checksum of standard words is no alternate dictionary") {
    CHECK(line("FOWL KID MASH DEAD DUAL OAK").empty());
}

TEST_CASE("texts that are too long, or nothing") {
    CHECK(line("").empty());
    CHECK(line("          ").empty());
    CHECK(line("------------").empty());
    CHECK(line(hex_8 + std::string(112, ' ')).size() == 1);
    CHECK(line(hex_8 + std::string(113, ' ')).empty());
    CHECK(line(std::string(128, 'a')).empty());
    CHECK(line("A A A A A A").size() == 1); // index 0 six times: the checksum of zero is zero
}
