// How the messages of lib/request are put together: fields that more than one of them has. Inside lib/request
// only.
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "request/asking.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace otk::wire {

void append(std::vector<std::uint8_t>& out, Bytes bytes);
// The lowest `size` bytes of the number, big-endian.
void append_number(std::vector<std::uint8_t>& out, std::uint64_t number, std::size_t size);
// Of at most 8 bytes.
[[nodiscard]] std::uint64_t number_of(Bytes bytes);

inline constexpr std::size_t value_field_size = 16; // of a sha256 value: what every message begins with
inline constexpr std::size_t time_size = 8;
// Seconds since 1970. REQUIRES whole seconds, not before 1970.
void append_time(std::vector<std::uint8_t>& out, Time time);
// Nothing for what a Time cannot hold (from 2262-04-12 on).
[[nodiscard]] std::optional<Time> read_time(Bytes field);

// What every signed message begins with: the domain, a zero byte, the server's id, the command with its
// length. No domain holds a zero byte, so none is the beginning of another.
[[nodiscard]] std::vector<std::uint8_t> begin_signed(std::string_view domain, const Addressee& addressee);

} // namespace otk::wire
