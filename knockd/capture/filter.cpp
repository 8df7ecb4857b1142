#include "knockd/capture/filter.h"

#include <fmt/format.h>

namespace otk {

std::string filter_expression(const message::CaptureSetup& setup, LinkType link) {
    std::string carriers;
    const auto add = [&carriers](const std::string& term) {
        carriers += (carriers.empty() ? "" : " or ") + term;
    };
    if (setup.udp) {
        for (std::size_t i = 0; i < setup.port_count; ++i)
            add(fmt::format("udp dst port {}", setup.ports[i]));
    }
    if (setup.dns) add("udp dst port 53");
    if (setup.dynamic) {
        add(fmt::format("udp dst port {}", setup.dynamic_port)); // P1 and P2; may be a knock port, too
        // SYN without FIN, RST and ACK: flags 2 of these 0x17. `tcp[..]` means IPv4 only.
        add("tcp[13] & 0x17 = 2");
        add("(ip6 and ip6[6] = 6 and ip6[53] & 0x17 = 2)");
    }
    if (setup.icmp) {
        add("icmp[icmptype] = icmp-echo");
        add("(ip6 and ip6[6] = 58 and ip6[40] = 128)");
    }
    // A next header of hop-by-hop options (0), routing (43), authentication (51) or destination options (60):
    // pcap's expressions do not follow the chain (`protochain` does, with a loop that the kernel refuses).
    add("(ip6 and (ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 51 or ip6[6] = 60))");

    // The cooked link types know no `vlan`: there the kernel has taken the tag away before the filter looks.
    // On Ethernet the keyword moves all that follows behind the tag, so the tagged forms come last.
    if (link != LinkType::ethernet) return carriers;
    return fmt::format("{0} or (vlan and ({0})) or (vlan and ({0}))", carriers);
}

} // namespace otk
