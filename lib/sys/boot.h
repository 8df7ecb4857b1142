// Time by a clock that nobody sets: it goes on while the machine sleeps and begins with each boot.
#pragma once

#include <chrono>
#include <string>

namespace otk {

[[nodiscard]] std::chrono::milliseconds since_boot(); // CLOCK_BOOTTIME
// Names the boot that it counts from (/proc/sys/kernel/random/boot_id); "" where the kernel does not tell.
[[nodiscard]] const std::string& this_boot();

} // namespace otk
