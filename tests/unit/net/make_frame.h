// Packets that no ordinary program sends, put together for tests.
#pragma once

#include "tests/unit/net/frames.h"

#include <initializer_list>
#include <vector>

namespace otk::make_frame {

using Buffer = std::vector<std::uint8_t>;

// The IP packet in an Ethernet frame without VLAN tag.
inline Buffer ip_of(const frames::Captured& captured) {
    promise(captured.link == LinkType::ethernet, "only an Ethernet frame can be unwrapped here");
    const Buffer bytes = frames::frame(captured);
    return {bytes.begin() + 14, bytes.end()};
}

inline void append_u16(Buffer& to, std::size_t value) {
    to.push_back(static_cast<std::uint8_t>(value >> 8));
    to.push_back(static_cast<std::uint8_t>(value));
}

inline void append(Buffer& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

// An ICMP (8) or ICMPv6 (128) echo request.
inline Buffer echo_request(std::uint8_t type, const Buffer& payload) {
    Buffer bytes{type, 0, 0, 0, 0x12, 0x34, 0, 1};
    append(bytes, payload);
    return bytes;
}

inline Buffer udp(std::uint16_t port, const Buffer& payload) {
    Buffer bytes{0xc0, 0x00};
    append_u16(bytes, port);
    append_u16(bytes, payload.size() + 8);
    append_u16(bytes, 0);
    append(bytes, payload);
    return bytes;
}

// A TCP header without options, and nothing behind it. SYN is 2, FIN 1, RST 4, ACK 16.
inline Buffer tcp(std::uint16_t port, std::uint32_t sequence, std::uint8_t flags) {
    Buffer bytes{0xc0, 0x00};
    append_u16(bytes, port);
    append_u16(bytes, sequence >> 16);
    append_u16(bytes, sequence & 0xffff);
    bytes.insert(bytes.end(), {0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0});
    return bytes;
}

// From 2001:db8::1 to 2001:db8::2.
inline Buffer ipv6(std::uint8_t next_header, const Buffer& payload) {
    Buffer bytes{0x60, 0, 0, 0};
    append_u16(bytes, payload.size());
    bytes.insert(bytes.end(), {next_header, 64});
    for (const std::uint8_t last : {std::uint8_t{1}, std::uint8_t{2}}) {
        bytes.insert(bytes.end(), {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last});
    }
    append(bytes, payload);
    return bytes;
}

// From 192.0.2.1 to 192.0.2.2; `options` must be a multiple of 4 bytes, at most 40.
inline Buffer ipv4(std::uint8_t protocol, const Buffer& payload, const Buffer& options = {}) {
    Buffer bytes{static_cast<std::uint8_t>(0x45 + options.size() / 4), 0};
    append_u16(bytes, 20 + options.size() + payload.size());
    bytes.insert(bytes.end(), {0, 0, 0, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2});
    append(bytes, options);
    append(bytes, payload);
    return bytes;
}

} // namespace otk::make_frame
