// The signature under a knock (DESIGN 4 step 3, 5 and 6): what a request says, once it is known that the
// user said it. Looked at only when the value has led to a grant, so that garbage costs no signature check.
#pragma once

#include "base/clock.h"
#include "knockd/validate/server_keys.h"
#include "policy/decide.h"
#include "request/dynamic.h"
#include "request/signed_knock.h"
#include "store/policy_store.h"

#include <cstdint>
#include <optional>
#include <string>

namespace otk {

// A grant whose enrolment has a public key accepts no knock without a signature, unless it is set --plain.
[[nodiscard]] inline bool demands_signature(const Grant& grant) {
    return grant.enrolment.public_key.has_value() && !grant.rules.plain;
}

// A request of which one look has been taken.
struct Verified {
    // None: the signature is valid, and the rest counts. Else signature_wrong, request_malformed or
    // no_server_key: nothing of the rest is known.
    Refusal refusal = Refusal::none;
    Address named;
    Time claimed{}; // Time{}: the client has no clock
    std::string argument;
    std::optional<OpenedRequest> dynamic; // a dynamic request
};

class Verifying {
  public:
    // `keys` outlives it; nullptr where there is no dynamic mode.
    Verifying(const ServerId& server, ServerKeys* keys) : server_(server), keys_(keys) {}

    // `request` looks_signed() or looks_like_dynamic_request(); its value belongs to this grant.
    [[nodiscard]] Verified look_at(Bytes request, const GrantDetails& details, Time now);

    // Since this was made; they only rise, whatever becomes of a batch.
    std::uint64_t signature_checks = 0; // Ed25519
    std::uint64_t exchanges = 0;        // X25519: one for each server key in force, until one fits

  private:
    [[nodiscard]] Verified look_at_signed(Bytes request, const PublicKey& key, const Addressee& addressee);
    [[nodiscard]] Verified look_at_dynamic(Bytes request, const PublicKey& key, const Addressee& addressee,
                                           Time now);

    ServerId server_;
    ServerKeys* keys_;
};

} // namespace otk
