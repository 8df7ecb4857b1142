// From a captured frame to the one packet in it. Hostile bytes: every length is checked, nothing is allocated.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "net/address.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace otk {

// The link types that libpcap gives on Linux and in files (DESIGN 4).
enum class LinkType : std::uint8_t { ethernet, linux_cooked, linux_cooked2, raw_ip, bsd_loopback };
// From a DLT_ number of pcap; nothing for those we do not read.
[[nodiscard]] std::optional<LinkType> link_type_of(int dlt);

enum class Transport : std::uint8_t { udp, icmp_echo, icmpv6_echo };

// Views into the frame: valid as long as it.
struct Packet {
    Address source;
    Address destination;
    Transport transport{};
    std::uint16_t source_port = 0;      // udp only
    std::uint16_t destination_port = 0; // udp only
    std::uint8_t hops_left = 0;         // TTL or hop limit
    Bytes payload;                      // after the UDP header, or after the echo request's 8-byte header
};

// Why a frame is not read further. All of them are counted, none is logged for each packet.
enum class Unread : std::uint8_t {
    truncated,     // a header or a length field reaches past the frame
    malformed,     // a field that cannot be (version, header length, length)
    not_ip,        // another protocol on the link
    fragment,      // fragments are refused (DESIGN 4)
    not_a_carrier, // neither UDP nor an echo request
};
[[nodiscard]] std::string_view name_of(Unread unread);

// VLAN tags (at most two) and IPv6 extension headers (at most eight) are passed over. Checksums are not verified:
// a capture on the sending host or a virtual link holds packets whose checksums are not filled in yet. A frame longer than the
// IP length says (Ethernet padding) is cut to it; a UDP length that differs from what IP carries may only shrink.
[[nodiscard]] Result<Packet, Unread> decode_packet(LinkType link, Bytes frame);

} // namespace otk
