// SYN segments with sequence numbers of our own choice, from a raw socket (DESIGN 6).
#pragma once

#include "base/fd.h"
#include "net/address.h"

#include <array>
#include <cstdint>

namespace otk {

struct SynSegment {
    Address source; // one of this host
    Address destination;
    std::uint16_t source_port = 0;
    std::uint16_t destination_port = 0;
    std::uint32_t sequence = 0;
};

// The segment as it stands behind the IP header: 24 bytes, the flag SYN alone, and the one option that every
// system sends (MSS), without which some firewalls take a SYN for a probe. REQUIRES addresses of one family.
[[nodiscard]] std::array<std::uint8_t, 24> syn_segment(const SynSegment& syn);

// A raw socket of each family that this system has. It receives nothing: a filter drops all. The server's
// answers go to the kernel, which knows of no such connection and resets by itself.
class RawSyns {
  public:
    // Whether there is CAP_NET_RAW to open them with. Throws Error when it fails for another reason.
    [[nodiscard]] static bool permitted();
    RawSyns();

    // A segment that cannot leave is a lost one: the caller repeats it anyway. `scope`: see socket_address().
    void send(const SynSegment& syn, std::uint32_t scope) const;

  private:
    Fd ipv4_;
    Fd ipv6_;
};

} // namespace otk
