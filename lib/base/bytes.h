// Reading hostile bytes. Everything that came from a wire or a file is read through one Reader, whose
// view can only shrink: a length field that lies takes nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace otk {

using Bytes = std::span<const std::uint8_t>;  // borrowed, never owned
using MutableBytes = std::span<std::uint8_t>; // borrowed, never owned

// The same bytes under the other name. The view lives as long as what it was made from.
[[nodiscard]] Bytes as_bytes(std::string_view text);
[[nodiscard]] std::string_view as_text(Bytes bytes);

class Reader {
  public:
    explicit Reader(Bytes bytes) : rest_(bytes) {}

    // The next n bytes, or nothing (and the reader stays where it was) when fewer are left.
    [[nodiscard]] std::optional<Bytes> take(std::size_t n);
    [[nodiscard]] bool skip(std::size_t n);

    // Unsigned integers in network order (big-endian).
    [[nodiscard]] std::optional<std::uint8_t> u8();
    [[nodiscard]] std::optional<std::uint16_t> u16();
    [[nodiscard]] std::optional<std::uint32_t> u32();

    // Keeps at most the next n bytes in view: what a length field of an outer header allows.
    void shrink_to(std::size_t n);

    [[nodiscard]] Bytes rest() const { return rest_; }
    [[nodiscard]] std::size_t size() const { return rest_.size(); }
    [[nodiscard]] bool empty() const { return rest_.empty(); }

  private:
    Bytes rest_;
};

} // namespace otk
