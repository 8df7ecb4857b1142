// From a frame to the places where a knock may stand. The first byte chooses the link type.
#include "base/promise.h"
#include "net/knock.h"

#include <cstddef>

using namespace otk;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Bytes frame(data + 1, size - 1);
    const auto packet = decode_packet(static_cast<LinkType>(data[0] % 5), frame);
    if (!packet) return 0;
    promise(packet->payload.size() < frame.size(), "a packet has no more bytes than its frame");
    promise(packet->source.well_formed() && packet->destination.well_formed(), "a packet has addresses");
    if (packet->transport == Transport::tcp_syn) {
        promise(packet->payload.empty(), "nothing behind the header of a SYN is read");
        return 0;
    }
    promise(packet->sequence == 0, "only a SYN has a sequence number");
    const bool udp = packet->transport == Transport::udp;
    for (const Candidate& candidate :
         udp ? udp_candidates(packet->payload) : icmp_candidates(packet->payload)) {
        promise(candidate.bytes.data() + candidate.bytes.size() <= data + size,
                "a candidate lies in its frame");
    }
    return 0;
}
