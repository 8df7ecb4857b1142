// From a captured frame to the one packet in it. Hostile bytes: every length is checked, nothing allocated.
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

enum class Transport : std::uint8_t { udp, icmp_echo, icmpv6_echo, tcp_syn };

// Views into the frame: valid as long as it.
struct Packet {
    Address source;
    Address destination;
    Transport transport{};
    std::uint16_t source_port = 0;      // udp and tcp_syn only
    std::uint16_t destination_port = 0; // likewise
    std::uint8_t hops_left = 0;         // TTL or hop limit
    std::uint32_t sequence = 0;         // tcp_syn only: the initial sequence number
    // After the UDP header, or after the echo request's 8-byte header; empty for tcp_syn.
    Bytes payload;
};

// Why a frame is not read further. All of them are counted, none is logged for each packet.
enum class Unread : std::uint8_t {
    truncated,     // a header or a length field reaches past the frame
    malformed,     // a field that cannot be (version, header length, length)
    not_ip,        // another protocol on the link
    fragment,      // fragments are refused (DESIGN 4)
    not_a_carrier, // neither UDP nor an echo request nor a SYN
};
[[nodiscard]] std::string_view name_of(Unread unread);

// VLAN tags (802.1Q and 802.1ad, at most two) and IPv6 extension headers (hop-by-hop, routing, destination
// options and AH, at most eight) are passed over; more are malformed. Every IPv6 fragment header is refused,
// also that of an atomic fragment (RFC 6946), which no ordinary knock has.
//
// Checksums are not verified: a capture on the sending host or a virtual link holds packets whose checksums
// are not filled in yet. A frame longer than the IP length says (Ethernet padding) is cut to it; the UDP
// length may only shrink what IP carries, and below 8 is malformed (0 would be a jumbogram). An echo request
// has code 0.
//
// tcp_syn is a segment that asks for a new connection: SYN is set; ACK, RST and FIN are clear; the other
// flags (ECN sets two of them) may be anything. All other segments are no carrier. Of a SYN only the ports,
// the sequence number and the flags are read (dynamic mode, DESIGN 6), nothing behind its first 14 bytes.
//
// Broadcast and multicast destinations are read like any other. An IPv6 packet from or to an IPv4-mapped
// address is malformed: none belongs on a wire, and read as IPv4 it would let anyone on an IPv6 link claim an
// IPv4 address past the filters that check those.
[[nodiscard]] Result<Packet, Unread> decode_packet(LinkType link, Bytes frame);

} // namespace otk
