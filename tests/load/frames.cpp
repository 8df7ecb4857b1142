#include "tests/load/frames.h"

#include "base/promise.h"

#include <algorithm>
#include <cstring>

namespace otk::load {

namespace {

// Where things stand in the frames made here: Ethernet (14), IPv4 without options (20, RFC 791), then udp (8,
// RFC 768) or an ICMP echo's header (8, RFC 792), then for dns the header of the question (12, RFC 1035).
constexpr std::size_t ip_at = 14;
constexpr std::size_t ip_checksum_at = ip_at + 10;
constexpr std::size_t source_at = ip_at + 12;
constexpr std::size_t transport_at = ip_at + 20;
constexpr std::size_t payload_at = transport_at + 8;
constexpr std::size_t question_name_at = payload_at + 12;
constexpr std::size_t label_size = 26;       // 16 bytes in base32, without padding
constexpr std::size_t ping_size = 56;        // what ping sends by default
constexpr std::size_t ping_pattern_at = 16;  // behind the time that ping puts first
constexpr std::uint16_t source_port = 40000; // and upwards, so that the flows are several
constexpr std::uint64_t source_ports = 16;

void put16(MutableBytes bytes, std::size_t at, std::uint16_t word) {
    bytes[at] = static_cast<std::uint8_t>(word >> 8);
    bytes[at + 1] = static_cast<std::uint8_t>(word);
}

void put32(MutableBytes bytes, std::size_t at, std::uint32_t word) {
    put16(bytes, at, static_cast<std::uint16_t>(word >> 16));
    put16(bytes, at + 2, static_cast<std::uint16_t>(word));
}

// RFC 1071, of an even number of bytes.
std::uint16_t checksum(Bytes bytes) {
    std::uint32_t sum = 0;
    for (std::size_t at = 0; at < bytes.size(); at += 2) {
        sum += static_cast<std::uint32_t>(bytes[at] << 8 | bytes[at + 1]);
    }
    sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~(sum + (sum >> 16)));
}

void put_base32(MutableBytes room, Bytes value) {
    constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    std::uint32_t bits = 0;
    unsigned waiting = 0;
    std::size_t at = 0;
    for (const std::uint8_t byte : value) {
        bits = bits << 8 | byte;
        for (waiting += 8; waiting >= 5; waiting -= 5) {
            room[at++] = static_cast<std::uint8_t>(alphabet[bits >> (waiting - 5) & 31]);
        }
    }
    if (waiting > 0) room[at] = static_cast<std::uint8_t>(alphabet[bits << (5 - waiting) & 31]);
}

// splitmix64: steps of `golden`, each mixed.
constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;
std::uint64_t mixed(std::uint64_t word) {
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
    word = (word ^ word >> 27) * 0x94d049bb133111eb;
    return word ^ word >> 31;
}

// Letters of base64 that follow from the value.
void put_text(MutableBytes room, const Value& value) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::uint64_t state = 0;
    std::memcpy(&state, value.view().data(), sizeof state);
    std::uint64_t bits = 0;
    for (std::size_t at = 0; at < room.size(); ++at, bits >>= 6) {
        if (at % 10 == 0) bits = mixed(state += golden); // ten letters of each word of 64 bits
        room[at] = static_cast<std::uint8_t>(alphabet[bits & 63]);
    }
}

std::uint32_t ipv4_number(const Address& address) {
    promise(address.family() == Family::ipv4, "a flood's addresses are IPv4");
    return Reader(address.bytes()).u32().value();
}

std::size_t payload_size(const Shape& shape) {
    switch (shape.carrier) {
    case Carrier::udp: return largest_value;
    case Carrier::icmp: return ping_size;
    case Carrier::dns: return 12 + 1 + label_size + shape.zone.wire().size() + 4;
    case Carrier::text: return shape.text_size;
    }
    broken_promise("a carrier without a payload");
}

