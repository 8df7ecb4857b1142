// The secret of a chain: from a passphrase (the terminal, or --passphrase-file) or from a key file (--key).
#pragma once

#include "base/secret.h"
#include "knockgen/arguments.h"
#include "knockgen/profiles.h"
#include "otp/chain.h"

#include <string>
#include <string_view>

namespace otk {

// Throws UsageError where --key and --passphrase-file are both given, or --key with an algorithm other than
// sha256; Error for what read_key_file() and known_passphrase() refuse.
[[nodiscard]] ChainSecret chosen_chain(const Arguments& arguments, Algorithm algorithm,
                                       std::string_view seed);

struct ProfileSecret {
    ChainSecret chain;
    std::string key_file; // what take_number() remembers (ChainState); empty for a passphrase
};
// The chain of a profile. A passphrase or key that makes another chain than the one that was granted, by the
// check word in the profile, is refused (Error), so that a slip costs no number; so is one whose chain is in
// use under another line (one_chain.h).
[[nodiscard]] ProfileSecret secret_of(const Arguments& arguments, const NamedProfile& profile);

} // namespace otk
