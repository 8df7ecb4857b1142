// What every signed request says besides its value (DESIGN 5 and 6): for which address, when, and whom it is
// for. One encoding of an address for signed knocks and dynamic requests alike.
#pragma once

#include "base/bytes.h"
#include "net/address.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace otk {

using ServerIdBytes = std::array<std::uint8_t, 16>; // made by `knockmgr init`; no secret

// Whom a request is for: a value of one chain that is signed for one server's command is worth nothing
// elsewhere. Both sides know it; it is under the signature and not on the wire.
struct Addressee {
    ServerIdBytes server{};
    std::string command; // 1 to longest_name_of_user bytes
};

inline constexpr std::size_t address_field_size = 17; // family 0, 4 or 6 (1), address (16, zero-filled)

// Family 0 for none. REQUIRES a well-formed address.
void append_address(std::vector<std::uint8_t>& out, const Address& address);
// Both readers REQUIRE exactly address_field_size bytes. Nothing for what has a second spelling: another
// family, bytes that should be zero and are not, an IPv4 address written as IPv6.
[[nodiscard]] std::optional<Address> read_any_address(Bytes field);
// Nor for what cannot be asked for: unspecified, loopback, multicast and broadcast addresses.
[[nodiscard]] std::optional<Address> read_address(Bytes field);

} // namespace otk
