#include "base/secret.h"

#include "base/text.h"

namespace otk {

bool equal_in_constant_time(Bytes left, Bytes right) {
    if (left.size() != right.size()) return false;
    volatile std::uint8_t difference = 0;
    for (std::size_t i = 0; i < left.size(); ++i) {
        difference = static_cast<std::uint8_t>(difference | (left[i] ^ right[i]));
    }
    return difference == 0;
}

bool secret_from_hex(std::string_view digits, MutableBytes secret) {
    if (digits.size() != 2 * secret.size()) return false;
    for (std::size_t i = 0; i < secret.size(); ++i) {
        const auto high = hex_digit(digits[2 * i]);
        const auto low = hex_digit(digits[2 * i + 1]);
        if (!high || !low) return false;
        secret[i] = static_cast<std::uint8_t>(*high << 4U | *low);
    }
    return true;
}

SecretText secret_as_hex_line(Bytes secret, std::string_view before) {
    std::vector<std::uint8_t> line;
    line.reserve(before.size() + 2 * secret.size() + 1); // it never grows while it holds the secret
    line.assign(before.begin(), before.end());
    for (const std::uint8_t byte : secret) {
        line.push_back(static_cast<std::uint8_t>(hex_digits[byte >> 4U]));
        line.push_back(static_cast<std::uint8_t>(hex_digits[byte & 15U]));
    }
    line.push_back('\n');
    return SecretText(std::move(line));
}

} // namespace otk
