#include "net/knock.h"

#include "base/promise.h"
#include "base/text.h"

#include <algorithm>

namespace otk {

namespace {

constexpr std::size_t short_value = 8; // bytes of a 64-bit chain's value
constexpr std::size_t long_value = 16; // of sha256
constexpr std::size_t shortest_text = 8;

constexpr std::size_t shortest_label = 11;     // six words of one letter and what parts them
constexpr std::size_t longest_label_text = 63; // RFC 1035 section 2.3.4
constexpr std::array<std::size_t, 2> base32_lengths{13, 26};

constexpr std::string_view blanks = " \t";

std::string_view without_line_end(std::string_view text) {
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    return text;
}

std::string_view without_blanks(std::string_view text) {
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// Objects and not functions, because algorithms call functions by their address, once for each byte.
constexpr auto printable_byte = [](char c) { return (c >= ' ' && c <= '~') || c == '\t'; };

std::optional<Candidate> text_candidate(Bytes payload) {
    if (payload.size() < shortest_text || payload.size() > largest_payload) return std::nullopt;
    std::string_view line = without_line_end(as_text(payload));
    if (!std::all_of(line.begin(), line.end(), printable_byte)) return std::nullopt;
    line = without_blanks(line);

    Candidate candidate;
    candidate.shape = Shape::text;
    const std::size_t blank = line.find_last_of(blanks);
    const std::string_view last_word = blank == std::string_view::npos ? line : line.substr(blank + 1);
    if (const auto address = Address::parse(last_word)) {
        candidate.named = *address;
        line = without_blanks(line.substr(0, line.size() - last_word.size()));
    }
    if (line.empty()) return std::nullopt;
    candidate.bytes = as_bytes(line);
    return candidate;
}

bool begins_alike(Bytes left, Bytes right) {
    return std::equal(left.begin(), left.begin() + short_value, right.begin());
}

// The payload from the offset on, where a value may begin; nothing when too little is left, or when one that
// is there already begins with the same 8 bytes: ping repeats a short pattern, and one packet must not look
// like two knocks.
void add_raw_at(Candidates& candidates, Bytes payload, std::size_t offset) {
    if (payload.size() < offset + short_value) return;
    Candidate candidate;
    candidate.shape = Shape::raw;
    candidate.bytes = payload.subspan(offset);
    const bool repeated = std::any_of(candidates.begin(), candidates.end(), [&](const Candidate& earlier) {
        return earlier.shape == Shape::raw && begins_alike(earlier.bytes, candidate.bytes);
    });
    if (!repeated) candidates.add(candidate);
}

// value(8) and IPv4 address(4).
Candidate value_with_address(Bytes payload) {
    Candidate candidate;
    candidate.shape = Shape::raw;
    candidate.bytes = payload.first(short_value);
    candidate.only_64_bit = true;
    candidate.named = Address::ipv4(payload.subspan<short_value, 4>());
    return candidate;
}

constexpr auto separator_byte = [](char c) { return c == '-' || c == '_'; };
constexpr auto label_byte = [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || separator_byte(c);
};

// "203-0-113-9".
std::optional<Address> dashed_ipv4(std::string_view text) {
    std::array<std::uint8_t, 4> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const std::size_t dash = text.find('-');
        const bool last = i + 1 == bytes.size();
        if (last != (dash == std::string_view::npos)) return std::nullopt;
        const auto number = parse_decimal(text.substr(0, dash), 255);
        if (!number) return std::nullopt;
        bytes[i] = static_cast<std::uint8_t>(*number);
        if (!last) text.remove_prefix(dash + 1);
    }
    return Address::ipv4(bytes);
}

// 32 hex digits.
std::optional<Address> hex_ipv6(std::string_view text) {
    std::array<std::uint8_t, 16> bytes{};
    if (text.size() != 2 * bytes.size()) return std::nullopt;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto high = hex_digit(text[2 * i]);
        const auto low = hex_digit(text[2 * i + 1]);
        if (!high || !low) return std::nullopt;
        bytes[i] = static_cast<std::uint8_t>(*high << 4 | *low);
    }
    return Address::ipv6(bytes);
}

} // namespace

std::string_view name_of(Carrier carrier) {
    switch (carrier) {
    case Carrier::udp: return "udp";
    case Carrier::icmp: return "icmp";
    case Carrier::dns: return "dns";
    }
    return "unknown";
}

void Candidates::add(const Candidate& candidate) {
    promise(size_ < candidates_.size(), "more places for a knock in a packet than the grammar has");
    candidates_[size_++] = candidate;
}

Candidate value_of_message(Bytes message) {
    Candidate candidate;
    candidate.shape = Shape::raw;
    candidate.bytes = message.first(long_value);
    candidate.whole = true;
    candidate.message = message;
    return candidate;
}

Candidates udp_candidates(Bytes payload) {
    Candidates candidates;
    if (payload.size() == short_value || payload.size() == long_value) {
        Candidate raw;
        raw.shape = Shape::raw;
        raw.bytes = payload;
        raw.whole = true;
        candidates.add(raw);
    }
    if (looks_signed(payload))
        candidates.add(value_of_message(payload));
    else if (const auto text = text_candidate(payload))
        candidates.add(*text);
    return candidates;
}

Candidates dynamic_candidates(Bytes payload) {
    Candidates candidates;
    if (looks_like_dynamic_request(payload)) candidates.add(value_of_message(payload));
    return candidates;
}

Candidates icmp_candidates(Bytes payload) {
    Candidates candidates;
    const auto text = text_candidate(payload);
    if (text) candidates.add(*text);

    constexpr std::size_t value_and_address = short_value + 4;
    if (payload.size() == value_and_address) {
        const Bytes tail = payload.last(4);
        const bool repeated = std::equal(tail.begin(), tail.end(), payload.begin());
        if (!repeated) {
            candidates.add(value_with_address(payload));
            return candidates;
        }
    }
    if (looks_signed(payload))
        candidates.add(value_of_message(payload));
    else
        add_raw_at(candidates, payload, 0);
    if (text) return candidates;
    // In this order, so that of two that begin alike the one with more bytes behind it stays.
    for (const std::size_t offset : {8U, 16U, 24U}) {
        add_raw_at(candidates, payload, offset);
    }
    return candidates;
}

Candidates dns_candidates(std::string_view label) {
    Candidates candidates;
    if (label.size() < shortest_label || label.size() > longest_label_text) return candidates;
    if (!std::all_of(label.begin(), label.end(), label_byte)) return candidates;

    Candidate candidate;
    candidate.shape = Shape::label;
    candidate.bytes = as_bytes(label);
    const auto separator =
        static_cast<std::size_t>(std::find_if(label.begin(), label.end(), separator_byte) - label.begin());
    const bool after_base32 =
        separator < label.size() &&
        std::find(base32_lengths.begin(), base32_lengths.end(), separator) != base32_lengths.end();
    if (after_base32) {
        const std::string_view tail = label.substr(separator + 1);
        const auto ipv4 = dashed_ipv4(tail);
        const auto address = ipv4 ? ipv4 : hex_ipv6(tail);
        if (!address || label[separator] != '-') return candidates;
        candidate.bytes = candidate.bytes.first(separator);
        candidate.named = *address;
    }
    candidates.add(candidate);
    return candidates;
}

} // namespace otk
