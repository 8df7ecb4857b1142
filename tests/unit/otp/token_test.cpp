#include "vectors.h"

#include "otp/token.h"
#include "otp/words.h"

using namespace otk;
using namespace otk::test;

namespace {

const std::string image_8 = "9e876134d90499dd";
const std::string image_16 = "bffa1396807cd4f08b7e6da695f9ad18";
const std::string key = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

Enrolment parsed(const std::string& text) {
    CAPTURE(text);
    auto result = parse_token(text);
    REQUIRE_MESSAGE(static_cast<bool>(result), (result ? std::string() : result.reason()));
    return std::move(result).take();
}

} // namespace

TEST_CASE("a token says what it holds") {
    const Enrolment enrolment = parsed("otk1:sha256:100:dog2:" + image_16 + ":" + key);
    CHECK(enrolment.algorithm == Algorithm::sha256);
    CHECK(enrolment.length == 100);
    CHECK(enrolment.seed == "dog2");
    CHECK(enrolment.image == value_of(image_16));
    REQUIRE(enrolment.public_key.has_value());
    CHECK(to_hex(*enrolment.public_key) == key);
    CHECK(format_token(enrolment) == "otk1:sha256:100:dog2:" + image_16 + ":" + key);

    const Enrolment without_key = parsed("otk1:md5:2:a:" + image_8);
    CHECK_FALSE(without_key.public_key.has_value());
    CHECK(format_token(without_key) == "otk1:md5:2:a:" + image_8);
}

TEST_CASE("other spellings of a token mean the same") {
    const std::string plain = "otk1:sha256:100:dog2:" + image_16 + ":" + key;
    std::string upper_hex = plain;
    std::transform(upper_hex.begin() + 16, upper_hex.end(), upper_hex.begin() + 16,
                   [](char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); });
    REQUIRE(upper_hex != plain);
    for (const std::string& spelling : {plain, "  " + plain + "\r\n", upper_hex}) {
        CHECK(format_token(parsed(spelling)) == plain);
        CHECK(check_words(parsed(spelling)) == check_words(parsed(plain)));
        CHECK(chain_id(parsed(spelling)) == chain_id(parsed(plain)));
    }
}

TEST_CASE("a token that is wrong says which field") {
    struct Case {
        std::string text;
        const char* field;
    };
    for (const Case& wrong : {
             Case{"", "begins with"},
             Case{"otk1", "form"},
             Case{"otk2:md5:2:a:" + image_8, "begins with"},
             Case{"OTK1:md5:2:a:" + image_8, "begins with"},
             Case{"otk1:md5:2:a", "form"},
             Case{"otk1:sha256:2:a:" + image_16 + ":" + key + ":", "form"},
             Case{"otk1:MD5:2:a:" + image_8, "algorithm"},
             Case{"otk1::2:a:" + image_8, "algorithm"},
             Case{"otk1:md5:1:a:" + image_8, "length"},
             Case{"otk1:md5:1000001:a:" + image_8, "length"},
             Case{"otk1:md5:0100:a:" + image_8, "length"},
             Case{"otk1:md5:-2:a:" + image_8, "length"},
             Case{"otk1:md5:2::" + image_8, "seed is empty"},
             Case{"otk1:md5:2:a b:" + image_8, "blank"},
             Case{"otk1:md5:2:LengthOfSeventeen:" + image_8, "too long"},
             Case{"otk1:md5:2:a:" + image_16, "image must be 16"},
             Case{"otk1:sha256:2:a:" + image_8, "image must be 32"},
             Case{"otk1:md5:2:a:9e876134d90499dg", "image must be 16"},
             Case{"otk1:sha256:2:a:" + image_16 + ":", "public key must be 64"},
             Case{"otk1:sha256:2:a:" + image_16 + ":" + image_16, "public key must be 64"},
             Case{"otk1:md5:2:a:" + image_8 + ":" + key, "only sha256"},
         }) {
        CAPTURE(wrong.text);
        const auto token = parse_token(wrong.text);
        REQUIRE_FALSE(static_cast<bool>(token));
        CAPTURE(token.reason());
        CHECK(token.reason().find(wrong.field) != std::string::npos);
    }
}

TEST_CASE("check words are six words of the dictionary and depend on every field") {
    const Enrolment enrolment = parsed("otk1:sha256:100:dog2:" + image_16 + ":" + key);
    const auto words = split(check_words(enrolment), ' ');
    CHECK(words.size() == words_per_64_bits);
    for (const char* other : {"otk1:sha256:101:dog2:", "otk1:sha256:100:dog3:"}) {
        CHECK(check_words(parsed(other + image_16 + ":" + key)) != check_words(enrolment));
    }
    CHECK(check_words(parsed("otk1:sha256:100:dog2:" + image_16)) != check_words(enrolment));
}

// The ledger's positions are stored under these ids: they must never change. Computed with
// printf 'otk-chain-1\0\4\0\0\0\144\4dog2' and the image's bytes, piped to sha256sum.
TEST_CASE("the id of a chain is stable, and the key is no part of it") {
    const Enrolment enrolment = parsed("otk1:sha256:100:dog2:" + image_16 + ":" + key);
    CHECK(to_hex(chain_id(enrolment)) == "e485ead07db6f9c707f0cda2205ae7058544cbae8d947ae4eb3ff789344ebaf1");
    CHECK(chain_id(parsed("otk1:sha256:100:dog2:" + image_16)) == chain_id(enrolment));
    CHECK(to_hex(chain_id(parsed("otk1:md5:1000000:test:" + image_8))) ==
          "a70ca360f264379aeb651bebee9730ed14ef9a0cb8d420151299dcd3f61e7945");
    CHECK(chain_id(parsed("otk1:sha256:101:dog2:" + image_16)) != chain_id(enrolment));
}

TEST_CASE("check words are those that another program computes") {
    CHECK(check_words(parsed("otk1:md5:1000000:test:" + image_8)) == "GALT CITY DUNK BUST DANA WHY");
}
