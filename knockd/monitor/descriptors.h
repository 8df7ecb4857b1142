// The open files that the monitor needs for what [limits] allows.
#pragma once

#include "config/config.h"

#include <cstdint>
#include <string>

namespace otk {

[[nodiscard]] std::uint64_t descriptors_needed(const Config& config);
// What is wrong where that is more than so many; "" where it is not.
[[nodiscard]] std::string want_of_descriptors(const Config& config, std::uint64_t limit);
// Raises the limit of this process as far as needed and possible. Returns what is wrong then, or "". What
// would need more is refused when it comes to that, with its reason.
[[nodiscard]] std::string provide_descriptors(const Config& config);

} // namespace otk
