// P1. A first byte of 0: the packet as it is. Otherwise: what its box holds, which the harness seals, because
// no fuzzer finds a key.
#include "request/dynamic_keys.h"
#include "request/evp.h"
#include "request/wire.h"
#include "request_ends.h"

#include <cstddef>
#include <vector>

using namespace otk;

namespace {

using fuzz::ends;

constexpr std::size_t box_offset = dynamic::request_head_size;
constexpr std::size_t text_size = dynamic_request_size - box_offset - evp::tag_size;

std::vector<std::uint8_t> sealed(Bytes text) {
    const ExchangeKey client = ends().client.public_key();
    const auto share = ends().client.share_with(ends().server.public_key());
    const auto keys = dynamic::derive(*share, ends().value, ends().server.public_key(), client);
    std::vector<std::uint8_t> packet;
    wire::append(packet, ends().value.view());
    packet.push_back(dynamic_request_type);
    wire::append(packet, client);
    const auto head = packet;
    packet.resize(dynamic_request_size);
    evp::seal(keys.request.view(), dynamic::nonce_of(0), head, text,
              MutableBytes(packet).subspan(box_offset));
    return packet;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::vector<std::uint8_t> packet(data + 1, data + size);
    if (data[0] != 0) {
        packet.resize(text_size);
        packet = sealed(packet);
    }
    const auto opened = open_dynamic_request(packet, ends().server);
    if (!opened) {
        promise(data[0] == 0 || opened.reason() != BadRequest::box, "what was sealed by the rules opens");
        return 0;
    }
    promise(looks_like_dynamic_request(packet), "what opens has the shape that capture looks for");
    const bool valid =
        verify(*opened, packet, ends().public_key, ends().addressee, ends().server.public_key());
    const DynamicClient client = ends().asking(opened->request);
    promise(valid == std::equal(packet.begin(), packet.end(), client.request().begin()),
            "it verifies if its owner makes the same packet of it, and only then");
    return 0;
}
