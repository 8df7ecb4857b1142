// libcrypto's EVP interface as lib/request needs it. Inside lib/request only.
//
// Sizes are the caller's promise: they are constants of the messages, never taken from a packet. What
// libcrypto refuses because of hostile bytes is a value; what it should never refuse throws Error.
#pragma once

#include "base/bytes.h"
#include "base/secret.h"

#include <array>
#include <cstdint>

namespace otk::evp {

inline constexpr std::size_t key_size = 32; // of every key here, public or private
inline constexpr std::size_t signature_size = 64;
inline constexpr std::size_t nonce_size = 12;
inline constexpr std::size_t tag_size = 16;

using Key = std::array<std::uint8_t, key_size>;
using Nonce = std::array<std::uint8_t, nonce_size>;

// RFC 8032, the pure variant.
[[nodiscard]] Key ed25519_public(Bytes seed);
[[nodiscard]] std::array<std::uint8_t, signature_size> ed25519_sign(Bytes seed, Bytes message);
[[nodiscard]] bool ed25519_verify(Bytes public_key, Bytes message, Bytes signature);

// RFC 7748.
[[nodiscard]] Key x25519_public(Bytes private_key);
// False when the share is all zeros. `public_key` belongs to `private_key`: without it libcrypto computes it
// once more, at the price of the exchange itself.
[[nodiscard]] bool x25519(Bytes private_key, Bytes public_key, Bytes other, SecretArray<key_size>& share);

// RFC 5869 with SHA-256. Salt and info are not empty; at most 255 x 32 bytes come out of one expansion.
[[nodiscard]] SecretArray<32> hkdf_extract(Bytes salt, Bytes secret);
void hkdf_expand(Bytes extracted, Bytes info, MutableBytes out);

// RFC 8439: `box` is the text and its tag, so tag_size bytes longer than `text`.
void seal(Bytes key, const Nonce& nonce, Bytes before, Bytes text, MutableBytes box);
// False, and nothing of use in `text`, when the box is not authentic.
[[nodiscard]] bool open(Bytes key, const Nonce& nonce, Bytes before, Bytes box, MutableBytes text);

} // namespace otk::evp
