#include "base/promise.h"
#include "base/text.h"
#include "request/evp.h"
#include "request/signing_key.h"

#include <algorithm>

namespace otk {

namespace {

// Computed without libcrypto by tests/unit/request/make_vectors.py: RFC 8032 section 7.1, test 2; RFC 7748
// section 6.1; and from that share on the same way that dynamic requests take.
constexpr std::string_view known_key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
constexpr std::string_view known_signature =
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
constexpr std::string_view known_private = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
constexpr std::string_view known_public = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
constexpr std::string_view known_other = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
constexpr std::string_view known_box = "8a07ab4c56abf7afe87198004c2e910000";

template <std::size_t size>
std::array<std::uint8_t, size> bytes_of(std::string_view hex) {
    const auto bytes = from_hex(hex);
    promise(bytes && bytes->size() == size, "a known answer");
    std::array<std::uint8_t, size> out{};
    std::copy(bytes->begin(), bytes->end(), out.begin());
    return out;
}

void demand(bool right, const char* what) {
    if (right) return;
    throw Error(std::string("libcrypto computes ") + what +
                " wrongly; install the distribution's own OpenSSL 3, or set it free of restrictions "
                "(openssl.cnf)");
}

void check_signatures() {
    const auto key = bytes_of<32>(known_key);
    auto signature = bytes_of<64>(known_signature);
    const std::array<std::uint8_t, 1> message{0x72};
    demand(verify(key, message, signature), "Ed25519");
    signature[0] ^= 1;
    demand(!verify(key, message, signature), "Ed25519");
}

void check_boxes() {
    const auto private_key = bytes_of<32>(known_private);
    demand(evp::x25519_public(private_key) == bytes_of<32>(known_public), "X25519");
    SecretArray<32> share;
    demand(evp::x25519(private_key, bytes_of<32>(known_public), bytes_of<32>(known_other), share), "X25519");

    const std::string_view salt = "salt";
    const SecretArray<32> extracted = evp::hkdf_extract(as_bytes(salt), share.view());
    SecretArray<32> key;
    evp::hkdf_expand(extracted.view(), as_bytes("info"), key.fill());

    const evp::Nonce nonce{1};
    const std::array<std::uint8_t, 1> text{0x72};
    std::array<std::uint8_t, text.size() + evp::tag_size> box{};
    evp::seal(key.view(), nonce, as_bytes("before"), text, box);
    demand(box == bytes_of<box.size()>(known_box), "X25519, HKDF or ChaCha20-Poly1305");

    std::array<std::uint8_t, text.size()> opened{};
    demand(evp::open(key.view(), nonce, as_bytes("before"), box, opened) && opened == text,
           "ChaCha20-Poly1305");
    box[0] ^= 1;
    demand(!evp::open(key.view(), nonce, as_bytes("before"), box, opened), "ChaCha20-Poly1305");
}

} // namespace

void prepare_signing() {
    check_signatures();
    check_boxes();
}

} // namespace otk
