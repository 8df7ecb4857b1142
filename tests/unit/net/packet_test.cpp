#include "net/packet.h"

#include "base/text.h"
#include "tests/unit/net/frames.h"
#include "tests/unit/net/make_frame.h"

#include <doctest/doctest.h>

namespace otk {
namespace {

using frames::frame;

std::string outcome(LinkType link, Bytes bytes) {
    const auto packet = decode_packet(link, bytes);
    return packet ? "read" : std::string(name_of(packet.reason()));
}

TEST_CASE("packets of ordinary programs are read") {
    struct Row {
        const frames::Captured& captured;
        Transport transport;
        std::string_view source, destination;
        std::uint16_t port;
        std::size_t payload;
    };
    constexpr Transport echo = Transport::icmp_echo;
    constexpr Transport echo6 = Transport::icmpv6_echo;
    const Row rows[] = {
        {frames::ping4_default, echo, "192.0.2.1", "192.0.2.2", 0, 56},
        {frames::ping6_default, echo6, "2001:db8::1", "2001:db8::2", 0, 56},
        {frames::ping4_size_8, echo, "192.0.2.1", "192.0.2.2", 0, 8},
        {frames::ping4_record_route, echo, "192.0.2.1", "192.0.2.2", 0, 56},
        {frames::nping_data, echo, "192.0.2.1", "192.0.2.2", 0, 16},
        {frames::nc4_hex_and_address, Transport::udp, "192.0.2.1", "192.0.2.2", 62201, 51},
        {frames::nc6_hex, Transport::udp, "2001:db8::1", "2001:db8::2", 62201, 32},
        {frames::nc6_raw, Transport::udp, "2001:db8::1", "2001:db8::2", 62201, 16},
        {frames::dig4, Transport::udp, "192.0.2.1", "192.0.2.2", 53, 85},
        {frames::dig6_named, Transport::udp, "2001:db8::1", "2001:db8::2", 53, 74},
        {frames::syn4, Transport::tcp_syn, "192.0.2.1", "192.0.2.2", 50123, 0},
        {frames::syn6, Transport::tcp_syn, "2001:db8::1", "2001:db8::2", 50123, 0},
        {frames::cooked2_syn6, Transport::tcp_syn, "2001:db8::1", "2001:db8::2", 50123, 0},
        {frames::cooked_ping4, echo, "192.0.2.1", "192.0.2.2", 0, 56},
        {frames::cooked_ping6, echo6, "2001:db8::1", "2001:db8::2", 0, 56},
        {frames::cooked2_ping4, echo, "192.0.2.1", "192.0.2.2", 0, 56},
        {frames::cooked2_ping6, echo6, "2001:db8::1", "2001:db8::2", 0, 56},
        {frames::cooked2_nc4, Transport::udp, "192.0.2.1", "192.0.2.2", 62201, 51},
        {frames::cooked2_nc6, Transport::udp, "2001:db8::1", "2001:db8::2", 62201, 32},
        {frames::cooked2_dig4, Transport::udp, "192.0.2.1", "192.0.2.2", 53, 85},
    };
    for (const Row& row : rows) {
        CAPTURE(row.captured.name);
        const auto bytes = frame(row.captured);
        const auto packet = decode_packet(row.captured.link, bytes);
        REQUIRE(packet);
        CHECK(packet->transport == row.transport);
        CHECK(packet->source.text() == row.source);
        CHECK(packet->destination.text() == row.destination);
        CHECK(packet->destination_port == row.port);
        const bool has_ports = row.transport == Transport::udp || row.transport == Transport::tcp_syn;
        CHECK((packet->source_port != 0) == has_ports);
        CHECK((packet->sequence != 0) == (row.transport == Transport::tcp_syn));
        CHECK(packet->hops_left == 64);
        CHECK(packet->payload.size() == row.payload);
    }
}

TEST_CASE("what carries no knock says why") {
    struct Row {
        const frames::Captured& captured;
        std::string_view outcome;
    };
    const Row rows[] = {
        {frames::fragment4_last, "fragment"},
        {frames::fragment6_last, "fragment"},
        {frames::arp, "not ip"},
        {frames::rst4, "not a carrier"},
        {frames::listener_report, "not a carrier"},
        {frames::solicitation, "not a carrier"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.captured.name);
        CHECK(outcome(row.captured.link, frame(row.captured)) == row.outcome);
    }
}

TEST_CASE("each link type is told by its DLT number and has its header read") {
    const auto ip4 = make_frame::ip_of(frames::ping4_default);
    const auto ip6 = make_frame::ip_of(frames::ping6_default);
    struct Row {
        int dlt;
        std::string_view header; // hex
        bool ipv6;
        std::string_view outcome;
    };
    const Row rows[] = {
        {12, "", false, "read"},
        {12, "", true, "read"},
        {228, "", false, "read"},
        {229, "", true, "read"},
        {0, "02000000", false, "read"},     // captured on a little-endian host
        {0, "00000002", false, "read"},     // and on a big-endian one
        {0, "0a000000", true, "read"},      // Linux
        {0, "18000000", true, "read"},      // OpenBSD
        {0, "1c000000", true, "read"},      // FreeBSD
        {108, "0000001e", true, "read"},    // macOS
        {0, "02000000", true, "malformed"}, // says IPv4, is IPv6
        {0, "03000000", false, "not ip"},
        {0, "02000002", false, "not ip"},
        {0, "00020000", false, "not ip"},
        {0, "0200", false, "not ip"}, // the family then reads on into the packet
        {1,
         "020000000002020000000001"
         "0800",
         false, "read"},
        {1,
         "020000000002020000000001"
         "86dd",
         true, "read"},
        {1,
         "020000000002020000000001"
         "0800",
         true, "malformed"},
        {1,
         "020000000002020000000001"
         "0806",
         false, "not ip"},
        {1,
         "020000000002020000000001"
         "0054",
         false, "not ip"}, // 802.3: a length
        {1,
         "020000000002020000000001"
         "81000007"
         "0800",
         false, "read"},
        {1,
         "020000000002020000000001"
         "88a80007"
         "81000009"
         "86dd",
         true, "read"},
        {1,
         "020000000002020000000001"
         "88a80007"
         "81000009"
         "81000001"
         "0800",
         false, "malformed"},
        {1,
         "020000000002020000000001"
         "81000007"
         "0806",
         false, "not ip"},
        {113, "00000001000602000000000100000800", false, "read"},
        {113,
         "0000000100060200000000010000"
         "81000007"
         "0800",
         false, "read"}, // as libpcap puts a tag back
        {113, "000000010006020000000001000086dd", true, "read"},
        {276, "0800000000000002000100060200000000010000", false, "read"},
        {276, "86dd000000000002000100060200000000010000", true, "read"},
        {276, "0806000000000002000100060200000000010000", false, "not ip"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.dlt);
        CAPTURE(row.header);
        const auto link = link_type_of(row.dlt);
        REQUIRE(link.has_value());
        auto bytes = from_hex(row.header).value();
        const auto& ip = row.ipv6 ? ip6 : ip4;
        bytes.insert(bytes.end(), ip.begin(), ip.end());
        CHECK(outcome(*link, bytes) == row.outcome);
    }
    for (const int dlt : {-1, 2, 14, 101, 105, 127, 277}) {
        CAPTURE(dlt);
        CHECK_FALSE(link_type_of(dlt).has_value());
    }
}

TEST_CASE("an IPv4 header that cannot be is refused") {
    struct Row {
        std::string_view what;
        std::size_t at;
        std::uint8_t value;
        std::string_view outcome;
    };
    const Row rows[] = {
        {"nothing changed", 0, 0x45, "read"},
        {"version 5", 0, 0x55, "malformed"},
        {"header of 16 bytes", 0, 0x44, "malformed"},
        {"header of 60 bytes: the echo header falls among the options", 0, 0x4f, "not a carrier"},
        {"total length 0", 3, 0, "malformed"},
        {"total length below the header", 3, 19, "malformed"},
        {"total length of the header alone", 3, 20, "truncated"},
        {"total length past the frame", 2, 1, "truncated"},
        {"more fragments", 6, 0x20, "fragment"},
        {"fragment offset", 7, 1, "fragment"},
        {"fragment offset, high bits", 6, 0x10, "fragment"},
        {"don't fragment", 6, 0x40, "read"},
        {"reserved flag", 6, 0x80, "read"},
        {"TCP, no SYN", 9, 6, "not a carrier"},
        {"ICMPv6 in IPv4", 9, 58, "not a carrier"},
        {"echo reply", 20, 0, "not a carrier"},
        {"echo request with a code", 21, 1, "not a carrier"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.what);
        auto bytes = make_frame::ip_of(frames::ping4_default);
        bytes[row.at] = row.value;
        CHECK(outcome(LinkType::raw_ip, bytes) == row.outcome);
    }
}

TEST_CASE("IPv6 extension headers are passed over, up to eight") {
    using make_frame::ipv6;
    const auto echo = make_frame::echo_request(128, {1, 2, 3, 4, 5, 6, 7, 8});
    const auto extensions = [&echo](std::size_t count) {
        std::vector<std::uint8_t> bytes;
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint8_t next = i + 1 == count ? 58 : 60;
            bytes.insert(bytes.end(), {next, 0, 1, 4, 0, 0, 0, 0});
        }
        bytes.insert(bytes.end(), echo.begin(), echo.end());
        return ipv6(count == 0 ? 58 : 60, bytes);
    };
    for (std::size_t count = 0; count <= 8; ++count) {
        CAPTURE(count);
        const auto bytes = extensions(count);
        const auto packet = decode_packet(LinkType::raw_ip, bytes);
        REQUIRE(packet);
        CHECK(to_hex(packet->payload) == "0102030405060708");
    }
    CHECK(outcome(LinkType::raw_ip, extensions(9)) == "malformed");
    CHECK(outcome(LinkType::raw_ip, extensions(100)) == "malformed");

