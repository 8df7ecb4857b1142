// Where it is written down which knock of a chain is the next. A number counts for the chain and not for the
// name of a profile, so that two profiles of one chain, and one that comes back, go on where the chain is.
//
// ALGORITHM-SEED-WORD.chain in the state folder is of the chain with that first check word; each knock that
// leaves is written there. An earlier client kept NAME.next for every profile instead, with the word of its
// first knock; such a file is still read. Of all files that are of one chain the lowest numbers count.
#pragma once

#include "knockgen/profiles.h"
#include "otp/chain.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace otk {

// Where nothing is written down it is the beginning of the chain.
struct ChainState {
    Count next = 0;        // 0: no knock is left
    Count lowest_sent = 0; // of the numbers that were taken to be sent; the chain's length where none was
    // 16 hex digits that tell the key file (secret.h) again, whatever seed and length a line says. Empty: a
    // passphrase, of which nothing may be kept by which it is guessed, or not known.
    std::string key_file;
    friend bool operator==(const ChainState&, const ChainState&) = default;
};

// Throws Error for a file of this chain that cannot be read, or that is not all of what was written.
[[nodiscard]] ChainState read_state(const NamedProfile& profile);

// Brings `state` to the disk. REQUIRES the lock of next_number.cpp, and that `before` is what read_state()
// gave under it. Throws Error.
void write_state(const NamedProfile& profile, const ChainState& before, const ChainState& state);

// What is remembered of a chain of this user, whichever profile it was of.
struct KnownChain {
    std::optional<Algorithm> algorithm; // none: an earlier client's file, which does not say it
    std::string seed;
    std::string check_word;
    Count length = 0;         // 0: an earlier client's file, which says neither this nor the next
    bool has_key = false;     // signed=
    std::string key_file;     // as in ChainState
    Count next = 0;           // as in ChainState
    std::string profile_name; // of an earlier client's file; else empty
};
// Files that cannot be read are left out: they are the trouble of whoever uses their chain.
[[nodiscard]] std::vector<KnownChain> known_chains();

} // namespace otk
