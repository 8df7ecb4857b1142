#include "base/text.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace otk {

std::string to_hex(Bytes bytes) {
    std::string text;
    text.reserve(2 * bytes.size());
    for (const std::uint8_t byte : bytes) {
        text += hex_digits[byte >> 4];
        text += hex_digits[byte & 15];
    }
    return text;
}

std::string to_base32(Bytes bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string text;
    text.reserve((8 * bytes.size() + 4) / 5);
    std::uint32_t held = 0; // bits not yet written, the lowest `held_bits` of it
    unsigned held_bits = 0;
    for (const std::uint8_t byte : bytes) {
        held = held << 8 | byte;
        held_bits += 8;
        for (; held_bits >= 5; held_bits -= 5)
            text += digits[held >> (held_bits - 5) & 31];
    }
    if (held_bits > 0) text += digits[held << (5 - held_bits) & 31];
    return text;
}

std::optional<std::uint8_t> hex_digit(char c) {
    if (is_digit(c)) return static_cast<std::uint8_t>(c - '0');
    const char lower = to_lower(c);
    if (lower >= 'a' && lower <= 'f') return static_cast<std::uint8_t>(lower - 'a' + 10);
    return std::nullopt;
}

std::optional<std::vector<std::uint8_t>> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    std::vector<std::uint8_t> bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const auto high = hex_digit(text[i]);
        const auto low = hex_digit(text[i + 1]);
        if (!high || !low) return std::nullopt;
        bytes.push_back(static_cast<std::uint8_t>(*high << 4 | *low));
    }
    return bytes;
}

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string to_lower(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return to_lower(c); });
    return lower;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_alphanumeric(char c) {
    const char lower = to_lower(c);
    return is_digit(c) || (lower >= 'a' && lower <= 'z');
}

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> pieces;
    for (;;) {
        const std::size_t at = text.find(separator);
        pieces.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return pieces;
        text.remove_prefix(at + 1);
    }
}

std::optional<std::uint64_t> parse_decimal(std::string_view text, std::uint64_t largest) {
    if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
    std::uint64_t number = 0;
    for (const char c : text) {
        if (!is_digit(c)) return std::nullopt;
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (number > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return std::nullopt;
        number = number * 10 + digit;
    }
    return number <= largest ? std::optional(number) : std::nullopt;
}

std::string format_utc(Time time, bool with_milliseconds) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const auto calendar = fmt::gmtime(static_cast<std::time_t>(seconds.time_since_epoch().count()));
    std::string text = fmt::format("{:%Y-%m-%dT%H:%M:%S}", calendar);
    if (with_milliseconds) {
        text += fmt::format(".{:03}", std::chrono::floor<std::chrono::milliseconds>(time - seconds).count());
    }
    return text + "Z";
}

namespace {

struct DurationUnit {
    char letter;
    std::int64_t seconds;
};
constexpr std::array duration_units{DurationUnit{'d', 86400}, DurationUnit{'h', 3600}, DurationUnit{'m', 60},
                                    DurationUnit{'s', 1}};

} // namespace

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
    if (text.size() < 2) return std::nullopt;
    for (const DurationUnit& unit : duration_units) {
        if (text.back() != unit.letter) continue;
        // A hundred years is longer than any rule here can mean, and keeps every sum far from overflow.
        constexpr std::int64_t longest = std::int64_t{100} * 366 * 86400;
        const auto number = parse_decimal(text.substr(0, text.size() - 1),
                                          static_cast<std::uint64_t>(longest / unit.seconds));
        if (!number || *number == 0) return std::nullopt;
        return std::chrono::seconds{static_cast<std::int64_t>(*number) * unit.seconds};
    }
    return std::nullopt;
}

std::string format_duration(std::chrono::seconds duration) {
    for (const DurationUnit& unit : duration_units) {
        if (duration.count() != 0 && duration.count() % unit.seconds == 0) {
            return fmt::format("{}{}", duration.count() / unit.seconds, unit.letter);
        }
    }
    return "0s";
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        const bool plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
        if (plain) {
            out += c;
        } else {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
    return out;
}

} // namespace otk
