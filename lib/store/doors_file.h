// The doors and holds that are open, as the monitor keeps them in STATE/monitor/doors.json for everybody who
// asks: `knockmgr doors`, TCP wrappers, scripts (DESIGN 9). knockd writes the file, knockmgr reads it.
#pragma once

#include "net/address.h"
#include "policy/model.h"

#include <string>
#include <string_view>
#include <vector>

namespace otk {

struct DoorListed {
    std::int64_t row = 0; // of the ledger: the door's name everywhere
    std::string user;
    std::string command;
    CommandKind kind{};
    Address address;             // none: nobody has claimed the door yet, or an undo without address
    std::uint8_t prefix = 0;     // open: how many bits of the address count
    Service service;             // open: what is let through; forward: tcp and the door's port; exec: port 0
    Endpoint target;             // forward
    std::vector<Address> claims; // forward with --address claim: who has it
    Time until{};
    // The same by a clock that nobody sets, for a knockd that is started again: ms of CLOCK_BOOTTIME, and the
    // boot that it counts from (/proc/sys/kernel/random/boot_id).
    std::string boot;
    std::int64_t boot_until = 0;
};

[[nodiscard]] std::string format_doors(const std::vector<DoorListed>& doors); // JSON, times in UTC
// Throws Error that says what is wrong with the text.
[[nodiscard]] std::vector<DoorListed> parse_doors(std::string_view text);

// Does one of them let this address in to this port now?
[[nodiscard]] bool allows(const std::vector<DoorListed>& doors, const Address& address,
                          const Service& service, Time now);

} // namespace otk
