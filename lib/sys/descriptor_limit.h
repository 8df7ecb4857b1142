// How many descriptors this process may have open. The soft limit is 1024 nearly everywhere, for programs
// that still use select(2); a program that needs more raises it, and must give it back to what it starts.
#pragma once

#include <cstdint>

namespace otk {

// Raises the soft limit to `wanted` where it is lower, as far as the hard limit lets it. Returns what it is
// afterwards. Throws Error when it cannot be read or set.
[[nodiscard]] std::uint64_t raise_descriptor_limit(std::uint64_t wanted);
// What raise_descriptor_limit would reach at most.
[[nodiscard]] std::uint64_t hard_descriptor_limit(); // throws Error

// In a child, between fork and exec: the soft limit as it was before it was raised. Nothing when it was not.
void give_back_descriptor_limit() noexcept;

} // namespace otk
