#include "otp/challenge.h"

#include <doctest/doctest.h>

using namespace otk;

TEST_CASE("the challenges of RFC 2289 and RFC 2243") {
    struct Case {
        const char* text;
        Algorithm algorithm;
        Count count;
        const char* seed;
    };
    for (const Case& wanted : {
             Case{"otp-md5 487 dog2", Algorithm::md5, 487, "dog2"},
             Case{"otp-md5 499 ke1234 ext", Algorithm::md5, 499, "ke1234"},
             Case{"otp-sha1 99 TeSt\n", Algorithm::sha1, 99, "test"},
             Case{"  otp-md4\t\t0   A  ", Algorithm::md4, 0, "a"},
             Case{"otp-sha256 1000000 LengthOfSixteen1 ext,foo", Algorithm::sha256, 1'000'000,
                  "lengthofsixteen1"},
         }) {
        CAPTURE(wanted.text);
        const auto challenge = parse_challenge(wanted.text);
        REQUIRE(static_cast<bool>(challenge));
        CHECK(challenge->algorithm == wanted.algorithm);
        CHECK(challenge->count == wanted.count);
        CHECK(challenge->seed == wanted.seed);
    }
}

TEST_CASE("a challenge that is wrong says which part") {
    struct Case {
        const char* text;
        const char* part;
    };
    for (const Case& wrong : {
             Case{"", "begins with"},
             Case{"   ", "begins with"},
             Case{"md5 487 dog2", "begins with"},
             Case{"s/key 487 dog2", "begins with"},
             Case{"otp- 487 dog2", "algorithm"},
             Case{"otp-MD5 487 dog2", "algorithm"},
             Case{"otp-rmd160 487 dog2", "algorithm"},
             Case{"otp-md5", "ends after the algorithm"},
             Case{"otp-md5 dog2", "count"},
             Case{"otp-md5 -1 dog2", "count"},
             Case{"otp-md5 1000001 dog2", "count"},
             Case{"otp-md5 99999999999999999999999 dog2", "count"},
             Case{"otp-md5 487", "ends after the count"},
             Case{"otp-md5 487 dog_2", "neither a letter"},
             Case{"otp-md5 487 LengthOfSeventeen", "too long"},
         }) {
        CAPTURE(wrong.text);
        const auto challenge = parse_challenge(wrong.text);
        REQUIRE_FALSE(static_cast<bool>(challenge));
        CHECK(challenge.reason().find(wrong.part) != std::string::npos);
        CHECK(challenge.reason().find('\n') == std::string::npos);
    }
}

TEST_CASE("what is not printable does not come back in a reason") {
    const auto challenge = parse_challenge("otp-\x1b[2J 1 dog2");
    REQUIRE_FALSE(static_cast<bool>(challenge));
    CHECK(challenge.reason().find('\x1b') == std::string::npos);
}

TEST_CASE("a challenge is written as it is read") {
    CHECK(format_challenge({Algorithm::md5, 487, "dog2"}) == "otp-md5 487 dog2");
    const auto again = parse_challenge(format_challenge({Algorithm::sha256, 3, "a1"}));
    REQUIRE(static_cast<bool>(again));
    CHECK(again->count == 3);
}
