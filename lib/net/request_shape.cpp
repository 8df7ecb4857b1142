#include "net/request_shape.h"

#include <algorithm>

namespace otk {

namespace {

constexpr std::size_t length_offset = 16 + 1 + 17 + 8;

bool has_type(Bytes payload, std::uint8_t type) {
    return payload.size() > type_offset && payload[type_offset] == type;
}

} // namespace

bool looks_signed(Bytes payload) {
    if (payload.size() < smallest_signed_knock || payload.size() > largest_signed_knock) return false;
    if (!has_type(payload, signed_knock_type)) return false;
    const std::size_t length =
        static_cast<std::size_t>(payload[length_offset]) << 8U | payload[length_offset + 1];
    return payload.size() == smallest_signed_knock + length;
}

bool looks_like_dynamic_request(Bytes payload) {
    return payload.size() == dynamic_request_size && has_type(payload, dynamic_request_type);
}

std::optional<DynamicId> id_of_dynamic_question(Bytes payload) {
    if (payload.size() != dynamic_message_size || !has_type(payload, dynamic_question_type))
        return std::nullopt;
    DynamicId id{};
    std::copy_n(payload.begin(), id.size(), id.begin());
    return id;
}

} // namespace otk
