// Numbers of the DNS that questions and answers share. Internal to lib/net.
#pragma once

#include <cstdint>

namespace otk {

// RFC 1035 section 4.1.1, of the 16 bits of flags.
inline constexpr unsigned flag_response = 0x8000;
inline constexpr unsigned flag_truncated = 0x0200;
inline constexpr unsigned flag_recursion_desired = 0x0100;

inline constexpr std::uint16_t type_opt = 41;          // RFC 6891
inline constexpr std::uint32_t opt_dnssec_ok = 0x8000; // RFC 3225, among the bits of the TTL field

} // namespace otk
