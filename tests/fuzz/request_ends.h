// The two ends of the fuzzed requests: those of tests/unit/request/vectors.json, so that the vectors are
// valid inputs.
#pragma once

#include "base/promise.h"
#include "base/text.h"
#include "request/dynamic.h"

#include <algorithm>
#include <string_view>

namespace otk::fuzz {

inline SecretArray<32> secret_of(std::string_view hex) {
    const auto bytes = from_hex(hex);
    promise(bytes && bytes->size() == 32, "a key has 32 bytes");
    SecretArray<32> out;
    std::copy(bytes->begin(), bytes->end(), out.fill().begin());
    return out;
}

inline constexpr std::string_view client_private =
    "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f";

struct Ends {
    ChainSecret secret = ChainSecret::from_master(
        secret_of("26da43cf44001c67acf68618ceb9324f0852abf1b39456a771fab1aaf5b7b1d6"));
    SigningKey key = SigningKey::of(secret);
    PublicKey public_key = key.public_key();
    ServerKey server =
        ServerKey::from_bytes(secret_of("202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"));
    ServerKey client = ServerKey::from_bytes(secret_of(client_private));
    Addressee addressee{
        {0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f},
        "sshd"};
    Value value = secret.at(96);

    // A client whose random source gives its key of the vectors.
    [[nodiscard]] DynamicClient asking(const DynamicRequest& request) const {
        return {request, key, addressee, server.public_key(), [](MutableBytes out) {
                    const SecretArray<32> bytes = secret_of(client_private);
                    std::copy(bytes.view().begin(), bytes.view().end(), out.begin());
                }};
    }
};

inline const Ends& ends() {
    static const Ends the_ends;
    return the_ends;
}

} // namespace otk::fuzz
