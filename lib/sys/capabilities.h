// What root may do here. In a container, or under a unit that bounds it, root lacks most of the
// capabilities(7) that it has elsewhere.
#pragma once

#include <optional>
#include <string>

namespace otk {

// Whether this process has the capability (CAP_*) now, as an effective one. Throws Error when the kernel does
// not say.
[[nodiscard]] bool has_capability(int capability);

// Why no packet socket can be had; nothing when it can. It is tried: in a user namespace all capabilities are
// there, and still do not count for a network of somebody else's.
[[nodiscard]] std::optional<std::string> want_of_packet_socket();

} // namespace otk
