// Which knock of a profile is the next: a small file for each profile in the state folder. It is replaced
// whole and brought to the disk before a knock leaves, under a lock that two clients share, so that no crash
// and no second client makes a number leave twice without being asked for.
#pragma once

#include "knockgen/profiles.h"

#include <cstdint>
#include <optional>
#include <string>

namespace otk {

// What the file says. Without one, or with one of another chain (another seed), it is the beginning of the
// chain.
struct ChainState {
    Count next = 0;    // 0: no knock is left
    bool used = false; // a knock was taken
    // The first check word of the chain as it was first used, so that a mistyped passphrase shows; empty: not
    // known. It holds 11 bits: too few to find a passphrase by.
    std::string check_word;
};

// Throws Error for a file that cannot be read or understood.
[[nodiscard]] ChainState read_state(const NamedProfile& profile);

struct Taken {
    Count number = 0; // of the knock to be sent now
    Count left = 0;   // knocks that remain: the next number after it
};
// The next number, or `chosen` (--number), which moves the next one only downwards. What is to be sent may
// leave when this returns. Throws Error, after which nothing may be sent: no knock is left, `chosen` is not
// in the chain, or the file cannot be locked, written or brought to the disk. `check_word` is remembered.
[[nodiscard]] Taken take_number(const NamedProfile& profile, std::optional<Count> chosen,
                                const std::string& check_word);
// The same without taking it: for --dry-run.
[[nodiscard]] Taken number_to_take(const NamedProfile& profile, std::optional<Count> chosen);

// Few knocks are left from here on.
inline constexpr Count few_knocks = 10;

// For `profile add --replace`: the passphrase may be another one, the position stays.
void forget_check_word(const NamedProfile& profile);

} // namespace otk
