// Which address a knock names: decided for each way to the server, because a server takes one that is not
// where the packet comes from only where the right says so.
#pragma once

#include "knockgen/send/delivery.h"
#include "knockgen/send/options.h"

#include <vector>

namespace otk {

// Whether --address auto has to find out our own address: the right needs one, and the packet's source is not
// enough, because the knock is signed or comes by a resolver.
[[nodiscard]] bool needs_own_address(const SendOptions& options);

// The targets with what the knock names on the way to each. One on the way to which no address can be named
// is left out, with a warning on standard error. Throws Error where none stays: such a knock would be spent
// and refused.
[[nodiscard]] std::vector<Addressed> addressed(const SendOptions& options,
                                               const std::vector<Target>& targets);

} // namespace otk
