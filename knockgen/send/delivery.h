// Sending one knock a few times over a second, and watching what comes of it.
#pragma once

#include "knockgen/destination.h"
#include "knockgen/send/carriers.h"
#include "knockgen/send/options.h"
#include "otp/chain.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace otk {

// Where the knock goes, and which address it names on the way there.
struct Addressed {
    Target target;
    Address named; // none: it names none
};

// All that is settled before the secret is asked for and a number taken.
struct Plan {
    const SendOptions& options;
    std::unique_ptr<PacketCarrier> carrier; // udp and icmp
    std::vector<Addressed>
        addressed; // dns through the system's resolver: what could be found out of the server
};

// What happened. A packet that left may be lost all the same.
struct Outcome {
    std::vector<Address> sent_to;      // udp and icmp, and dns to one server
    std::vector<std::string> troubles; // one line each: what could not be sent, and why
    bool left = false;                 // one packet at least
    unsigned copies = 0;
    std::string confirmation;                  // what the server said about it (dns)
    std::optional<std::uint16_t> port;         // that was watched
    std::optional<std::uint16_t> forward_port; // that the knock determines, where it opens a forwarding door
    std::optional<Address> open_at;
    bool open_before = false; // it answered there before anything was sent, which says nothing of the knock
    [[nodiscard]] bool waited_in_vain() const { return port && !open_at; }
};

// Throws Error where no connection can be watched; what cannot be sent is a trouble.
[[nodiscard]] Outcome deliver(Plan& plan, const ChainSecret& chain, Count number);

// The forwarding door that `value` opens by the profile; nothing where it opens none.
[[nodiscard]] std::optional<std::uint16_t> forward_port_of(const SendOptions& options, const Value& value);
// That door, or what was asked for; nothing where nothing is waited for.
[[nodiscard]] std::optional<std::uint16_t> port_to_watch(const SendOptions& options, const Value& value);

} // namespace otk
