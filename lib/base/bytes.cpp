#include "base/bytes.h"

#include <algorithm>

namespace otk {

Bytes as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view as_text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::optional<Bytes> Reader::take(std::size_t n) {
    if (n > rest_.size()) return std::nullopt;
    const Bytes taken = rest_.first(n);
    rest_ = rest_.subspan(n);
    return taken;
}

bool Reader::skip(std::size_t n) {
    if (n > rest_.size()) return false;
    rest_ = rest_.subspan(n);
    return true;
}

namespace {

template <typename Unsigned>
std::optional<Unsigned> big_endian(Reader& reader) {
    // Every packet of a flood comes by here several times: the bytes are read where they are.
    const Bytes bytes = reader.rest();
    if (!reader.skip(sizeof(Unsigned))) return std::nullopt;
    Unsigned value = 0;
    for (const std::uint8_t byte : bytes.first(sizeof(Unsigned))) {
        value = static_cast<Unsigned>((static_cast<std::uint64_t>(value) << 8) | byte);
    }
    return value;
}

} // namespace

std::optional<std::uint8_t> Reader::u8() { return big_endian<std::uint8_t>(*this); }
std::optional<std::uint16_t> Reader::u16() { return big_endian<std::uint16_t>(*this); }
std::optional<std::uint32_t> Reader::u32() { return big_endian<std::uint32_t>(*this); }

void Reader::shrink_to(std::size_t n) { rest_ = rest_.first(std::min(n, rest_.size())); }

} // namespace otk
