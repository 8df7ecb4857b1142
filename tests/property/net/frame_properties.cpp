// The frame decoder and the knock grammar over frames that are cut, bent and made up.
#include "net/knock.h"
#include "tests/property/net/properties.h"
#include "tests/unit/net/frames.h"
#include "tests/unit/net/make_frame.h"

#include <algorithm>
#include <rapidcheck.h>

namespace otk {
namespace {

using make_frame::Buffer;

rc::Gen<Buffer> bytes_up_to(int size) {
    return rc::gen::mapcat(rc::gen::inRange(0, size + 1), [](int chosen) {
        return rc::gen::container<Buffer>(static_cast<std::size_t>(chosen),
                                          rc::gen::arbitrary<std::uint8_t>());
    });
}

rc::Gen<LinkType> any_link() {
    return rc::gen::element(LinkType::ethernet, LinkType::linux_cooked, LinkType::linux_cooked2,
                            LinkType::raw_ip, LinkType::bsd_loopback);
}

bool lies_within(Bytes part, Bytes whole) {
    return part.empty() ||
           (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

Candidates candidates_of(const Packet& packet) {
    if (packet.transport == Transport::tcp_syn) return {};
    return packet.transport == Transport::udp ? udp_candidates(packet.payload)
                                              : icmp_candidates(packet.payload);
}

// What must hold for whatever was read out of `frame`.
void check_packet(const Packet& packet, Bytes frame) {
    RC_ASSERT(lies_within(packet.payload, frame));
    RC_ASSERT(packet.source.well_formed());
    RC_ASSERT(packet.source.family() == packet.destination.family());
    RC_ASSERT((packet.source.family() == Family::ipv6) || packet.transport != Transport::icmpv6_echo);
    for (const Candidate& candidate : candidates_of(packet)) {
        RC_ASSERT(lies_within(candidate.bytes, packet.payload));
        RC_ASSERT(!candidate.bytes.empty());
        RC_ASSERT(candidate.shape == Shape::text || candidate.bytes.size() >= 8U);
        RC_ASSERT(candidate.named.well_formed());
    }
}

// A valid frame: knock, transport, IP with options or extension headers, link with tags, padding.
struct Made {
    LinkType link{};
    Buffer frame;
    Buffer payload;
    std::size_t padding = 0;
};

Buffer with_extensions(const Buffer& payload, std::uint8_t transport, int count) {
    Buffer bytes;
    for (int i = 0; i < count; ++i) {
        const std::uint8_t next = i + 1 == count ? transport : 60;
        bytes.insert(bytes.end(), {next, 0, 1, 4, 0, 0, 0, 0});
    }
    make_frame::append(bytes, payload);
    return make_frame::ipv6(count == 0 ? transport : 60, bytes);
}

Buffer link_header(LinkType link, bool ipv6, int tags) {
    Buffer header;
    const std::size_t ethertype = ipv6 ? 0x86dd : 0x0800;
    switch (link) {
    case LinkType::raw_ip: return {};
    case LinkType::bsd_loopback: return {0, 0, 0, static_cast<std::uint8_t>(ipv6 ? 24 : 2)};
    case LinkType::linux_cooked2:
        make_frame::append_u16(header, ethertype);
        header.resize(20);
        return header;
    case LinkType::ethernet: header.resize(12, 2); break;
    case LinkType::linux_cooked: header.resize(14, 1); break;
    }
    for (int i = 0; i < tags; ++i) {
        make_frame::append_u16(header, 0x8100);
        make_frame::append_u16(header, 7);
    }
    make_frame::append_u16(header, ethertype);
    return header;
}

Made make_any() {
    Made made;
    made.link = *any_link();
    made.payload = *bytes_up_to(80);
    const bool ipv6 = *rc::gen::arbitrary<bool>();
    const bool udp = *rc::gen::arbitrary<bool>();
    const std::uint8_t echo_type = ipv6 ? 128 : 8;
    const std::uint8_t echo = ipv6 ? 58 : 1;
    const std::uint8_t transport = udp ? std::uint8_t{17} : echo;
    const Buffer segment =
        udp ? make_frame::udp(62201, made.payload) : make_frame::echo_request(echo_type, made.payload);
    const Buffer options(static_cast<std::size_t>(*rc::gen::inRange(0, 11)) * 4, 1);
    made.frame = link_header(made.link, ipv6, *rc::gen::inRange(0, 3));
    make_frame::append(made.frame, ipv6 ? with_extensions(segment, transport, *rc::gen::inRange(0, 9))
                                        : make_frame::ipv4(transport, segment, options));
    made.padding = static_cast<std::size_t>(*rc::gen::inRange(0, 20));
    made.frame.resize(made.frame.size() + made.padding, 0xee);
    return made;
}

bool valid_frames_are_read_whole() {
    return rc::check("a valid frame gives exactly the payload that was put in", [] {
        const Made made = make_any();
        const auto packet = decode_packet(made.link, made.frame);
        RC_ASSERT(static_cast<bool>(packet));
        RC_ASSERT(std::equal(packet->payload.begin(), packet->payload.end(), made.payload.begin(),
                             made.payload.end()));
        check_packet(*packet, made.frame);
    });
}

bool only_syns_are_read_of_tcp() {
    return rc::check("of a TCP segment the ports and the sequence number are read, if it is a SYN", [] {
        const auto port = *rc::gen::arbitrary<std::uint16_t>();
        const auto sequence = *rc::gen::arbitrary<std::uint32_t>();
        const auto flags = *rc::gen::arbitrary<std::uint8_t>();
        const bool ipv6 = *rc::gen::arbitrary<bool>();
        Buffer segment = make_frame::tcp(port, sequence, flags);
        make_frame::append(segment, *bytes_up_to(80));
        const LinkType link = *any_link();
        Buffer frame = link_header(link, ipv6, *rc::gen::inRange(0, 3));
        make_frame::append(frame, ipv6 ? with_extensions(segment, 6, *rc::gen::inRange(0, 9))
                                       : make_frame::ipv4(6, segment));
        const auto packet = decode_packet(link, frame);
        const bool syn = (flags & 0x02U) != 0 && (flags & 0x15U) == 0;
        RC_CLASSIFY(syn, "SYN");
        RC_ASSERT(static_cast<bool>(packet) == syn);
        if (!syn) return;
        RC_ASSERT(packet->transport == Transport::tcp_syn);
        RC_ASSERT(packet->destination_port == port);
        RC_ASSERT(packet->sequence == sequence);
        check_packet(*packet, frame);
    });
}

bool cut_frames_give_nothing() {
    return rc::check("a frame cut anywhere before its padding gives nothing", [] {
        const Made made = make_any();
        for (std::size_t size = 0; size < made.frame.size() - made.padding; ++size) {
            // A copy, so that a sanitizer sees a read past the cut.
            const Buffer cut(made.frame.begin(), made.frame.begin() + static_cast<std::ptrdiff_t>(size));
            RC_ASSERT(!decode_packet(made.link, cut));
        }
    });
}

bool bent_frames_stay_within_themselves() {
    return rc::check("whatever is read from a frame with changed bytes lies within it", [] {
        Made made = make_any();
        const int changes = *rc::gen::inRange(1, 6);
        for (int i = 0; i < changes; ++i) {
            made.frame[*rc::gen::inRange<std::size_t>(0, made.frame.size())] =
                *rc::gen::arbitrary<std::uint8_t>();
        }
        const auto packet = decode_packet(made.link, made.frame);
        RC_CLASSIFY(static_cast<bool>(packet), "read");
        if (packet) check_packet(*packet, made.frame);
    });
}

bool random_bytes_stay_within_themselves() {
    return rc::check("whatever is read from random bytes lies within them", [] {
        const Buffer frame = *bytes_up_to(200);
        const auto packet = decode_packet(*any_link(), frame);
        if (packet) check_packet(*packet, frame);
    });
}

bool labels_stay_within_themselves() {
    return rc::check("whatever is found in a label lies within it", [] {
        const auto letters = rc::gen::elementOf(std::string("abcdefghijklmnopqrstuvwxyz234567ABC0189-_."));
        const auto label = *rc::gen::container<std::string>(letters);
        for (const Candidate& candidate : dns_candidates(label)) {
            RC_ASSERT(lies_within(candidate.bytes, as_bytes(label)));
            RC_ASSERT(candidate.shape == Shape::label);
        }
    });
}

bool named_addresses_come_back() {
    return rc::check("an address put behind a value is the one that is named", [] {
        const auto four =
            *rc::gen::container<std::array<std::uint8_t, 4>>(rc::gen::arbitrary<std::uint8_t>());
        auto sixteen = *rc::gen::container<std::array<std::uint8_t, 16>>(rc::gen::arbitrary<std::uint8_t>());
        const bool ipv6 = *rc::gen::arbitrary<bool>();
        const Address address = ipv6 ? Address::ipv6(sixteen) : Address::ipv4(four);
        RC_ASSERT(Address::parse(address.text()) == address);

        const std::string text = "OUST COAT FOAL MUG BEAK TOTE " + address.text();
        const Candidates from_udp = udp_candidates(as_bytes(text));
        RC_ASSERT(from_udp.size() == 1U);
        RC_ASSERT(from_udp.begin()->named == address);

        std::string dashed = address.text();
        std::replace(dashed.begin(), dashed.end(), '.', '-');
        const std::string label = "aaaqeayeaudao-" + (ipv6 ? to_hex(sixteen) : dashed);
        const Candidates from_dns = dns_candidates(label);
        RC_ASSERT(from_dns.size() == 1U);
        RC_ASSERT(from_dns.begin()->named == address);
    });
}

} // namespace

bool frame_properties() {
    // Not short-circuited: each one reports.
    bool all = valid_frames_are_read_whole();
    all &= only_syns_are_read_of_tcp();
    all &= cut_frames_give_nothing();
    all &= bent_frames_stay_within_themselves();
    all &= random_bytes_stay_within_themselves();
    all &= labels_stay_within_themselves();
    all &= named_addresses_come_back();
    return all;
}

} // namespace otk
