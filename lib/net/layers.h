// How the layers of a frame hand over to each other; packet.cpp puts them in a row. Internal to lib/net.
#pragma once

#include "net/packet.h"

namespace otk {

// What the link carries. The version is what the link says, 0 where it leaves that to the IP header.
struct LinkPayload {
    std::uint8_t ip_version = 0;
    Bytes bytes; // begins with the IP header; may end with padding
};
[[nodiscard]] Result<LinkPayload, Unread> decode_link(LinkType link, Bytes frame);

struct IpPacket {
    Address source;
    Address destination;
    std::uint8_t protocol =
        0; // IANA number of what `payload` begins with; never an extension header that is passed over
    std::uint8_t hops_left = 0;
    Bytes payload; // cut to the length that the IP header states
};
[[nodiscard]] Result<IpPacket, Unread> decode_ip(const LinkPayload& link);

[[nodiscard]] Result<Packet, Unread> decode_transport(const IpPacket& ip);

} // namespace otk
