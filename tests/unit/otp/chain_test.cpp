#include "vectors.h"

#include "otp/chain.h"
#include "otp/text_form.h"

using namespace otk;
using namespace otk::test;

TEST_CASE("every vector of RFC 2289 Appendix C, in hex and in words") {
    const auto all = vectors("rfc2289.json");
    REQUIRE(all.size() == 28);
    for (const auto& vector : all) {
        CAPTURE(vector.dump());
        const Algorithm algorithm = algorithm_in(vector);
        const auto chain = ChainSecret::from_passphrase(algorithm, SecretText(text_in(vector, "passphrase")),
                                                        text_in(vector, "seed"));
        const Value value = chain.at(vector.at("count").get<Count>());
        CHECK(to_hex(value.view()) == text_in(vector, "hex"));
        CHECK(format_value(value, TextForm::words) == text_in(vector, "words"));

        const Readings readings = read_value(text_in(vector, "words"), TextSource::line, bit(algorithm));
        REQUIRE(readings.size() == 1);
        CHECK(readings.begin()->value == value);
    }
}

namespace {

void check_sha256_values(const ChainSecret& chain, const nlohmann::json& values) {
    REQUIRE(!values.empty());
    for (const auto& vector : values) {
        CAPTURE(vector.dump());
        const Value value = chain.at(vector.at("count").get<Count>());
        CHECK(to_hex(value.view()) == text_in(vector, "hex"));
        CHECK(format_value(value, TextForm::words) == text_in(vector, "words"));
        CHECK(format_compact(value, TextForm::base32) == text_in(vector, "base32"));
    }
}

} // namespace

TEST_CASE("sha256 chains from a passphrase are those that others compute") {
    const auto all = vectors("vectors.json").at("passphrase");
    REQUIRE(all.size() == 2);
    for (const auto& vector : all) {
        const SecretText passphrase(text_in(vector, "passphrase"));
        check_sha256_values(
            ChainSecret::from_passphrase(Algorithm::sha256, passphrase, text_in(vector, "seed")),
            vector.at("values"));
    }
}

TEST_CASE("sha256 chains from a master are those that others compute") {
    const auto vector = vectors("vectors.json").at("master");
    const auto bytes = from_hex(text_in(vector, "hex"));
    SecretArray<32> master;
    std::copy(bytes->begin(), bytes->end(), master.fill().begin());
    check_sha256_values(ChainSecret::from_master(std::move(master)), vector.at("values"));
}

TEST_CASE("the case of a seed does not matter, that of a passphrase does") {
    for (const Algorithm algorithm : all_algorithms) {
        CAPTURE(name_of(algorithm));
        const auto start = [&](const char* passphrase, const char* seed) {
            return ChainSecret::from_passphrase(algorithm, SecretText(passphrase), seed).at(0);
        };
        const Value value = start("ten letters and more", "dog2");
        CHECK(value == start("ten letters and more", "DoG2"));
        CHECK(value != start("Ten letters and more", "dog2"));
        CHECK(value != start("ten letters and more", "dog3"));
    }
}

TEST_CASE("a generated chain begins with what the random source gave") {
    std::size_t asked = 0;
    const RandomSource counting = [&](MutableBytes bytes) {
        asked += bytes.size();
        for (std::size_t i = 0; i < bytes.size(); ++i)
            bytes[i] = static_cast<std::uint8_t>(i);
    };
    const auto short_chain = ChainSecret::generate(Algorithm::md5, counting);
    CHECK(asked == 8);
    CHECK(short_chain.algorithm() == Algorithm::md5);
    CHECK(to_hex(short_chain.at(0).view()) == "0001020304050607");

    asked = 0;
    const auto long_chain = ChainSecret::generate(Algorithm::sha256, counting);
    CHECK(asked == 32);
    check_sha256_values(long_chain, vectors("vectors.json").at("master").at("values"));
}

TEST_CASE("counts are steps") {
    const auto chain = ChainSecret::from_passphrase(Algorithm::sha1, SecretText("counts are steps"), "abc");
    const Value image = chain.at(100);
    CHECK(step(Algorithm::sha1, chain.at(99)) == image);
    CHECK(walk(Algorithm::sha1, chain.at(1), 99) == image);
    CHECK(walk(Algorithm::sha1, image, 0) == image);
}

TEST_CASE("every algorithm passes its known answer, which is the one that others compute") {
    const auto known = vectors("vectors.json").at("step_of_zeros");
    for (const Algorithm algorithm : all_algorithms) {
        CAPTURE(name_of(algorithm));
        CHECK(available(algorithm));
        CHECK_NOTHROW(prepare(algorithm));
        const std::array<std::uint8_t, largest_value> zeros{};
        const Value value = step(algorithm, Value(Bytes(zeros).first(value_size(algorithm))));
        CHECK(to_hex(value.view()) == text_in(known, std::string(name_of(algorithm)).c_str()));
    }
    CHECK_FALSE(available(static_cast<Algorithm>(9)));
}

TEST_CASE("algorithms have exactly one name each") {
    for (const Algorithm algorithm : all_algorithms) {
        CHECK(algorithm_named(name_of(algorithm)) == algorithm);
    }
    for (const char* name : {"", "MD5", "sha", "sha-1", "md5 ", "unknown"}) {
        CAPTURE(name);
        CHECK_FALSE(algorithm_named(name).has_value());
    }
}
