// What the monitor and a knockd-forward say to each other; by the rules of messages.h, and of its kinds.
// Descriptor 3 of the program is the channel to the monitor, 4 the door's listening socket.
#pragma once

#include "knockd/messages.h"

namespace otk::message {

inline constexpr int door_fd = 4;

// The first message to knockd-forward, which is one process for one door. The end of the channel means: the
// door is closed, finish what is under way.
struct ForwardSetup {
    Kind kind = Kind::forward_setup;
    std::uint32_t version = protocol;
    std::int64_t left_ms = 0; // how long the door stays open
    Endpoint target;
    std::uint32_t claims =
        0; // by how many addresses the door may be claimed, at most most_claims; with 0 ...
    std::uint32_t allowed_count = 0;
    std::array<Address, most_claims> allowed{}; // ... it is for the one here; else those that have claimed it
    Text<33> run_as;                            // account to become; empty without root
    Text<512> empty_root;                       // the directory to be confined to; used with run_as
};

// The door stays open for so long from now on.
struct ForwardProlong {
    Kind kind = Kind::forward_prolong;
    std::int64_t left_ms = 0;
};

// This source has connected to a door that was there to be claimed, and it is now its own.
struct ForwardClaimed {
    Kind kind = Kind::forward_claimed;
    Address address;
};

// A connection was refused, after its handshake, because the door is for others: the kernel had let it in
// before it knew. At most largest_refusals of one door are told.
struct ForwardRefused {
    Kind kind = Kind::forward_refused;
    Address address;
};
inline constexpr unsigned largest_refusals = 100;

} // namespace otk::message
