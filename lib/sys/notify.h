// sd_notify(3) by hand: one datagram to the socket that NOTIFY_SOCKET names; nothing without it.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace otk {

// "READY=1", "STOPPING=1", "RELOADING=1", "WATCHDOG=1", "STATUS=...". Failures are of no consequence and are
// ignored.
void notify_service_manager(std::string_view state);

// How often the service manager wants to hear "WATCHDOG=1" at least, by WATCHDOG_USEC and WATCHDOG_PID
// (sd_watchdog_enabled(3)); nothing when it does not, or wants it of another process.
[[nodiscard]] std::optional<std::chrono::microseconds> watchdog_period();

} // namespace otk
