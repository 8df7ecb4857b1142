// Bytes and times as columns of a row; for this library only.
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "store/database.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

namespace otk {

// The number behind an id.
template <typename Id>
[[nodiscard]] constexpr std::int64_t number_of(Id id) {
    return static_cast<std::int64_t>(static_cast<std::underlying_type_t<Id>>(id));
}

// The bytes of a blob or text; they live until the statement takes its next step.
[[nodiscard]] inline Bytes bytes_of(const SQLite::Column& column) {
    // In this order: asking for the bytes may convert the column, and the size is that of what was asked for
    // last.
    const auto* from = static_cast<const std::uint8_t*>(column.getBlob());
    return {from, static_cast<std::size_t>(column.getBytes())};
}

// A blob of exactly this size, or nothing.
template <std::size_t size>
[[nodiscard]] std::optional<std::array<std::uint8_t, size>> array_of(const SQLite::Column& column) {
    const Bytes bytes = bytes_of(column);
    if (bytes.size() != size) return std::nullopt;
    std::array<std::uint8_t, size> array{};
    std::copy(bytes.begin(), bytes.end(), array.begin());
    return array;
}

inline void bind_bytes(SQLite::Statement& statement, int index, Bytes bytes) {
    // An empty view may have no address, and SQLite would take that for NULL.
    const void* from = bytes.empty() ? static_cast<const void*>("") : bytes.data();
    statement.bind(index, from, static_cast<int>(bytes.size()));
}

// Not copied: they stay where they are until the statement was carried out.
inline void lend_bytes(SQLite::Statement& statement, int index, Bytes bytes) {
    const void* from = bytes.empty() ? static_cast<const void*>("") : bytes.data();
    statement.bindNoCopy(index, from, static_cast<int>(bytes.size()));
}

inline void bind_text(SQLite::Statement& statement, int index, std::string_view text) {
    statement.bind(index, std::string(text));
}

inline void bind_time(SQLite::Statement& statement, int index, std::optional<Time> time) {
    if (time)
        statement.bind(index, to_nanoseconds(*time));
    else
        statement.bind(index); // NULL
}

} // namespace otk
