// Options that several subcommands have.
#pragma once

#include "knockgen/arguments.h"

#include <array>

namespace otk {

inline constexpr Option seed_option{"seed", 's', "SEED",
                                    "The seed of your chain: 1 to 16 letters and digits. It is no secret."};
inline constexpr std::array algorithm_choices{Choice{"sha256", "default"},
                                              Choice{"sha1", "as RFC 2289 has it"}, Choice{"md5", "likewise"},
                                              Choice{"md4", "likewise"}};
inline constexpr Option algorithm_option{"algorithm", 'a', "NAME", "{}.", algorithm_choices};
inline constexpr Option length_option{"length", 'n', "N",
                                      "The length of the chain, which has N-1 knocks (default 100)."};
inline constexpr Option from_option{"from", 0, "N", "Begin with knock N (default: the first of the chain)."};
inline constexpr Option count_option{"count", 'c', "K", "At most K knocks (default: down to knock 1)."};
inline constexpr Option passphrase_option{"passphrase-file", 'p', "FILE",
                                          "Read the passphrase from FILE, or with - from standard input.\n"
                                          "One newline at its end is dropped."};
inline constexpr Option key_option{
    "key", 'k', "FILE", "Take the secret from a key file (knockgen key new) in place of\na passphrase."};

// What a profile's knock is for, and whom it is from: of send and dynamic.
inline constexpr std::array address_choices{
    Choice{"auto", "default: this machine's, if no router is likely to replace it"},
    Choice{"source", "wherever the packet comes from"}};

} // namespace otk
