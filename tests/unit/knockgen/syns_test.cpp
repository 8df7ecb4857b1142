// The SYN segments of dynamic mode, read back by what the server reads them with.
#include "base/text.h"
#include "knockgen/dynamic/declared_syns.h"
#include "net/packet.h"

#include <algorithm>
#include <set>

#include <doctest/doctest.h>

using namespace otk;

namespace {

// RFC 1071, over the pseudo-header and a segment that carries its checksum: all ones when that is right.
std::uint32_t folded_sum(const SynSegment& syn, Bytes segment) {
    std::vector<std::uint8_t> all;
    for (const Bytes part : {syn.source.bytes(), syn.destination.bytes()})
        all.insert(all.end(), part.begin(), part.end());
    const auto size = static_cast<std::uint8_t>(segment.size());
    all.insert(all.end(), {0, 6, 0, size});
    all.insert(all.end(), segment.begin(), segment.end());
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < all.size(); i += 2)
        sum += static_cast<std::uint32_t>(all[i] * 256 + all[i + 1]);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

std::vector<std::uint8_t> ip_packet(const SynSegment& syn, Bytes segment) {
    std::vector<std::uint8_t> packet;
    const auto size = static_cast<std::uint8_t>(segment.size());
    if (syn.source.family() == Family::ipv4) {
        packet = {0x45, 0, 0, static_cast<std::uint8_t>(20 + size), 0, 0, 0, 0, 64, 6, 0, 0};
    } else {
        packet = {0x60, 0, 0, 0, 0, size, 6, 64};
    }
    for (const Bytes part : {syn.source.bytes(), syn.destination.bytes(), segment})
        packet.insert(packet.end(), part.begin(), part.end());
    return packet;
}

SynSegment between(const char* source, const char* destination) {
    return {*Address::parse(source), *Address::parse(destination), 50'000, 1'234, 0xfedcba98};
}

} // namespace

TEST_CASE("a segment says what it should, in the words of the server's own reader, for both families") {
    for (const SynSegment& syn :
         {between("192.0.2.2", "198.51.100.255"), between("2001:db8::2", "2001:db8:ffff::1")}) {
        const auto segment = syn_segment(syn);
        CHECK(folded_sum(syn, segment) == 0xffff);
        const auto packet = ip_packet(syn, segment);
        const auto read = decode_packet(LinkType::raw_ip, packet);
        REQUIRE(read);
        CHECK(read->transport == Transport::tcp_syn);
        CHECK(read->source == syn.source);
        CHECK(read->destination == syn.destination);
        CHECK(read->source_port == 50'000);
        CHECK(read->destination_port == 1'234);
        CHECK(read->sequence == 0xfedcba98);
    }
}

TEST_CASE("a segment is a bare SYN with the option MSS and nothing more") {
    const auto segment = syn_segment(between("192.0.2.2", "192.0.2.1"));
    CHECK(to_hex(Bytes(segment).subspan(8, 6)) == "000000006002"); // no acknowledgement; 6 words; SYN
    CHECK(to_hex(Bytes(segment).subspan(18)) == "0000020404c4");   // nothing urgent; MSS 1220
}

TEST_CASE("three different ports from 1024 on, also when the random source says the same again and again") {
    std::uint8_t next = 0;
    const auto stubborn = [&](MutableBytes bytes) {
        std::fill(bytes.begin(), bytes.end(), static_cast<std::uint8_t>(next++ / 4)); // each four times
    };
    const DeclaredSyns syns = choose_syns(stubborn);
    std::set<std::uint16_t> ports;
    for (const DeclaredSyn& syn : syns) {
        CHECK(syn.port >= 1024);
        ports.insert(syn.port);
    }
    CHECK(ports.size() == 3);
}

TEST_CASE("the whole range of ports is used, and sequence numbers differ") {
    std::uint16_t lowest = 65535;
    std::uint16_t highest = 0;
    std::set<std::uint32_t> sequences;
    for (int turn = 0; turn < 3000; ++turn) {
        for (const DeclaredSyn& syn : choose_syns(system_random)) {
            lowest = std::min(lowest, syn.port);
            highest = std::max(highest, syn.port);
            sequences.insert(syn.sequence);
        }
    }
    CHECK(lowest < 1024 + 200); // missed with a chance of exp(-28)
    CHECK(highest > 65535 - 200);
    CHECK(sequences.size() > 8900);
}
