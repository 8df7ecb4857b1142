// Which packets of one value show that somebody has copied it (DESIGN 4: contested): they come from two
// sources of one family, or name addresses that do not go together.
#pragma once

#include "net/address.h"
#include "net/knock.h"
#include "otp/value.h"

#include <array>
#include <cstdint>

namespace otk {

// Where a value was seen. Refers to what it was made of.
struct Sighting {
    const Value& value;
    Carrier carrier{};
    const Address& source;
    const Address& named;
};

class Differing {
  public:
    static constexpr unsigned most = 7; // packets that it takes for new ones

    // Takes down the sources of each family and the named addresses, and says whether one of them is new and
    // was still wanted. Of two sources of a family one is not the source of the knock that was accepted; of
    // three named addresses one is neither that knock's nor its source. So those are enough, whatever was
    // sent to use the places up. The source of a question is a resolver, and shows nothing. `key` is random.
    [[nodiscard]] bool take(std::uint64_t key, const Sighting& sighting);

  private:
    // Keyed hashes, 0 for none: two sources of IPv4, two of IPv6, three named addresses.
    std::array<std::uint32_t, most> seen_{};
};

} // namespace otk
