// The knock grammar. The first byte chooses the carrier.
#include "base/promise.h"
#include "net/knock.h"

#include <cstddef>

using namespace otk;

namespace {

Candidates candidates(unsigned carrier, Bytes payload) {
    if (carrier == 0) return udp_candidates(payload);
    if (carrier == 1) return icmp_candidates(payload);
    return dns_candidates(as_text(payload));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Bytes payload(data + 1, size - 1);
    for (const Candidate& candidate : candidates(data[0] % 3U, payload)) {
        promise(!candidate.bytes.empty() && candidate.bytes.size() <= payload.size(),
                "a candidate has a size");
        promise(candidate.bytes.data() >= payload.data(), "a candidate begins in its packet");
        promise(candidate.bytes.data() + candidate.bytes.size() <= data + size, "and ends in it");
        promise(candidate.named.well_formed(), "a named address is one");
        promise(candidate.message.empty() ||
                    (candidate.message.data() >= payload.data() &&
                     candidate.message.data() + candidate.message.size() <= data + size),
                "a message lies in its packet");
        promise(!candidate.whole || candidate.bytes.size() == 8 || candidate.bytes.size() == 16,
                "a whole value");
    }
    return 0;
}
