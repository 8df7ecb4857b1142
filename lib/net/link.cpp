#include "net/layers.h"

namespace otk {

namespace {

// pcap/dlt.h of libpcap 1.10 with the values that they have on Linux; this library does not link libpcap.
constexpr int dlt_null = 0;
constexpr int dlt_ethernet = 1;
constexpr int dlt_raw = 12;
constexpr int dlt_loop = 108;
constexpr int dlt_linux_sll = 113;
constexpr int dlt_ipv4 = 228;
constexpr int dlt_ipv6 = 229;
constexpr int dlt_linux_sll2 = 276;

// IANA's IEEE 802 numbers.
constexpr std::uint16_t ethertype_ipv4 = 0x0800;
constexpr std::uint16_t ethertype_ipv6 = 0x86dd;
constexpr std::uint16_t ethertype_vlan = 0x8100;         // 802.1Q
constexpr std::uint16_t ethertype_service_vlan = 0x88a8; // 802.1ad

constexpr int most_vlan_tags = 2;

// After the EtherType, wherever the link's header has it. On an `any` device the tag stands behind that
// header too.
Result<LinkPayload, Unread> after_ethertype(std::uint16_t ethertype, Reader& reader) {
    for (int tags = 0; ethertype == ethertype_vlan || ethertype == ethertype_service_vlan; ++tags) {
        if (tags == most_vlan_tags) return Unread::malformed;
        const bool has_tag = reader.skip(2); // priority and VLAN number
        const auto inner = reader.u16();
        if (!has_tag || !inner) return Unread::truncated;
        ethertype = *inner;
    }
    if (ethertype == ethertype_ipv4) return LinkPayload{4, reader.rest()};
    if (ethertype == ethertype_ipv6) return LinkPayload{6, reader.rest()};
    return Unread::not_ip;
}

// The EtherType stands `before` bytes into a header that goes on for `after` bytes behind it.
Result<LinkPayload, Unread> with_ethertype(Bytes frame, std::size_t before, std::size_t after) {
    Reader reader(frame);
    if (!reader.skip(before)) return Unread::truncated;
    const auto ethertype = reader.u16();
    if (!ethertype || !reader.skip(after)) return Unread::truncated;
    return after_ethertype(*ethertype, reader);
}

// DLT_NULL has the address family in the byte order of the host that captured, DLT_LOOP in network order. All
// families that matter fit one byte, so whichever end holds it tells.
Result<LinkPayload, Unread> after_family(Bytes frame) {
    Reader reader(frame);
    const auto family = reader.take(4);
    if (!family) return Unread::truncated;
    if ((*family)[1] != 0 || (*family)[2] != 0) return Unread::not_ip;
    if ((*family)[0] != 0 && (*family)[3] != 0) return Unread::not_ip;
    switch ((*family)[0] | (*family)[3]) {
    case 2: return LinkPayload{4, reader.rest()};  // AF_INET everywhere
    case 10:                                       // AF_INET6 of Linux,
    case 24:                                       // of NetBSD and OpenBSD,
    case 28:                                       // of FreeBSD,
    case 30: return LinkPayload{6, reader.rest()}; // of Darwin
    default: return Unread::not_ip;
    }
}

} // namespace

std::optional<LinkType> link_type_of(int dlt) {
    switch (dlt) {
    case dlt_ethernet: return LinkType::ethernet;
    case dlt_linux_sll: return LinkType::linux_cooked;
    case dlt_linux_sll2: return LinkType::linux_cooked2;
    case dlt_raw:
    case dlt_ipv4:
    case dlt_ipv6: return LinkType::raw_ip;
    case dlt_null:
    case dlt_loop: return LinkType::bsd_loopback;
    default: return std::nullopt;
    }
}

Result<LinkPayload, Unread> decode_link(LinkType link, Bytes frame) {
    switch (link) {
    case LinkType::ethernet: return with_ethertype(frame, 12, 0);     // two addresses, type
    case LinkType::linux_cooked: return with_ethertype(frame, 14, 0); // LINKTYPE_LINUX_SLL: the type is last
    case LinkType::linux_cooked2:
        return with_ethertype(frame, 0, 18); // LINKTYPE_LINUX_SLL2: the type is first
    case LinkType::raw_ip: return LinkPayload{0, frame};
    case LinkType::bsd_loopback: return after_family(frame);
    }
    return Unread::not_ip; // a number that is no LinkType
}

} // namespace otk
