// Where a knock goes: the addresses of a host, and which of our own addresses it would come from.
#pragma once

#include "net/address.h"
#include "net/socket_address.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace otk {

struct Target {
    Address address;
    std::uint32_t scope = 0; // interface of an address that is unique on a link only; else 0
    // Our address on the way there; none when the system knows no way.
    std::optional<Address> own;
};

// Throws Error for a host that the system would take for a number of its own making (0, 127.1, 0x7f000001:
// the short forms of inet_aton), and for the unspecified address: both lead elsewhere than whoever wrote it
// meant.
void check_host(const std::string& host);

// The host's addresses in the order in which the system would try them, at most one of each family; a way is
// known to each. Throws Error like check_host(), and where the name has none, or no way leads to any;
// the unspecified address is none.
[[nodiscard]] std::vector<Target> resolve(const std::string& host);

// Says on standard error that a name is this machine's own here, so that a knock reaches nobody else; nothing
// of who wrote such an address himself.
void warn_of_loopback(const std::string& host, const std::vector<Target>& targets);

// Known to few only, so that routers on the way replace it: RFC 1918, 6598, 3927, 4193, link-local, loopback.
[[nodiscard]] bool private_address(const Address& address);

// The address to ask the server to act on, as --address auto chooses it: ours on the way, if it is public or
// the server's is private too. Else none, and `why` is one sentence for the user.
struct OwnAddress {
    Address address;
    std::string why;
};
[[nodiscard]] OwnAddress own_address_for(const Target& target);

} // namespace otk
