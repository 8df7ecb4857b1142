// A flood must never leave the network namespace that somebody made for it.
#pragma once

#include "tests/load/frames.h"

#include <string>

namespace otk::load {

struct Way {
    unsigned interface_index = 0;
    Route route; // from this interface's address to the target, by their hardware addresses
};

// The way to `target` (IPv4) out of a veth of this namespace whose own subnet holds the target; routes are
// not asked. Throws Error, and nothing may be sent, where
// - this is the network namespace of process 1, or none that ip-netns(8) knows by a name beginning with
// `otk-`
//   (what process 1 is in may be hidden from a container, even from its root);
// - no interface of this namespace has an address in the target's subnet, or that interface is no veth;
// - the target is this host's own address, or does not answer when it is asked for its hardware address
// (ARP).
[[nodiscard]] Way way_to(const Address& target);

} // namespace otk::load
