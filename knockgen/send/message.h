// What one knock looks like on its way: the bytes of a packet, or a name of the DNS (DESIGN 4 and 5).
#pragma once

#include "base/clock.h"
#include "knockgen/send/options.h"
#include "otp/chain.h"
#include "otp/value.h"

#include <string>
#include <vector>

namespace otk {

struct Knock {
    Value value;
    Address address; // none: it names none
    Time time{};     // Time{}: it says none
};

// For udp and icmp: the signed message, the raw value, or, where a plain one names an address, a line of
// text.
[[nodiscard]] std::vector<std::uint8_t> payload_of(const SendOptions& options, const Knock& knock,
                                                   const ChainSecret& chain);

// For dns: the name under the profile's zone, without final dot. Throws Error where it would be too long.
[[nodiscard]] std::string name_of(const SendOptions& options, const Knock& knock, const ChainSecret& chain);

// The bytes or characters of what name_of() puts in front of the zone, labels and dots; throws like it.
[[nodiscard]] std::size_t check_name_fits(const SendOptions& options);

} // namespace otk
