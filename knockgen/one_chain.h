// One secret, one chain, one line: whoever forges a profile for a chain that is in use under another length,
// seed or form of knock would be sent the number with which the other line begins, and with it all numbers
// above.
#pragma once

#include "knockgen/profiles.h"
#include "otp/chain.h"
#include "otp/token.h"

#include <string>

namespace otk {

// As the token had it that enrolled this profile, if `chain` is its chain.
[[nodiscard]] Enrolment enrolment_of(const ChainSecret& chain, const Profile& profile);

// 16 hex digits made from the chain's public key: SHA-256 of "otk-key-file-1", a zero byte and the key, the
// first 8 bytes. REQUIRES the chain of a key file: those of a passphrase would be a means to guess it.
[[nodiscard]] std::string fingerprint_of_key_file(const ChainSecret& chain);

// Throws Error where the state folder knows the chain of this secret as one of another length, seed or form
// than the profile says. `key_file` is empty for a passphrase; then only chains of the same seed can be the
// same.
void refuse_second_use(const ChainSecret& chain, const NamedProfile& profile, const std::string& key_file);

} // namespace otk
