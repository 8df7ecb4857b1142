#include "request/signing_key.h"

#include "request/curve.h"
#include "request/evp.h"

namespace otk {

namespace {

constexpr std::size_t scalar_offset = 32; // R, then S

// All but whether it is a point: that, libcrypto finds out itself when it verifies.
std::optional<BadKey> fault_of_encoding(const PublicKey& key) {
    if (curve::has_small_order(key)) return BadKey::small_order;
    // x = 0 with the sign bit set belongs to points of small order only.
    if (!curve::is_coordinate(curve::y_of(key))) return BadKey::not_canonical;
    return std::nullopt;
}

} // namespace

SigningKey SigningKey::of(const ChainSecret& secret) { return SigningKey(secret.signing_seed()); }

PublicKey SigningKey::public_key() const { return evp::ed25519_public(seed_.view()); }

Signature SigningKey::sign(Bytes message) const { return evp::ed25519_sign(seed_.view(), message); }

std::optional<BadKey> fault_of(const PublicKey& key) {
    if (const auto fault = fault_of_encoding(key)) return fault;
    if (!curve::on_curve(key)) return BadKey::no_point;
    return std::nullopt;
}

std::string_view explain(BadKey fault) {
    switch (fault) {
    case BadKey::small_order:
        return "the public key has small order, so anybody could sign for it; make the token anew with "
               "`knockgen token`";
    case BadKey::not_canonical:
        return "the public key is not in its one canonical form; make the token anew with `knockgen token`";
    case BadKey::no_point:
        return "the public key is no point of the curve Ed25519 and probably mistyped; copy the token anew";
    }
    return "";
}

bool verify(const PublicKey& key, Bytes message, const Signature& signature) {
    if (fault_of_encoding(key)) return false;
    // libcrypto 3.0 looks at S as well; what the header promises must not hang on which version is loaded.
    if (!curve::is_scalar(Bytes(signature).subspan(scalar_offset))) return false;
    return evp::ed25519_verify(key, message, signature);
}

} // namespace otk
