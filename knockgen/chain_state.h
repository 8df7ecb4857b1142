// Where it is written down which knock of a chain is the next. A number counts for the chain and not for the
// name of a profile, so that two profiles of one chain, and one that comes back, go on where the chain is.
//
// ALGORITHM-SEED-WORD.chain in the state folder is of the chain with that first check word; each knock that
// leaves is written there. A profile whose line has no check word keeps NAME.next as well, which remembers
// the word of its first knock; an earlier client kept only that, for every profile. Of all files that are of
// one chain the lowest numbers count.
#pragma once

#include "knockgen/profiles.h"
#include "otp/chain.h"

#include <string>
#include <string_view>

namespace otk {

// Where nothing is written down it is the beginning of the chain.
struct ChainState {
    Count next = 0;        // 0: no knock is left
    Count lowest_sent = 0; // of the numbers that were taken to be sent; the chain's length where none was
    // The first check word of the chain as the profile says it, else as the profile was first used, so that a
    // mistyped passphrase shows; empty: not known. It holds 11 bits: too few to find a passphrase by.
    std::string check_word;
    friend bool operator==(const ChainState&, const ChainState&) = default;
};

// Throws Error for a file of this chain that cannot be read, or that is not all of what was written. Where no
// check word is known, every chain of this algorithm and seed counts: none of them gets a number twice.
[[nodiscard]] ChainState read_state(const NamedProfile& profile);
// The same for the chain with this check word, whatever was known; ChainState has the known one.
[[nodiscard]] ChainState read_state_of(const NamedProfile& profile, std::string_view check_word);

// Brings `state` to the disk. REQUIRES the lock of next_number.cpp, and that `before` is what
// read_state_of(profile, check_word) gave under it. Throws Error.
void write_state(const NamedProfile& profile, std::string_view check_word, const ChainState& before,
                 const ChainState& state);

} // namespace otk
