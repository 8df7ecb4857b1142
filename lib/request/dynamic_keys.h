// The keys of a dynamic request and its nonces. Inside lib/request only.
#pragma once

#include "request/dynamic.h"
#include "request/evp.h"
#include "request/wire.h"

namespace otk::dynamic {

inline constexpr std::size_t key_field_size = 32;
inline constexpr std::size_t request_head_size =
    wire::value_field_size + 1 + key_field_size; // before P1's box
inline constexpr std::string_view domain = "otk-dynamic-1";

struct RequestKeys {
    SecretArray<32> request; // of P1's box
    DynamicKeys later;
};
// HKDF-SHA256 as dynamic.h has it: `share` is the secret, the value is the salt.
[[nodiscard]] RequestKeys derive(const SecretArray<32>& share, const Value& value, const ExchangeKey& server,
                                 const ExchangeKey& client);

// 4 zero bytes and the counter.
[[nodiscard]] evp::Nonce nonce_of(std::uint64_t counter);

} // namespace otk::dynamic
