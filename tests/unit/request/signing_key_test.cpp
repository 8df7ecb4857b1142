#include "request/signing_key.h"

#include "otp/door_port.h"
#include "request/curve.h"
#include "request/evp.h"
#include "vectors.h"

namespace otk {

using namespace test;

namespace {

PublicKey key_in(const json& hex) { return array_in<32>(hex); }

const json& refused(const char* which) { return vectors().at("refused").at(which); }

} // namespace

TEST_CASE("the signing key of a passphrase, as docs/PROTOCOL.md derives it") {
    const json& chain = vectors().at("protocol").at("chain");
    const SecretText passphrase(chain.at("passphrase").get<std::string>());
    const ChainSecret secret =
        ChainSecret::from_passphrase(Algorithm::sha256, passphrase, chain.at("seed").get<std::string>());
    CHECK(to_hex(secret.master()) == text_in(chain, "master"));
    CHECK(to_hex(secret.at(0).view()) == text_in(chain, "start"));
    CHECK(to_hex(secret.at(chain.at("length")).view()) == text_in(chain, "image"));
    CHECK(to_hex(secret.signing_seed().view()) == text_in(chain, "signing_seed"));
    CHECK(to_hex(SigningKey::of(secret).public_key()) == text_in(chain, "public_key"));
    for (const json& door : vectors().at("protocol").at("doors")) {
        const Value value = secret.at(door.at("count"));
        CHECK(to_hex(value.view()) == text_in(door, "value"));
        CHECK(door_port(value, {door.at("low"), door.at("high")}) == door.at("port"));
    }
}

TEST_CASE("a signature verifies for its key and its message only") {
    const SigningKey key = SigningKey::of(the_secret());
    const std::vector<std::uint8_t> message{1, 2, 3};
    const Signature signature = key.sign(message);
    CHECK(verify(key.public_key(), message, signature));
    CHECK_FALSE(verify(key.public_key(), Bytes(message).first(2), signature));
    const SigningKey other = SigningKey::of(ChainSecret::from_master(SecretArray<32>{}));
    CHECK_FALSE(verify(other.public_key(), message, signature));
}

TEST_CASE("enrolment refuses every encoding of a point of small order") {
    REQUIRE(refused("small_order").size() == 14);
    for (const json& each : refused("small_order")) {
        CAPTURE(each);
        CHECK(fault_of(key_in(each)) == BadKey::small_order);
    }
}

TEST_CASE("what libcrypto takes for such a key, verify() does not") {
    // For the neutral point as key, R = S B holds whatever the message: R and S of zero do for everything.
    PublicKey neutral{1};
    Signature forged{};
    forged[0] = 1; // R is the neutral point, S is 0
    const std::vector<std::uint8_t> message{42};
    CHECK(evp::ed25519_verify(neutral, message, forged)); // which is why we look
    CHECK_FALSE(verify(neutral, message, forged));
}

TEST_CASE("enrolment refuses y of 2^255-19 and more, with either sign") {
    REQUIRE(refused("not_canonical").size() == 20);
    for (const json& each : refused("not_canonical")) {
        CAPTURE(each);
        CHECK(fault_of(key_in(each)) == BadKey::not_canonical);
        CHECK_FALSE(curve::is_coordinate(curve::y_of(key_in(each))));
    }
}

TEST_CASE("enrolment refuses what is no point, and takes what is one") {
    for (const json& each : refused("no_point")) {
        CAPTURE(each);
        CHECK(fault_of(key_in(each)) == BadKey::no_point);
        CHECK_FALSE(verify(key_in(each), {}, Signature{}));
    }
    for (const json& each : vectors().at("points")) {
        CAPTURE(each);
        CHECK(fault_of(key_in(each)) == std::nullopt);
        PublicKey other_sign = key_in(each);
        other_sign.back() |= 0x80;
        CHECK(fault_of(other_sign) == std::nullopt);
    }
    for (const json& each : vectors().at("rfc").at("ed25519"))
        CHECK(fault_of(key_in(each.at("public"))) == std::nullopt);
}

TEST_CASE("every fault of a key is explained in a line of its own") {
    const std::array all{BadKey::small_order, BadKey::not_canonical, BadKey::no_point};
    std::vector<std::string_view> lines;
    for (const BadKey fault : all) {
        CHECK(explain(fault).size() > 20);
        CHECK(explain(fault).find('\n') == std::string_view::npos);
        lines.push_back(explain(fault));
    }
    std::sort(lines.begin(), lines.end());
    CHECK(std::unique(lines.begin(), lines.end()) == lines.end());
}

TEST_CASE("a scalar is below the order of the group") {
    std::array<std::uint8_t, 32> order{0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                       0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                       0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
    CHECK_FALSE(curve::is_scalar(order));
    --order[0];
    CHECK(curve::is_scalar(order));
    order[31] = 0x11;
    CHECK_FALSE(curve::is_scalar(order));
    CHECK(curve::is_scalar(std::array<std::uint8_t, 32>{}));
}

TEST_CASE("a coordinate is below 2^255-19") {
    std::array<std::uint8_t, 32> number{};
    number.fill(0xff);
    CHECK_FALSE(curve::is_coordinate(number));
    number[31] = 0x7f;
    CHECK_FALSE(curve::is_coordinate(number));
    number[0] = 0xed;
    CHECK_FALSE(curve::is_coordinate(number));
    number[0] = 0xec;
    CHECK(curve::is_coordinate(number));
    number = {0xff, 1};
    CHECK(curve::is_coordinate(number));
}

} // namespace otk
