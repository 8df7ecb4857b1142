// The decision about a knock that has been spent (DESIGN 4 step 4). Pure: no clock, no store, no log. The
// validator decides by it, the monitor checks again by it.
#pragma once

#include "policy/model.h"

#include <chrono>
#include <string_view>

namespace otk {

// Why a knock is refused. The numbers are stored and cross process borders: never change one.
enum class Refusal : std::uint8_t {
    none = 0,
    user_disabled = 1,
    command_disabled = 2,
    grant_disabled = 3,
    not_yet_valid = 4,
    expired = 5,
    carrier_not_allowed = 6,
    source_not_allowed = 7,
    address_missing = 8,     // the command uses an address, and a dns knock named none, or the grant's rule
                             // (claim) finds none for such a command
    address_not_allowed = 9, // named, but the grant does not allow it, or not there
    address_unusable = 10,   // loopback, multicast, unspecified
    no_such_grant = 11,      // removed between knock and command
    same_image_twice = 12,   // two enabled grants have the same image: neither accepts (DESIGN 3)
    retired = 13,            // `knockmgr restore` retired the grant's chain; decide() does not look at it
    outside_hours = 14,
    too_many_an_hour = 15,
    too_many_a_day = 16,
    no_time_zone = 17, // this system does not know the time zone of the grant's hours
    // Of a grant that demands signatures (DESIGN 5); decide() does not look at these four. The knock was not
    // spent, unless it was the eighth of its value.
    signature_missing = 18,
    signature_wrong = 19,
    request_malformed = 20, // not the one encoding, or a box that does not open
    no_server_key = 21,     // dynamic: for a server key that is not (or no longer) in force
    // Of a request with a valid signature.
    clock_differs = 22,        // its time lies too far from ours
    time_missing = 23,         // it has none, and the grant demands one
    argument_not_allowed = 24, // not what the command's pattern allows, or the command takes none
    not_dynamic = 25,          // a dynamic request for a command that forwards no port
};
// One or two words for the ledger and the journal: "user disabled", "source not allowed".
[[nodiscard]] std::string_view name_of(Refusal refusal);
// One sentence for `explain`: which rule refused and what would let the knock pass.
[[nodiscard]] std::string_view explain(Refusal refusal);
[[nodiscard]] bool known(Refusal refusal); // is the number one of the above

// What is known about a knock when it is judged.
struct KnockFacts {
    Time at{};
    Carrier carrier{};
    Address source;
    Address named; // none when it names none
    // In the grant's time zone. Nothing: the hours are not judged here (the validator has no time zones in
    // its sandbox; the monitor judges them) or, with `time_zone_unknown`, cannot be.
    std::optional<LocalTime> local{};
    bool time_zone_unknown = false;
    // Knocks of this grant that were accepted before, within the last hour and the last day. Counted by the
    // validator; 0 where that was done already.
    std::uint32_t in_last_hour = 0;
    std::uint32_t in_last_day = 0;
    // Of a signed knock or dynamic request whose signature is valid.
    bool is_signed = false;
    bool dynamic = false;
    Time claimed{};                      // its time; Time{} when it has none
    std::chrono::seconds clock_skew{60}; // how far that may lie from `at`
    std::string_view argument;           // "" for none
};

struct Decision {
    Refusal refusal = Refusal::none;
    // What the command acts on; none when the knock gives none that the rules allow and the command needs
    // none.
    Address address;
    [[nodiscard]] bool allowed() const { return refusal == Refusal::none; }
};

// The address of a signed request is `named`. It counts where the rule allows named addresses, and also, over
// udp and icmp, where it is the packet's source (unless the rule is `claim`); one without an address is
// refused for commands that use one unless the rule is `source` (or `claim`).
//
// The first rule that refuses decides, in the order of the enum; only an unknown time zone, without which
// there are no hours to be outside of, comes before the hours.
[[nodiscard]] Decision decide(const User& user, const Command& command, bool grant_enabled,
                              const GrantRules& rules, const KnockFacts& knock);

} // namespace otk
