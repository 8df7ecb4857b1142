// sd_notify(3) by hand: one datagram to the socket that NOTIFY_SOCKET names; nothing without it.
#pragma once

#include <string_view>

namespace otk {

// "READY=1", "STOPPING=1", "RELOADING=1", "STATUS=...". Failures are of no consequence and are ignored.
void notify_service_manager(std::string_view state);

} // namespace otk
