#include "knockgen/one_chain.h"

#include "base/text.h"
#include "knockgen/chain_state.h"
#include "otp/digest.h"
#include "request/signing_key.h"

#include <fmt/format.h>

namespace otk {
namespace {

// The chain of the profile as it was used before.
bool is_as_known(const Profile& profile, const KnownChain& known) {
    return profile.seed == known.seed && profile.check == known.check_word &&
           (known.length == 0 || (known.length == profile.length && known.has_key == profile.has_key));
}

bool has_word(const ChainSecret& chain, const Profile& profile, const KnownChain& known) {
    Profile as_known = profile;
    as_known.length = known.length;
    as_known.has_key = known.has_key && profile.algorithm == Algorithm::sha256;
    return first_check_word(enrolment_of(chain, as_known)) == known.check_word;
}

bool is_same_secret(const ChainSecret& chain, const Profile& profile, const std::string& key_file,
                    const KnownChain& known) {
    if (!key_file.empty() && !known.key_file.empty()) return key_file == known.key_file;
    if (profile.seed != known.seed) return false;
    // An earlier client's file: it cannot be told, so a chain that would begin below it counts as the same.
    if (known.length == 0) return profile.length <= known.next;
    return has_word(chain, profile, known);
}

Error used_before(const NamedProfile& named, const KnownChain& known) {
    const Profile& profile = named.profile;
    const std::string as_known =
        known.length == 0 ? fmt::format("seed {}, {} knocks left", known.seed, known.next)
                          : fmt::format("seed {}, length {}, signed={}, {} knocks left", known.seed,
                                        known.length, known.has_key ? "yes" : "no", known.next);
    return Error(fmt::format("the secret of profile {0} is in use for a chain that is not as the profile "
                             "says: {1}, and the profile has seed {2}, length {3}, signed={4}. Its first "
                             "knock would give away those of the other. Nothing was sent, and no number was "
                             "taken. Was the line forged? Ask your administrator, by voice, which check "
                             "words belong to it (knockmgr grant profile; knockgen profile show {0}). A new "
                             "right takes a new token with another passphrase or key file",
                             named.name, as_known, profile.seed, profile.length,
                             profile.has_key ? "yes" : "no"));
}

} // namespace

Enrolment enrolment_of(const ChainSecret& chain, const Profile& profile) {
    Enrolment enrolment{profile.algorithm, profile.length, profile.seed, chain.at(profile.length), {}};
    if (profile.has_key) enrolment.public_key = SigningKey::of(chain).public_key();
    return enrolment;
}

std::string fingerprint_of_key_file(const ChainSecret& chain) {
    constexpr std::string_view label{"otk-key-file-1\0", 15};
    const PublicKey key = SigningKey::of(chain).public_key();
    return to_hex(digest_of(Algorithm::sha256, {as_bytes(label), key}).view().first(8));
}

void refuse_second_use(const ChainSecret& chain, const NamedProfile& named, const std::string& key_file) {
    for (const KnownChain& known : known_chains()) {
        if (known.algorithm && *known.algorithm != named.profile.algorithm) continue;
        if (is_as_known(named.profile, known)) continue;
        if (is_same_secret(chain, named.profile, key_file, known)) throw used_before(named, known);
    }
}

} // namespace otk
