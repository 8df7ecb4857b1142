// The sockets of forwarding doors (DESIGN 6, last paragraph). They are bound by the monitor; who may reach
// them is decided by a socket filter in the kernel, which ignores the SYN of everybody else: nothing answers,
// nothing is used up.
#pragma once

#include "base/fd.h"
#include "config/config.h"
#include "net/address.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace otk {

// The ports to try for a door, in this order: the one that its knock determines and the next 8 of the range,
// wrapping, each once. Throws Error when that one is not in the range: no other port is ever opened.
[[nodiscard]] std::vector<std::uint16_t> ports_to_try(std::uint16_t wanted, const PortRange& range);

// A non-blocking socket that listens at every address of this host, of the family, or with none of both. With
// `only_for`, only they get an answer, from the first moment. Nothing where the port is taken; throws Error
// for other troubles.
[[nodiscard]] std::optional<Fd> listen_at(std::uint16_t port, Family family,
                                          const std::vector<Address>& only_for);

// From now on only they get an answer, for good: the filter is locked. Connections that were made stay.
// Throws Error.
void let_in_only(const Fd& listener, const std::vector<Address>& addresses);

// Keeps the port from being used by anybody else, without listening at it, for a door that is made by
// redirection. Nothing where it is taken; throws Error for other troubles.
[[nodiscard]] std::optional<Fd> keep_port(std::uint16_t port, Family family);

} // namespace otk
