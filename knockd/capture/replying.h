// The sockets that P3 leaves from (DESIGN 6). The port that P1 was sent to is not bound, so that it behaves
// as every other closed one does: these are raw sockets for UDP, one for each family, which write the UDP
// header themselves. Nothing gets into them, and the kernel lets them send from addresses of this host only.
#pragma once

#include "base/fd.h"
#include "knockd/messages.h"

#include <cstdint>
#include <string>
#include <vector>

namespace otk {

class Replying {
  public:
    // None where dynamic mode is off, or a file is read. A socket that cannot be had is named in `troubles`.
    // Needs CAP_NET_RAW.
    Replying(const message::CaptureSetup& setup, std::vector<std::string>& troubles);

    // One packet; what the kernel does not take is lost, as packets are: the client asks again. Never to
    // loopback or to the address that it would come from, because nobody can have sent P1 from there.
    void send(const message::Reply& reply);

    // Is there a socket to send from? All of them are lowest_sending_fd or higher.
    [[nodiscard]] bool sends() const { return ipv4_ || ipv6_; }

    std::uint64_t replied = 0; // sent

  private:
    Fd ipv4_;
    Fd ipv6_;
};

// The UDP datagram with its checksum (RFC 768, RFC 8200 section 8.1), as it stands behind the IP header.
// REQUIRES two addresses of one family.
[[nodiscard]] std::vector<std::uint8_t> udp_datagram(const message::Reply& reply);

} // namespace otk
