// The kernel's filter, compiled by libpcap and run on frames: what must reach capture, and what must not.

#include "knockd/capture/filter.h"
#include "tests/unit/net/make_frame.h"

#include <doctest/doctest.h>

#include <linux/bpf_common.h>
#include <linux/filter.h>
#include <memory>
#include <pcap/pcap.h>

using namespace otk;
using make_frame::Buffer;

namespace {

struct Link {
    LinkType type;
    int dlt;
};
constexpr std::array links{Link{LinkType::ethernet, DLT_EN10MB}, Link{LinkType::linux_cooked, DLT_LINUX_SLL},
                           Link{LinkType::linux_cooked2, DLT_LINUX_SLL2}, Link{LinkType::raw_ip, DLT_RAW},
                           Link{LinkType::bsd_loopback, DLT_NULL}};

class Filter {
  public:
    Filter(const message::CaptureSetup& setup, Link link) : handle_(pcap_open_dead(link.dlt, 2048)) {
        const std::string expression = filter_expression(setup, link.type);
        CAPTURE(expression);
        const int status =
            pcap_compile(handle_.get(), &program_, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN);
        INFO(pcap_geterr(handle_.get()));
        REQUIRE(status == 0);
    }
    Filter(const Filter&) = delete;
    Filter& operator=(const Filter&) = delete;
    ~Filter() { pcap_freecode(&program_); }
    [[nodiscard]] bool passes(const Buffer& frame) const {
        pcap_pkthdr header{};
        header.caplen = header.len = static_cast<bpf_u_int32>(frame.size());
        return pcap_offline_filter(&program_, &header, frame.data()) != 0;
    }
    [[nodiscard]] unsigned instructions() const { return program_.bf_len; }

