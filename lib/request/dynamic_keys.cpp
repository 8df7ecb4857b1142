#include "request/dynamic_keys.h"

#include "base/promise.h"
#include "request/curve.h"
#include "request/wire.h"

#include <algorithm>

namespace otk {

ServerKey ServerKey::generate(const RandomSource& random) {
    SecretArray<32> bytes;
    random(bytes.fill());
    return from_bytes(std::move(bytes));
}

ServerKey::ServerKey(SecretArray<32> bytes) :
    bytes_(std::move(bytes)), public_(evp::x25519_public(bytes_.view())) {}

std::optional<SecretArray<32>> ServerKey::share_with(const ExchangeKey& other) const {
    if (!curve::is_coordinate(other)) return std::nullopt;
    SecretArray<32> share;
    if (!evp::x25519(bytes_.view(), public_, other, share)) return std::nullopt;
    return share;
}

namespace dynamic {

RequestKeys derive(const SecretArray<32>& share, const Value& value, const ExchangeKey& server,
                   const ExchangeKey& client) {
    const SecretArray<32> extracted = evp::hkdf_extract(value.view(), share.view());
    const auto expand = [&](std::string_view label, MutableBytes out) {
        std::vector<std::uint8_t> info;
        wire::append(info, as_bytes(domain));
        wire::append(info, server);
        wire::append(info, client);
        wire::append(info, as_bytes(label));
        evp::hkdf_expand(extracted.view(), info, out);
    };
    RequestKeys keys;
    expand("p1", keys.request.fill());
    expand("c2s", keys.later.to_server.fill());
    expand("s2c", keys.later.to_client.fill());
    expand("id", keys.later.id);
    return keys;
}

evp::Nonce nonce_of(std::uint64_t counter) {
    evp::Nonce nonce{};
    for (std::size_t i = nonce.size(); i > nonce.size() - sizeof counter; counter >>= 8)
        nonce[--i] = static_cast<std::uint8_t>(counter);
    return nonce;
}

} // namespace dynamic

} // namespace otk
