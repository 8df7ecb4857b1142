// Ed25519 (RFC 8032, the pure variant) as signed knocks and dynamic requests use it (DESIGN 5 and 6).
// libcrypto does the arithmetic; what it lets pass and should not is refused here.
#pragma once

#include "base/bytes.h"
#include "base/secret.h"
#include "otp/chain.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace otk {

using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

// The user's half, derived from the secret of a sha256 chain by the label `otk sign 1` (DESIGN 3).
class SigningKey {
  public:
    // REQUIRES secret.algorithm() == Algorithm::sha256.
    [[nodiscard]] static SigningKey of(const ChainSecret& secret);

    [[nodiscard]] PublicKey public_key() const;
    [[nodiscard]] Signature sign(Bytes message) const;

  private:
    explicit SigningKey(SecretArray<32> seed) : seed_(std::move(seed)) {}
    SecretArray<32> seed_; // RFC 8032's 32-byte private key
};

// Why a public key cannot be enrolled: it has small order (anybody could sign for it), it is not canonical
// (its y is 2^255-19 or more, or x is 0 with the sign bit set), or it is no point of the curve. OpenSSL takes
// all of these but the last.
enum class BadKey : std::uint8_t { small_order = 1, not_canonical, no_point };
[[nodiscard]] std::optional<BadKey> fault_of(const PublicKey& key);
[[nodiscard]] std::string_view explain(BadKey fault); // one sentence: what it means and what to do

// False also for a key with a fault and for a signature whose S is not below the group's order (RFC 8032
// section 5.1.7), so that one message of one key has one valid signature that its owner made, and nobody can
// turn it into another. Allocates only inside libcrypto; works in validate's sandbox after prepare_signing().
[[nodiscard]] bool verify(const PublicKey& key, Bytes message, const Signature& signature);

// Fetches what libcrypto needs for verify(), X25519, HKDF and ChaCha20-Poly1305, before a sandbox shuts files
// away, and compares each with a known answer. Throws Error.
void prepare_signing();

} // namespace otk
