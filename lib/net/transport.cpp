#include "net/layers.h"

namespace otk {

namespace {

// IANA's protocol numbers.
constexpr std::uint8_t icmp = 1;
constexpr std::uint8_t tcp = 6;
constexpr std::uint8_t udp = 17;
constexpr std::uint8_t icmpv6 = 58;

constexpr std::uint8_t icmp_echo_request = 8;     // RFC 792
constexpr std::uint8_t icmpv6_echo_request = 128; // RFC 4443 section 4.1
constexpr std::size_t udp_header = 8;             // RFC 768
constexpr std::size_t echo_header = 8;

// RFC 9293 section 3.1.
constexpr std::uint8_t tcp_fin = 0x01;
constexpr std::uint8_t tcp_syn_flag = 0x02;
constexpr std::uint8_t tcp_rst = 0x04;
constexpr std::uint8_t tcp_ack = 0x10;

// Fills in ports and payload.
std::optional<Unread> read_udp(Packet& packet, Bytes bytes) {
    Reader reader(bytes);
    const auto source_port = reader.u16();
    const auto destination_port = reader.u16();
    const auto length = reader.u16();
    const bool has_checksum = reader.skip(2);
    if (!source_port || !destination_port || !length || !has_checksum) return Unread::truncated;
    // Length 0 would be a jumbogram (RFC 2675), which no knock is.
    if (*length < udp_header) return Unread::malformed;
    if (*length > bytes.size()) return Unread::truncated;
    reader.shrink_to(*length - udp_header);
    packet.transport = Transport::udp;
    packet.source_port = *source_port;
    packet.destination_port = *destination_port;
    packet.payload = reader.rest();
    return std::nullopt;
}

std::optional<Unread> read_echo(Packet& packet, Bytes bytes, std::uint8_t request, Transport transport) {
    if (bytes.size() < 2) return Unread::truncated;
    if (bytes[0] != request || bytes[1] != 0) return Unread::not_a_carrier;
    if (bytes.size() < echo_header) return Unread::truncated;
    packet.transport = transport;
    packet.payload = bytes.subspan(echo_header);
    return std::nullopt;
}

// Fills in ports and sequence number.
std::optional<Unread> read_syn(Packet& packet, Bytes bytes) {
    Reader reader(bytes);
    const auto source_port = reader.u16();
    const auto destination_port = reader.u16();
    const auto sequence = reader.u32();
    const bool skipped = reader.skip(5); // the acknowledged number, and where the data begins
    const auto flags = reader.u8();
    if (!source_port || !destination_port || !sequence || !skipped || !flags) return Unread::truncated;
    if ((*flags & (tcp_fin | tcp_syn_flag | tcp_rst | tcp_ack)) != tcp_syn_flag) return Unread::not_a_carrier;
    packet.transport = Transport::tcp_syn;
    packet.source_port = *source_port;
    packet.destination_port = *destination_port;
    packet.sequence = *sequence;
    return std::nullopt;
}

std::optional<Unread> read_transport(Packet& packet, const IpPacket& ip) {
    const bool ipv4 = ip.source.family() == Family::ipv4;
    if (ip.protocol == udp) return read_udp(packet, ip.payload);
    if (ip.protocol == tcp) return read_syn(packet, ip.payload);
    if (ip.protocol == icmp && ipv4) {
        return read_echo(packet, ip.payload, icmp_echo_request, Transport::icmp_echo);
    }
    if (ip.protocol == icmpv6 && !ipv4) {
        return read_echo(packet, ip.payload, icmpv6_echo_request, Transport::icmpv6_echo);
    }
    return Unread::not_a_carrier;
}

} // namespace

Result<Packet, Unread> decode_transport(const IpPacket& ip) {
    Packet packet;
    packet.source = ip.source;
    packet.destination = ip.destination;
    packet.hops_left = ip.hops_left;
    if (const auto unread = read_transport(packet, ip)) return *unread;
    return packet;
}

} // namespace otk
