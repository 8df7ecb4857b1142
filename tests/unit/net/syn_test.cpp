#include "base/text.h"
#include "net/packet.h"
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

TEST_CASE("of TCP a SYN is read, its ports and its sequence number, and nothing else") {
    const auto packet = decode_packet(LinkType::ethernet, frame(frames::syn4));
    REQUIRE(packet);
    CHECK(packet->source_port == 0xc8cc);
    CHECK(packet->destination_port == 0xc3cb);
    CHECK(packet->sequence == 0x7a057e05);
    CHECK(packet->payload.empty());

    for (unsigned flags = 0; flags < 256; ++flags) {
        CAPTURE(flags);
        const auto segment = make_frame::tcp(50123, 0x01020304, static_cast<std::uint8_t>(flags));
        const bool syn = (flags & 2) != 0 && (flags & (1 | 4 | 16)) == 0;
        const auto behind = from_hex("0600010400000000").value(); // an extension header before it
        auto extended = behind;
        make_frame::append(extended, segment);
        for (const auto& ip :
             {make_frame::ipv4(6, segment), make_frame::ipv4(6, segment, make_frame::Buffer(8, 1)),
              make_frame::ipv6(6, segment), make_frame::ipv6(0, extended)}) {
            const auto read = decode_packet(LinkType::raw_ip, ip);
            CHECK(outcome(LinkType::raw_ip, ip) == (syn ? "read" : "not a carrier"));
            CHECK((read ? read->sequence : 0) == (syn ? 0x01020304 : 0));
            CHECK((read ? read->destination_port : 0) == (syn ? 50123 : 0));
        }
    }
}

TEST_CASE("a SYN that ends before its flags is truncated") {
    const auto segment = make_frame::tcp(50123, 1, 2);
    for (std::size_t size = 0; size <= segment.size(); ++size) {
        CAPTURE(size);
        const make_frame::Buffer cut(segment.begin(), segment.begin() + static_cast<std::ptrdiff_t>(size));
        CHECK(outcome(LinkType::raw_ip, make_frame::ipv4(6, cut)) == (size < 14 ? "truncated" : "read"));
        CHECK(outcome(LinkType::raw_ip, make_frame::ipv6(6, cut)) == (size < 14 ? "truncated" : "read"));
    }
}

} // namespace
} // namespace otk
