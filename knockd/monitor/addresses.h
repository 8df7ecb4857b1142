// The addresses of this host, to notice when they change: knockd-capture binds them for DNS while it still
// may.
#pragma once

#include <string>

namespace otk {

// All addresses of all interfaces, sorted, as one text to compare; "" when the kernel does not tell.
[[nodiscard]] std::string addresses_of_host();

} // namespace otk
