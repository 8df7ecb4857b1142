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

// What take_number() remembers of it: the first of the chain's check words.
struct ProfileSecret {
    ChainSecret chain;
    std::string check_word;
};
// The chain of a profile. A passphrase or key that makes another chain than the one that was granted, by the
// check word in the profile, is refused (Error), so that a slip costs no number. Where the profile has none,
// a passphrase is asked for twice on a terminal the first time, and must make the same chain ever after.
[[nodiscard]] ProfileSecret secret_of(const Arguments& arguments, const NamedProfile& profile);

} // namespace otk
