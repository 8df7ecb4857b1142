// The shapes of the messages that carry more than a value (DESIGN 5 and 6; docs/PROTOCOL.md), as far as the
// knock grammar has to know them: by type byte and size alone, nothing hashed and nothing decrypted. What is
// in them is read by lib/request.
#pragma once

#include "base/bytes.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace otk {

inline constexpr std::size_t type_offset = 16; // behind the value, or the id

// value(16) | type(1) | family(1) address(16) | time(8) | argument length(2) | argument | signature(64)
inline constexpr std::uint8_t signed_knock_type = 0x01;
inline constexpr std::size_t longest_argument = 256; // bytes
inline constexpr std::size_t smallest_signed_knock = 16 + 1 + 17 + 8 + 2 + 64;
inline constexpr std::size_t largest_signed_knock = smallest_signed_knock + longest_argument;

// P1: value(16) | type(1) | key(32) | box(107 + 16)
inline constexpr std::uint8_t dynamic_request_type = 0x02;
inline constexpr std::size_t dynamic_request_size = 172;

// P2 and P3: id(16) | type(1) | counter(8) | box(48 + 16)
inline constexpr std::uint8_t dynamic_question_type = 0x03;
inline constexpr std::uint8_t dynamic_answer_type = 0x04;
inline constexpr std::size_t dynamic_message_size = 89;
using DynamicId = std::array<std::uint8_t, 16>; // tells the messages of one request from all others

inline constexpr std::size_t largest_request = largest_signed_knock;

// Is it a text that an argument may be: valid UTF-8 (shortest forms only), no control characters (C0, DEL,
// C1), at most longest_argument bytes. Here, because the parts of a privileged process ask it that read no
// requests.
[[nodiscard]] bool valid_argument(std::string_view text);

// The type byte is right and the size is what the length field says.
[[nodiscard]] bool looks_signed(Bytes payload);
[[nodiscard]] bool looks_like_dynamic_request(Bytes payload);
// The id of what may be a P2.
[[nodiscard]] std::optional<DynamicId> id_of_dynamic_question(Bytes payload);

} // namespace otk
