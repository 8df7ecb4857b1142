// P2 and P3: what both ends say once P1 is accepted.
#include "base/promise.h"
#include "request/dynamic.h"
#include "request/dynamic_keys.h"
#include "request/wire.h"

#include <algorithm>

namespace otk {

namespace {

using dynamic::nonce_of;

constexpr std::size_t counter_size = 8;
constexpr std::size_t message_head_size = 16 + 1 + counter_size; // before the box
constexpr std::size_t text_size = 48;
static_assert(message_head_size + text_size + evp::tag_size == dynamic_message_size);
using Message = std::array<std::uint8_t, dynamic_message_size>;
using Text = std::array<std::uint8_t, text_size>; // what a box holds

Message seal(const DynamicId& id, std::uint8_t type, std::uint64_t counter, const SecretArray<32>& key,
             const Text& text) {
    std::vector<std::uint8_t> head;
    wire::append(head, id);
    head.push_back(type);
    wire::append_number(head, counter, counter_size);
    Message message{};
    std::copy(head.begin(), head.end(), message.begin());
    evp::seal(key.view(), nonce_of(counter), head, text, MutableBytes(message).subspan(message_head_size));
    return message;
}

struct Opened {
    std::uint64_t counter = 0;
    Text text{};
};

// Nothing but for a message of that type and id, authentic, with a counter above `least`.
std::optional<Opened> open(Bytes packet, const DynamicId& id, std::uint8_t type, std::uint64_t least,
                           const SecretArray<32>& key) {
    if (packet.size() != dynamic_message_size || packet[type_offset] != type) return std::nullopt;
    if (!std::equal(id.begin(), id.end(), packet.begin())) return std::nullopt;
    Opened opened;
    opened.counter = wire::number_of(packet.subspan(type_offset + 1, counter_size));
    if (opened.counter <= least) return std::nullopt;
    if (!evp::open(key.view(), nonce_of(opened.counter), packet.first(message_head_size),
                   packet.subspan(message_head_size), opened.text))
        return std::nullopt;
    return opened;
}

// The next number of packets sent. It would take 2^64 packets to come to the end.
std::uint64_t next(std::uint64_t& counter) {
    promise(counter != UINT64_MAX, "a counter of packets never comes round");
    return ++counter;
}

bool only_zeros(Bytes bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

Text format_answer(const DynamicAnswer& answer) {
    const bool open = answer.status == DynamicStatus::open;
    promise(!open || answer.port != 0, "an open door has a port");
    std::vector<std::uint8_t> out;
    out.push_back(static_cast<std::uint8_t>(answer.status));
    wire::append_number(out, open ? answer.port : 0, 2);
    wire::append_number(out, open ? answer.seconds : 0, 4);
    append_address(out, answer.seen);
    Text text{};
    std::copy(out.begin(), out.end(), text.begin());
    return text;
}

std::optional<DynamicAnswer> parse_answer(const Text& text) {
    Reader reader(text);
    DynamicAnswer answer;
    const std::uint8_t status = *reader.u8();
    if (status > static_cast<std::uint8_t>(DynamicStatus::over)) return std::nullopt;
    answer.status = static_cast<DynamicStatus>(status);
    answer.port = *reader.u16();
    answer.seconds = *reader.u32();
    const bool open = answer.status == DynamicStatus::open;
    if (open ? answer.port == 0 : answer.port != 0 || answer.seconds != 0) return std::nullopt;
    const auto seen = read_any_address(*reader.take(address_field_size));
    if (!seen || !only_zeros(reader.rest())) return std::nullopt;
    answer.seen = *seen;
    return answer;
}

} // namespace

std::array<std::uint8_t, dynamic_message_size> DynamicClient::ask() {
    return seal(keys_.id, dynamic_question_type, next(asked_), keys_.to_server, Text{});
}

std::optional<DynamicAnswer> DynamicClient::answer(Bytes packet) {
    const auto opened = open(packet, keys_.id, dynamic_answer_type, answered_, keys_.to_client);
    if (!opened) return std::nullopt;
    answered_ = opened->counter;
    return parse_answer(opened->text);
}

bool DynamicServer::takes(Bytes packet) {
    const auto opened = open(packet, keys_.id, dynamic_question_type, heard_, keys_.to_server);
    if (!opened) return false;
    heard_ = opened->counter;
    return only_zeros(opened->text);
}

std::array<std::uint8_t, dynamic_message_size> DynamicServer::answer(const DynamicAnswer& answer) {
    return seal(keys_.id, dynamic_answer_type, next(said_), keys_.to_client, format_answer(answer));
}

} // namespace otk
