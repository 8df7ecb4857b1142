// The port that a knock of a `forward` command opens: the value itself determines it, so that no reply has to
// say it and the sheet can print it beside the knock (DESIGN 6, last paragraph).
#pragma once

#include "base/port_range.h"
#include "otp/value.h"

#include <cstdint>

namespace otk {

// low + (the first 4 bytes, big-endian, of SHA-256("otk-door-1" | value)) mod (high - low + 1). The value is
// not empty, low is not 0 and not above high. The port hides nothing, and it may be taken: then the door is
// at the next free one.
[[nodiscard]] std::uint16_t door_port(const Value& value, PortRange range);

} // namespace otk
