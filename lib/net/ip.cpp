#include "net/layers.h"

namespace otk {

namespace {

// IANA's protocol numbers, those that this layer must know.
constexpr std::uint8_t hop_by_hop = 0;
constexpr std::uint8_t routing = 43;
constexpr std::uint8_t fragment = 44;
constexpr std::uint8_t authentication = 51;
constexpr std::uint8_t destination_options = 60;

constexpr int most_extension_headers = 8;

// RFC 791 section 3.1.
Result<IpPacket, Unread> decode_ipv4(Bytes bytes) {
    constexpr std::size_t fixed_header = 20;
    constexpr unsigned more_fragments_and_offset = 0x3fff;

    if (bytes.size() < fixed_header) return Unread::truncated;
    const std::size_t header_length = std::size_t{4} * (bytes[0] & 15U);
    const std::size_t total_length = std::size_t{bytes[2]} << 8 | bytes[3];
    if (header_length < fixed_header || total_length < header_length) return Unread::malformed;
    if (total_length > bytes.size()) return Unread::truncated;
    const unsigned fragmentation = static_cast<unsigned>(bytes[6]) << 8 | bytes[7];
    if ((fragmentation & more_fragments_and_offset) != 0) return Unread::fragment;

    IpPacket packet;
    packet.hops_left = bytes[8];
    packet.protocol = bytes[9];
    packet.source = Address::ipv4(bytes.subspan<12, 4>());
    packet.destination = Address::ipv4(bytes.subspan<16, 4>());
    packet.payload = bytes.subspan(header_length, total_length - header_length);
    return packet;
}

// RFC 8200 section 4: passes over what stands between the IPv6 header and the transport. Leaves the reader
// behind it.
Result<std::uint8_t, Unread> skip_extension_headers(std::uint8_t next, Reader& reader) {
    for (int passed = 0;; ++passed) {
        if (next == fragment) return Unread::fragment;
        const bool extension = next == hop_by_hop || next == routing || next == destination_options;
        if (!extension && next != authentication) return next;
        if (passed == most_extension_headers) return Unread::malformed;
        const auto following = reader.u8();
        const auto length = reader.u8();
        if (!following || !length) return Unread::truncated;
        // The length leaves out the first 8 bytes and counts 8 at a time; that of AH (RFC 4302) counts 4 at a
        // time.
        const std::size_t whole = next == authentication ? (*length + 2U) * 4U : (*length + 1U) * 8U;
        if (!reader.skip(whole - 2)) return Unread::truncated;
        next = *following;
    }
}

// RFC 8200 section 3.
Result<IpPacket, Unread> decode_ipv6(Bytes bytes) {
    constexpr std::size_t fixed_header = 40;

    if (bytes.size() < fixed_header) return Unread::truncated;
    const std::size_t payload_length = std::size_t{bytes[4]} << 8 | bytes[5];
    if (payload_length > bytes.size() - fixed_header) return Unread::truncated;

    IpPacket packet;
    packet.hops_left = bytes[7];
    packet.source = Address::ipv6(bytes.subspan<8, 16>());
    packet.destination = Address::ipv6(bytes.subspan<24, 16>());
    // An IPv4-mapped address never belongs on a wire (RFC 4291 section 2.5.5.2). Taken for IPv4 it would let
    // a sender without any IPv4 claim such an address, past every filter that looks at IPv4 packets.
    if (packet.source.family() != Family::ipv6 || packet.destination.family() != Family::ipv6) {
        return Unread::malformed;
    }

    Reader reader(bytes.subspan(fixed_header, payload_length));
    const auto protocol = skip_extension_headers(bytes[6], reader);
    if (!protocol) return protocol.reason();
    packet.protocol = *protocol;
    packet.payload = reader.rest();
    return packet;
}

} // namespace

Result<IpPacket, Unread> decode_ip(const LinkPayload& link) {
    if (link.bytes.empty()) return Unread::truncated;
    const auto version = static_cast<std::uint8_t>(link.bytes[0] >> 4);
    if (link.ip_version != 0 && link.ip_version != version) return Unread::malformed;
    if (version == 4) return decode_ipv4(link.bytes);
    if (version == 6) return decode_ipv6(link.bytes);
    return Unread::malformed;
}

} // namespace otk