  private:
    struct Close {
        void operator()(pcap_t* handle) const { pcap_close(handle); }
    };
    std::unique_ptr<pcap_t, Close> handle_;
    bpf_program program_{};
};

message::CaptureSetup everything() {
    message::CaptureSetup setup;
    setup.udp = setup.icmp = setup.dns = true;
    setup.ports[0] = 62201;
    setup.ports[1] = 40000;
    setup.port_count = 2;
    return setup;
}

// The IP packet behind the header of a link.
Buffer on(LinkType link, const Buffer& ip) {
    const bool v6 = ip[0] >> 4 == 6;
    const Buffer ethertype = v6 ? Buffer{0x86, 0xdd} : Buffer{0x08, 0x00};
    Buffer frame;
    switch (link) {
    case LinkType::ethernet:
        frame = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
        make_frame::append(frame, ethertype);
        break;
    case LinkType::linux_cooked:
        frame = {0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0};
        make_frame::append(frame, ethertype);
        break;
    case LinkType::linux_cooked2:
        frame = ethertype;
        frame.insert(frame.end(), {0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0});
        break;
    case LinkType::raw_ip: break;
    case LinkType::bsd_loopback: // the family in the byte order of this host
        frame = v6 ? Buffer{10, 0, 0, 0} : Buffer{2, 0, 0, 0};
        break;
    }
    make_frame::append(frame, ip);
    return frame;
}

// An Ethernet frame with tags of these types before the packet.
Buffer tagged(const std::vector<std::uint16_t>& types, const Buffer& ip) {
    Buffer frame{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
    for (const std::uint16_t type : types) {
        make_frame::append_u16(frame, type);
        make_frame::append_u16(frame, 42);
    }
    make_frame::append_u16(frame, ip[0] >> 4 == 6 ? 0x86dd : 0x0800);
    make_frame::append(frame, ip);
    return frame;
}

const Buffer some_payload(16, 0x5a);

// A SYN, or a segment with other flags.
Buffer tcp(std::uint8_t flags = 2) {
    Buffer bytes = make_frame::tcp(62201, 1, flags);
    make_frame::append(bytes, some_payload);
    return bytes;
}

// Hop-by-hop options before what comes next.
Buffer extension(std::uint8_t next, const Buffer& behind) {
    Buffer bytes{next, 0, 1, 4, 0, 0, 0, 0};
    make_frame::append(bytes, behind);
    return bytes;
}

struct Case {
    const char* name;
    Buffer ip;
};

std::vector<Case> knocks() {
    using namespace make_frame;
    return {
        {"udp4", ipv4(17, make_frame::udp(62201, some_payload))},
        {"udp4, second port", ipv4(17, make_frame::udp(40000, some_payload))},
        {"udp4 with options", ipv4(17, make_frame::udp(62201, some_payload), Buffer(8, 1))},
        {"udp6", ipv6(17, make_frame::udp(62201, some_payload))},
        {"udp6, second port", ipv6(17, make_frame::udp(40000, some_payload))},
        {"dns4", ipv4(17, make_frame::udp(53, some_payload))},
        {"dns6", ipv6(17, make_frame::udp(53, some_payload))},
        {"echo request", ipv4(1, echo_request(8, some_payload))},
        {"echo request with options", ipv4(1, echo_request(8, some_payload), Buffer(4, 1))},
        {"echo request of ICMPv6", ipv6(58, echo_request(128, some_payload))},
        {"udp6 behind hop-by-hop options", ipv6(0, extension(17, make_frame::udp(62201, some_payload)))},
        {"udp6 behind routing", ipv6(43, extension(17, make_frame::udp(62201, some_payload)))},
        {"udp6 behind destination options", ipv6(60, extension(17, make_frame::udp(62201, some_payload)))},
        {"echo behind destination options", ipv6(60, extension(58, echo_request(128, some_payload)))}};
}

std::vector<Case> others() {
    using namespace make_frame;
    Buffer fragment = ipv4(17, make_frame::udp(62201, some_payload));
    fragment[7] = 10; // not the first fragment: there is no port in it
    return {{"tcp4 to the knock port", ipv4(6, tcp())},
            {"tcp6 to the knock port", ipv6(6, tcp())},
            {"udp4 to another port", ipv4(17, make_frame::udp(62202, some_payload))},
            {"udp6 to another port", ipv6(17, make_frame::udp(62202, some_payload))},
            {"udp4 from the knock port", ipv4(17, Buffer{0xf2, 0xf9, 0, 80, 0, 8, 0, 0})},
            {"echo reply", ipv4(1, echo_request(0, some_payload))},
            {"echo reply of ICMPv6", ipv6(58, echo_request(129, some_payload))},
            {"unreachable", ipv4(1, echo_request(3, some_payload))},
            {"neighbour solicitation", ipv6(58, echo_request(135, some_payload))},
            {"type 8 of ICMPv6", ipv6(58, echo_request(8, some_payload))},
            {"a later fragment", fragment},
            {"gre", ipv4(47, some_payload)}};
}

} // namespace

TEST_CASE("knocks of every carrier pass on every link, and nothing else does") {
    for (const Link link : links) {
        const Filter filter(everything(), link);
        for (const Case& knock : knocks()) {
            CAPTURE(link.dlt);
            CAPTURE(knock.name);
            CHECK(filter.passes(on(link.type, knock.ip)));
        }
        for (const Case& other : others()) {
            CAPTURE(link.dlt);
            CAPTURE(other.name);
            CHECK_FALSE(filter.passes(on(link.type, other.ip)));
        }
    }
}

TEST_CASE("on Ethernet one and two VLAN tags make no difference") {
    const Filter filter(everything(), links[0]);
    const std::vector<std::vector<std::uint16_t>> all_tags{
        {0x8100}, {0x88a8}, {0x8100, 0x8100}, {0x88a8, 0x8100}};
    for (const auto& tags : all_tags) {
        CAPTURE(tags.size());
        CAPTURE(tags[0]);
        for (const Case& knock : knocks()) {
            CAPTURE(knock.name);
            CHECK(filter.passes(tagged(tags, knock.ip)));
        }
        for (const Case& other : others()) {
            CAPTURE(other.name);
            CHECK_FALSE(filter.passes(tagged(tags, other.ip)));
        }
    }
}

TEST_CASE("a carrier that is switched off does not reach capture") {
    for (const Link link : links) {
        for (unsigned carriers = 0; carriers < 8; ++carriers) {
            message::CaptureSetup setup = everything();
            setup.udp = (carriers & 1) != 0;
            setup.icmp = (carriers & 2) != 0;
            setup.dns = (carriers & 4) != 0;
            const Filter filter(setup, link);
            using namespace make_frame;
            CAPTURE(carriers);
            CHECK(filter.passes(on(link.type, ipv4(17, make_frame::udp(62201, some_payload)))) == setup.udp);
            CHECK(filter.passes(on(link.type, ipv6(17, make_frame::udp(40000, some_payload)))) == setup.udp);
            CHECK(filter.passes(on(link.type, ipv4(1, echo_request(8, some_payload)))) == setup.icmp);
            CHECK(filter.passes(on(link.type, ipv6(58, echo_request(128, some_payload)))) == setup.icmp);
            CHECK(filter.passes(on(link.type, ipv4(17, make_frame::udp(53, some_payload)))) == setup.dns);
        }
    }
}

TEST_CASE("with dynamic mode its port and SYNs pass, and of TCP nothing else") {
    using namespace make_frame;
    for (const Link link : links) {
        message::CaptureSetup setup = everything();
        setup.dynamic = true;
        setup.dynamic_port = 40'001;
        const Filter filter(setup, link);
        CAPTURE(link.dlt);
        for (const Buffer& ip : {ipv4(17, make_frame::udp(40'001, some_payload)),
                                 ipv6(17, make_frame::udp(40'001, some_payload))}) {
            CHECK(filter.passes(on(link.type, ip)));
        }
        for (unsigned flags = 0; flags < 256; ++flags) {
            CAPTURE(flags);
            const Buffer segment = tcp(static_cast<std::uint8_t>(flags));
            const bool syn = (flags & 2) != 0 && (flags & (1 | 4 | 16)) == 0;
            CHECK(filter.passes(on(link.type, ipv4(6, segment))) == syn);
            CHECK(filter.passes(on(link.type, ipv4(6, segment, Buffer(8, 1)))) == syn);
            CHECK(filter.passes(on(link.type, ipv6(6, segment))) == syn);
            // What the filter cannot see into passes, and decode_packet decides.
            CHECK(filter.passes(on(link.type, ipv6(0, extension(6, segment)))));
            if (link.type != LinkType::ethernet) continue;
            CHECK(filter.passes(tagged({0x8100}, ipv4(6, segment))) == syn);
            CHECK(filter.passes(tagged({0x88a8, 0x8100}, ipv6(6, segment))) == syn);
        }
        for (const Case& other : others()) {
            CAPTURE(other.name);
            const bool syn = std::string_view(other.name).starts_with("tcp");
            CHECK(filter.passes(on(link.type, other.ip)) == syn);
        }
    }
}

TEST_CASE("the largest set-up still fits the kernel") {
    message::CaptureSetup setup = everything();
    setup.dynamic = true;
    setup.dynamic_port = 9'999;
    setup.port_count = most_ports;
    for (std::size_t i = 0; i < most_ports; ++i)
        setup.ports[i] = static_cast<std::uint16_t>(10'000 + 97 * i);
    for (const Link link : links) {
        const Filter filter(setup, link);
        CHECK(filter.instructions() <= BPF_MAXINSNS);
        for (const std::uint16_t port : setup.ports) {
            const Buffer datagram = make_frame::udp(port, some_payload);
            CHECK(filter.passes(on(link.type, make_frame::ipv4(17, datagram))));
            CHECK(filter.passes(on(link.type, make_frame::ipv6(17, datagram))));
            if (link.type == LinkType::ethernet) {
                CHECK(filter.passes(tagged({0x88a8, 0x8100}, make_frame::ipv6(17, datagram))));
            }
        }
    }
}

// decode_packet is the oracle: whatever it reads as a carrier must not be lost in the kernel.
TEST_CASE("frames of real programs that decode to a knock's carrier pass") {
    for (const frames::Captured& captured : frames::all) {
        const Buffer frame = frames::frame(captured);
        const auto packet = decode_packet(captured.link, frame);
        for (const Link link : links) {
            if (link.type != captured.link || !packet) continue;
            message::CaptureSetup setup = everything();
            setup.dynamic = true;
            if (packet->transport == Transport::udp) setup.ports[0] = packet->destination_port;
            CAPTURE(captured.name);
            CHECK(Filter(setup, link).passes(frame));
        }
    }
}
