// P2 and P3, within a request that was accepted. A first byte of 0: the packet as it is, to both ends.
// Otherwise: what the box of a P3 holds, which the harness seals.
#include "request/dynamic_keys.h"
#include "request/evp.h"
#include "request/wire.h"
#include "request_ends.h"

#include <cstddef>
#include <vector>

using namespace otk;

namespace {

using fuzz::ends;

constexpr std::size_t text_size = 48;
constexpr std::size_t box_offset = dynamic_message_size - evp::tag_size - text_size;

DynamicClient client() {
    DynamicRequest request;
    request.value = ends().value;
    request.syns = {{{1, 1}, {2, 2}, {3, 3}}};
    return ends().asking(request);
}

DynamicServer server(const DynamicClient& client) {
    auto opened = open_dynamic_request(client.request(), ends().server);
    promise(static_cast<bool>(opened), "the client's own request opens");
    return DynamicServer(std::move(std::move(opened).take().keys));
}

void check_sealed(Bytes text) {
    const auto share = ends().client.share_with(ends().server.public_key());
    const auto keys =
        dynamic::derive(*share, ends().value, ends().server.public_key(), ends().client.public_key());
    std::vector<std::uint8_t> packet;
    wire::append(packet, keys.later.id);
    packet.push_back(dynamic_answer_type);
    wire::append_number(packet, 1, 8); // the counter
    const auto head = packet;
    packet.resize(dynamic_message_size);
    evp::seal(keys.later.to_client.view(), dynamic::nonce_of(1), head, text,
              MutableBytes(packet).subspan(box_offset));

    DynamicClient asking = client();
    const auto heard = asking.answer(packet);
    if (!heard) return;
    promise(!asking.answer(packet), "an answer is heard once");
    const auto written = server(asking).answer(*heard);
    promise(std::equal(packet.begin(), packet.end(), written.begin()), "an answer has one spelling");
}

void check_raw(Bytes packet) {
    DynamicClient asking = client();
    DynamicServer answering = server(asking);
    // The keys depend on no more than the value and the client's key, so the vectors' own packets are valid.
    const bool taken = answering.takes(packet);
    promise(!taken || id_of_dynamic_question(packet) == answering.id(), "a question gives its id");
    promise(!answering.takes(packet), "a question is taken once");
    const bool heard = asking.answer(packet).has_value();
    promise(!(taken && heard), "no packet is both question and answer");
    if (!taken)
        promise(answering.takes(asking.ask()), "what is refused takes nothing away from the true one");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    if (data[0] == 0) {
        check_raw(Bytes(data + 1, size - 1));
    } else {
        std::vector<std::uint8_t> text(data + 1, data + size);
        text.resize(text_size);
        check_sealed(text);
    }
    return 0;
}
