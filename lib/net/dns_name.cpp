#include "net/dns_name.h"

#include <algorithm>

namespace otk {

namespace {

// ASCII only (RFC 4343), and here so that the compiler sees it: this runs on every octet of every question.
std::uint8_t lowered(std::uint8_t octet) {
    const bool upper = octet >= 'A' && octet <= 'Z';
    return upper ? static_cast<std::uint8_t>(octet + ('a' - 'A')) : octet;
}

bool equal_without_case(Bytes left, Bytes right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](std::uint8_t a, std::uint8_t b) { return lowered(a) == lowered(b); });
}

} // namespace

std::optional<std::size_t> find_suffix(Bytes name, Bytes suffix) {
    // Only a start of a label that leaves just the suffix's length can be the place.
    std::size_t at = 0;
    while (name.size() - at > suffix.size()) {
        at += std::size_t{1} + name[at];
    }
    if (!equal_without_case(name.subspan(at), suffix)) return std::nullopt;
    return at;
}

} // namespace otk
