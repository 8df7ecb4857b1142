#include "otp/door_port.h"

#include "otp/digest.h"

namespace otk {

std::uint16_t door_port(const Value& value, PortRange range) {
    promise(!value.empty() && range.low > 0 && range.low <= range.high, "no value or no ports for a door");
    const Digest digest = digest_of(Algorithm::sha256, {as_bytes("otk-door-1"), value.view()});
    std::uint32_t number = 0;
    for (const std::uint8_t byte : digest.view().first(4))
        number = number << 8 | byte;
    const std::uint32_t ports = std::uint32_t{range.high} - range.low + 1;
    return static_cast<std::uint16_t>(range.low + number % ports);
}

} // namespace otk
