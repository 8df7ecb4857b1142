#include "net/request_shape.h"

#include "base/bytes.h"

namespace otk {

namespace {

// RFC 3629 section 4. What a first byte says: how many bytes follow, and from which code point on so many are
// needed; a code point below that would have a shorter form.
struct Lead {
    std::uint8_t mask;
    std::uint8_t mark;
    unsigned following;
    std::uint32_t least;
};
constexpr std::array leads{Lead{0x80, 0x00, 0, 0}, Lead{0xe0, 0xc0, 1, 0x80}, Lead{0xf0, 0xe0, 2, 0x800},
                           Lead{0xf8, 0xf0, 3, 0x10000}};

std::optional<std::uint32_t> next_code_point(Reader& reader) {
    const std::uint8_t first = *reader.u8();
    for (const Lead& lead : leads) {
        if ((first & lead.mask) != lead.mark) continue;
        std::uint32_t point = first & static_cast<std::uint8_t>(~lead.mask);
        for (unsigned i = 0; i < lead.following; ++i) {
            const auto byte = reader.u8();
            if (!byte || (*byte & 0xc0) != 0x80) return std::nullopt;
            point = point << 6 | (*byte & 0x3fU);
        }
        const bool surrogate = point >= 0xd800 && point <= 0xdfff;
        if (point < lead.least || surrogate || point > 0x10ffff) return std::nullopt;
        return point;
    }
    return std::nullopt; // a byte that begins nothing
}

bool is_control(std::uint32_t point) { return point < 0x20 || (point >= 0x7f && point < 0xa0); }

} // namespace

bool valid_argument(std::string_view text) {
    if (text.size() > longest_argument) return false;
    Reader reader(as_bytes(text));
    while (!reader.empty()) {
        const auto point = next_code_point(reader);
        if (!point || is_control(*point)) return false;
    }
    return true;
}

} // namespace otk
