// Which knock of a profile is the next: small files in the state folder (chain_state.h). Each is replaced
// whole and brought to the disk before a knock leaves, under a lock that two clients share, so that no crash
// and no second client makes a number leave twice without being asked for.
#pragma once

#include "knockgen/arguments.h"
#include "knockgen/chain_state.h"
#include "knockgen/profiles.h"

#include <cstdint>
#include <optional>
#include <string>

namespace otk {

// Which knock is asked for.
struct Wanted {
    std::optional<Count> number; // --number; none: the next one
    bool skip = false;           // --skip: a number so low that a server may not find it is meant
};
// Throws UsageError for what is no number, and for --skip without one.
[[nodiscard]] Wanted wanted_knock(const Arguments& arguments);

struct Taken {
    Count number = 0; // of the knock to be sent now
    Count left = 0;   // knocks that remain: the next number after it
};
// The next number, or the chosen one, which moves the next one only downwards. What is to be sent may leave
// when this returns. Throws Error, after which nothing may be sent: no knock is left, the chosen one is not
// in the chain, or passes over more than a server looks for and is not meant to; or the file cannot be
// locked, written or brought to the disk. `key_file` is remembered (ChainState).
[[nodiscard]] Taken take_number(const NamedProfile& profile, const Wanted& wanted,
                                const std::string& key_file);
// The same without taking it: for --dry-run.
[[nodiscard]] Taken number_to_take(const NamedProfile& profile, const Wanted& wanted);

// What is asked about before the next number is set.
struct Meant {
    bool reuse = false; // --reuse: a number at or above one that left; whoever saw that one can compute it
    bool skip = false;  // --skip: as in Wanted
};
// Sets the next number; returns the one before. Throws Error like take_number(), and for what is not meant.
Count set_next_number(const NamedProfile& profile, Count next, const Meant& meant);

// What a user can do whose knocks find no answer: client and server count by themselves, and may have come
// apart. One sentence without a full stop.
[[nodiscard]] std::string when_numbers_differ(const NamedProfile& profile, Count number);

// Few knocks are left from here on.
inline constexpr Count few_knocks = 10;

} // namespace otk