void put_question(MutableBytes frame, const Zone& zone) {
    put16(frame, payload_at + 2, 0x0100); // recursion desired, as stub resolvers ask
    put16(frame, payload_at + 4, 1);      // one question
    frame[question_name_at] = label_size;
    const std::size_t zone_at = question_name_at + 1 + label_size;
    std::copy(zone.wire().begin(), zone.wire().end(), frame.begin() + static_cast<std::ptrdiff_t>(zone_at));
    put16(frame, zone_at + zone.wire().size(), 1);     // A
    put16(frame, zone_at + zone.wire().size() + 2, 1); // IN
}

} // namespace

Value garbage(std::uint64_t seed, std::uint64_t index) {
    const std::uint64_t begin = mixed(seed + golden) + 2 * index * golden;
    const std::array<std::uint64_t, 2> words = {mixed(begin), mixed(begin + golden)};
    std::array<std::uint8_t, 16> bytes;
    std::memcpy(bytes.data(), words.data(), bytes.size());
    return Value(bytes);
}

FrameMaker::FrameMaker(const Shape& shape, const Route& route) :
    carrier_(shape.carrier), text_size_(shape.text_size), first_source_(ipv4_number(route.source)),
    sources_(std::max(route.sources, 1U)) {
    const std::size_t payload = payload_size(shape);
    template_.resize(payload_at + payload);
    promise(template_.size() <= largest_frame, "a frame is larger than the largest");
    const MutableBytes frame(template_);
    std::copy(route.target_hardware.begin(), route.target_hardware.end(), frame.begin());
    std::copy(route.source_hardware.begin(), route.source_hardware.end(), frame.begin() + 6);
    put16(frame, 12, 0x0800);
    frame[ip_at] = 0x45;
    put16(frame, ip_at + 2, static_cast<std::uint16_t>(template_.size() - ip_at));
    put16(frame, ip_at + 6,
          0x4000); // not to be fragmented: then the identification need not differ (RFC 6864)
    frame[ip_at + 8] = 64;
    frame[ip_at + 9] = carrier_ == Carrier::icmp ? 1 : 17;
    put32(frame, ip_at + 16, ipv4_number(route.target));
    if (carrier_ == Carrier::icmp) {
        frame[transport_at] = 8; // echo request
    } else {
        put16(frame, transport_at + 2, shape.port);
        put16(frame, transport_at + 4, static_cast<std::uint16_t>(8 + payload));
    }
    if (carrier_ == Carrier::dns) put_question(frame, shape.zone);
}

std::size_t FrameMaker::make(MutableBytes room, std::uint64_t index, const Value& value) const {
    promise(room.size() >= largest_frame, "there is not enough room for a frame");
    promise(value.size() == largest_value, "a flood carries values of 16 bytes");
    std::memcpy(room.data(), template_.data(), template_.size());
    put32(room, source_at, first_source_ + static_cast<std::uint32_t>(index % sources_));
    put16(room, ip_checksum_at, checksum(Bytes(room).subspan(ip_at, 20)));
    const auto serial = static_cast<std::uint16_t>(index);
    if (carrier_ == Carrier::icmp) {
        put16(room, transport_at + 6, serial);
        // ping -p repeats the pattern over all it sends, and puts the time over the first sixteen bytes.
        for (std::size_t at = ping_pattern_at; at < ping_size; ++at) {
            room[payload_at + at] = value.view()[at % largest_value];
        }
        put16(room, transport_at + 2, checksum(Bytes(room).subspan(transport_at, 8 + ping_size)));
        return template_.size();
    }
    put16(room, transport_at, static_cast<std::uint16_t>(source_port + index % source_ports));
    put_udp_payload(room, serial, value);
    return template_.size();
}

void FrameMaker::put_udp_payload(MutableBytes room, std::uint16_t serial, const Value& value) const {
    if (carrier_ == Carrier::udp) {
        std::memcpy(room.data() + payload_at, value.view().data(), value.size());
    } else if (carrier_ == Carrier::dns) {
        put16(room, payload_at, serial);
        put_base32(room.subspan(question_name_at + 1, label_size), value.view());
    } else {
        put_text(room.subspan(payload_at, text_size_), value);
    }
}

} // namespace otk::load