    const auto behind = [&echo](std::uint8_t type, std::string_view header) {
        auto bytes = from_hex(header).value();
        bytes.insert(bytes.end(), echo.begin(), echo.end());
        return outcome(LinkType::raw_ip, ipv6(type, bytes));
    };
    CHECK(behind(0, "3a00010400000000") == "read");
    CHECK(behind(43, "3a00010400000000") == "read");
    CHECK(behind(60, "3a01010c000000000000000000000000") == "read"); // 16 bytes long
    CHECK(behind(51, "3a0400000000000100000001"
                     "000000000000000000000000") == "read"); // AH of 24 bytes
    CHECK(behind(44, "3a00000000000001") == "fragment");     // atomic
    CHECK(behind(44, "3a00000100000001") == "fragment");
    CHECK(behind(60, "2c000104000000003a00000000000001") == "fragment"); // behind another
    CHECK(behind(59, "3a00010400000000") == "not a carrier");            // no next header
    CHECK(behind(135, "3a00010400000000") == "not a carrier");           // mobility: nothing may follow it
    CHECK(behind(60, "3aff010400000000") == "truncated");
    CHECK(outcome(LinkType::raw_ip, ipv6(60, {58})) == "truncated");
    CHECK(outcome(LinkType::raw_ip, ipv6(60, {})) == "truncated");
    CHECK(outcome(LinkType::raw_ip, ipv6(1, make_frame::echo_request(8, {}))) ==
          "not a carrier"); // ICMP in IPv6
}

TEST_CASE("an IPv6 header that cannot be is refused") {
    auto bytes = make_frame::ip_of(frames::ping6_default);
    bytes[4] = 1; // payload length past the frame
    CHECK(outcome(LinkType::raw_ip, bytes) == "truncated");
    bytes[4] = bytes[5] = 0; // jumbogram, or nothing
    CHECK(outcome(LinkType::raw_ip, bytes) == "truncated");

    const auto mapped = from_hex("00000000000000000000ffff0a000001").value();
    for (const std::ptrdiff_t address_at : {8, 24}) {
        CAPTURE(address_at);
        auto forged = make_frame::ip_of(frames::ping6_default);
        std::copy(mapped.begin(), mapped.end(), forged.begin() + address_at);
        CHECK(outcome(LinkType::raw_ip, forged) == "malformed");
    }
    const auto all_nodes = from_hex("ff020000000000000000000000000001").value();
    auto multicast = make_frame::ip_of(frames::ping6_default);
    std::copy(all_nodes.begin(), all_nodes.end(), multicast.begin() + 24);
    CHECK(outcome(LinkType::raw_ip, multicast) == "read");
}

TEST_CASE("a length field can only shrink what is read") {
    // Padding behind the IP packet, as Ethernet adds to frames below 60 bytes.
    auto padded = frame(frames::ping4_size_8);
    padded.resize(60, 0xee);
    const auto from_padded = decode_packet(LinkType::ethernet, padded);
    REQUIRE(from_padded);
    CHECK(to_hex(from_padded->payload) == "0011223344556677");

    struct Row {
        std::uint8_t high, low;
        std::string_view outcome;
        std::size_t payload;
    };
    const Row rows[] = {
        {0, 24, "read", 16},    {0, 23, "read", 15},     {0, 8, "read", 0},          {0, 7, "malformed", 0},
        {0, 0, "malformed", 0}, {0, 25, "truncated", 0}, {255, 255, "truncated", 0},
    };
    for (const Row& row : rows) {
        CAPTURE(row.low);
        auto bytes = make_frame::ip_of(frames::nc6_raw);
        bytes[44] = row.high;
        bytes[45] = row.low;
        const auto packet = decode_packet(LinkType::raw_ip, bytes);
        CHECK(outcome(LinkType::raw_ip, bytes) == row.outcome);
        CHECK((packet ? packet->payload.size() : 0) == row.payload);
    }
}

TEST_CASE("every cut of a captured frame is truncated") {
    for (const frames::Captured& captured : frames::all) {
        CAPTURE(captured.name);
        const auto whole = frame(captured);
        if (!decode_packet(captured.link, whole)) continue;
        for (std::size_t size = 0; size < whole.size(); ++size) {
            CAPTURE(size);
            CHECK(outcome(captured.link, Bytes(whole).first(size)) == "truncated");
        }
    }
}

TEST_CASE("every reason has a word of its own") {
    CHECK(name_of(Unread::truncated) == "truncated");
    CHECK(name_of(Unread::malformed) == "malformed");
    CHECK(name_of(Unread::not_ip) == "not ip");
    CHECK(name_of(Unread::fragment) == "fragment");
    CHECK(name_of(Unread::not_a_carrier) == "not a carrier");
}

} // namespace
} // namespace otk
