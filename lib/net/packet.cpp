#include "net/packet.h"

#include "net/layers.h"

namespace otk {

std::string_view name_of(Unread unread) {
    switch (unread) {
    case Unread::truncated: return "truncated";
    case Unread::malformed: return "malformed";
    case Unread::not_ip: return "not ip";
    case Unread::fragment: return "fragment";
    case Unread::not_a_carrier: return "not a carrier";
    }
    return "unknown";
}

Result<Packet, Unread> decode_packet(LinkType link, Bytes frame) {
    const auto carried = decode_link(link, frame);
    if (!carried) return carried.reason();
    const auto ip = decode_ip(*carried);
    if (!ip) return ip.reason();
    return decode_transport(*ip);
}

} // namespace otk
