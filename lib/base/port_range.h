// A span of TCP or UDP ports.
#pragma once

#include <cstdint>

namespace otk {

struct PortRange { // both ends included
    std::uint16_t low = 0;
    std::uint16_t high = 0;
    friend bool operator==(const PortRange&, const PortRange&) = default;
};

} // namespace otk
