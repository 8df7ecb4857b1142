#include "knockd/validate/verifying.h"

namespace otk {

namespace {

Verified refused(Refusal refusal) {
    Verified verified;
    verified.refusal = refusal;
    return verified;
}

} // namespace

// A grant without a key takes plain knocks only: nobody can say whether the signature is its user's.
Verified Verifying::look_at(Bytes request, const GrantDetails& details, Time now) {
    const auto& key = details.grant.enrolment.public_key;
    if (!key) return refused(Refusal::signature_wrong);
    const Addressee addressee{server_, details.command.name};
    if (looks_like_dynamic_request(request)) return look_at_dynamic(request, *key, addressee, now);
    return look_at_signed(request, *key, addressee);
}

Verified Verifying::look_at_signed(Bytes request, const PublicKey& key, const Addressee& addressee) {
    const auto knock = parse_signed_knock(request);
    if (!knock) return refused(Refusal::request_malformed);
    ++signature_checks;
    if (!verify(*knock, key, addressee)) return refused(Refusal::signature_wrong);
    Verified verified;
    verified.named = knock->address;
    verified.claimed = knock->time;
    verified.argument = knock->argument;
    return verified;
}

// A request does not say which of the server's keys it was made for: the one that its box opens with. There
// is one, or two while one takes the other's place. A box that none of them opens was made for a key that is
// not in force any more, or was altered: the two cannot be told apart.
Verified Verifying::look_at_dynamic(Bytes request, const PublicKey& key, const Addressee& addressee,
                                    Time now) {
    if (keys_ == nullptr) return refused(Refusal::no_server_key);
    for (const ServerKeys::InForce& ours : keys_->at(now)) {
        ++exchanges;
        auto opened = open_dynamic_request(request, ours.key);
        if (!opened && opened.reason() == BadRequest::box) continue;
        if (!opened) return refused(Refusal::request_malformed);
        ++signature_checks;
        if (!verify(*opened, request, key, addressee, ours.key.public_key()))
            return refused(Refusal::signature_wrong);
        Verified verified;
        verified.named = opened->request.address;
        verified.claimed = opened->request.time;
        verified.dynamic = std::move(opened).take();
        return verified;
    }
    return refused(Refusal::no_server_key);
}

} // namespace otk
