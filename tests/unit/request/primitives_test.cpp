// libcrypto as lib/request calls it, by the RFCs' own vectors.
#include "request/evp.h"
#include "vectors.h"

namespace otk {

using namespace test;

namespace {

const json& rfc(const char* which) { return vectors().at("rfc").at(which); }

} // namespace

TEST_CASE("Ed25519: RFC 8032 section 7.1") {
    for (const json& each : rfc("ed25519")) {
        const auto seed = bytes_in(each, "seed");
        const auto message = bytes_in(each, "message");
        const auto key = array_in<32>(each.at("public"));
        const auto signature = array_in<64>(each.at("signature"));
        CHECK(evp::ed25519_public(seed) == key);
        CHECK(evp::ed25519_sign(seed, message) == signature);
        CHECK(evp::ed25519_verify(key, message, signature));
        auto longer = message;
        longer.push_back(0);
        CHECK_FALSE(evp::ed25519_verify(key, longer, signature));
    }
}

TEST_CASE("X25519: RFC 7748 sections 5.2 and 6.1") {
    for (const json& each : rfc("x25519")) {
        const auto private_key = bytes_in(each, "private");
        SecretArray<32> share;
        CHECK(evp::x25519(private_key, evp::x25519_public(private_key), bytes_in(each, "other"), share));
        CHECK(to_hex(share.view()) == text_in(each, "share"));
    }
}

TEST_CASE("HKDF-SHA256: RFC 5869 appendix A") {
    for (const json& each : rfc("hkdf")) {
        const auto extracted = evp::hkdf_extract(bytes_in(each, "salt"), bytes_in(each, "secret"));
        CHECK(to_hex(extracted.view()) == text_in(each, "extracted"));
        std::vector<std::uint8_t> out(bytes_in(each, "result").size());
        evp::hkdf_expand(extracted.view(), bytes_in(each, "info"), out);
        CHECK(to_hex(out) == text_in(each, "result"));
    }
}

TEST_CASE("ChaCha20-Poly1305: RFC 8439 section 2.8.2") {
    for (const json& each : rfc("chacha20_poly1305")) {
        const auto key = bytes_in(each, "key");
        const auto nonce = array_in<12>(each.at("nonce"));
        const auto before = bytes_in(each, "before");
        const auto text = bytes_in(each, "text");
        auto box = bytes_in(each, "box");
        std::vector<std::uint8_t> made(box.size());
        evp::seal(key, nonce, before, text, made);
        CHECK(made == box);
        std::vector<std::uint8_t> opened(text.size());
        CHECK(evp::open(key, nonce, before, box, opened));
        CHECK(opened == text);
        box.back() ^= 1;
        CHECK_FALSE(evp::open(key, nonce, before, box, opened));
    }
}

} // namespace otk
