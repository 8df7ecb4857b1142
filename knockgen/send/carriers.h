// How a packet leaves: datagrams, and echo requests.
#pragma once

#include "base/bytes.h"
#include "knockgen/destination.h"

#include <cstdint>
#include <memory>

namespace otk {

class PacketCarrier {
  public:
    virtual ~PacketCarrier() = default;
    // Hands one packet to the kernel. The error number when it does not take it, else 0.
    [[nodiscard]] virtual int send(const Target& target, Bytes payload) = 0;
};

// From an unconnected socket: an ICMP error for the first packet does not keep the second one back.
[[nodiscard]] std::unique_ptr<PacketCarrier> udp_carrier(std::uint16_t port);

// Echo requests that hold the payload and nothing else, by the sockets that unprivileged users may have where
// net.ipv4.ping_group_range lets them, else by raw ones, which take CAP_NET_RAW: open it before that is given
// up. Throws Error, with both remedies, where there is neither.
[[nodiscard]] std::unique_ptr<PacketCarrier> echo_carrier();

} // namespace otk
