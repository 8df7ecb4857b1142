// Signed knocks and dynamic requests in the knock grammar: where they may stand, by their shapes alone.

#include "base/text.h"
#include "net/knock.h"
#include "tests/unit/net/described.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace otk {
namespace {

std::string udp_described(std::string_view payload) { return described(udp_candidates(as_bytes(payload))); }
std::string icmp_described(std::string_view payload) { return described(icmp_candidates(as_bytes(payload))); }

} // namespace

namespace {

// Of the value 00 01 ... 0f, with an argument of so many bytes.
std::string signed_message(std::size_t argument = 0) {
    std::string message(smallest_signed_knock + argument, '\xa5');
    for (std::size_t i = 0; i < type_offset; ++i)
        message[i] = static_cast<char>(i);
    message[type_offset] = static_cast<char>(signed_knock_type);
    message[42] = static_cast<char>(argument >> 8);
    message[43] = static_cast<char>(argument & 0xff);
    return message;
}

constexpr std::string_view of_signed = "raw 000102030405060708090a0b0c0d0e0f whole of ";

// As a client does it, by another way than the decoder: five bits at a time, out of a text of bits.
std::string base32(std::string_view bytes) {
    std::string bits;
    for (const char byte : bytes) {
        for (int bit = 7; bit >= 0; --bit)
            bits += (static_cast<unsigned char>(byte) >> bit & 1) != 0 ? '1' : '0';
    }
    bits.append((5 - bits.size() % 5) % 5, '0');
    std::string text;
    for (std::size_t i = 0; i < bits.size(); i += 5)
        text += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[std::stoul(bits.substr(i, 5), nullptr, 2)];
    return text;
}

// The text in labels of so many characters.
std::string labels_of(const std::string& text, std::size_t size) {
    std::string front;
    for (std::size_t at = 0; at < text.size(); at += size) {
        const std::string label = text.substr(at, size);
        front += static_cast<char>(label.size());
        front += label;
    }
    return front;
}

std::string joined(const std::string& front) {
    RequestRoom room{};
    const auto bytes = join_labels(as_bytes(front), room);
    return bytes ? std::string(as_text(*bytes)) : "nothing";
}

std::string under_zone(const std::string& front) {
    Below below;
    below.front = as_bytes(front);
    for (std::size_t at = 0; at < front.size(); at += 1U + static_cast<unsigned char>(front[at])) {
        ++below.labels;
        below.label = std::string_view(front).substr(at + 1, static_cast<unsigned char>(front[at]));
    }
    RequestRoom room{};
    return described(dns_candidates(below, room));
}

} // namespace

TEST_CASE("a signed knock is a candidate as a whole, over udp and icmp") {
    for (const std::size_t argument : {0U, 1U, 255U, 256U}) {
        const std::string message = signed_message(argument);
        const std::string found = std::string(of_signed) + std::to_string(message.size());
        CHECK(udp_described(message) == found);
        CHECK(icmp_described(message).starts_with(found + "; raw "));
    }
    for (std::string wrong : {signed_message() + "x", signed_message(1).substr(0, 108)}) {
        CHECK(udp_described(wrong).empty());
        CHECK(icmp_described(wrong).find(" of ") == std::string::npos);
    }
    std::string other_type = signed_message();
    other_type[type_offset] = 2;
    CHECK(udp_described(other_type).empty());
}

TEST_CASE("a dynamic request is one on its own port only") {
    std::string message(dynamic_request_size, 'x');
    message[type_offset] = static_cast<char>(dynamic_request_type);
    CHECK(described(dynamic_candidates(as_bytes(message))) ==
          "raw 78787878787878787878787878787878 whole of 172");
    CHECK(udp_described(message).empty());
    CHECK(icmp_described(message).find(" of ") == std::string::npos);
    CHECK(dynamic_candidates(as_bytes(signed_message())).empty());
    CHECK(dynamic_candidates(as_bytes(message + "x")).empty());
    message[type_offset] = 1;
    CHECK(dynamic_candidates(as_bytes(message)).empty());
}

TEST_CASE("dns: a signed knock in labels, however they are cut") {
    for (const std::size_t argument : {0U, 1U, 2U, 3U, 4U, 39U}) {
        const std::string message = signed_message(argument);
        const std::string text = base32(message);
        for (const std::size_t size : {63U, 62U, 50U, 13U, 1U}) {
            CHECK(joined(labels_of(text, size)) == message);
            CHECK(under_zone(labels_of(text, size)) ==
                  std::string(of_signed) + std::to_string(message.size()));
        }
        CHECK(joined(labels_of(to_lower(text), 63)) == message);
    }
    // A zone of 15 octets leaves room for 39 bytes of argument.
    CHECK(labels_of(base32(signed_message(39)), 63).size() + 15 <= longest_name);
    CHECK(labels_of(base32(signed_message(40)), 63).size() + 15 > longest_name);
}

TEST_CASE("dns: digits that people take for letters are those letters") {
    const std::string message = signed_message();
    std::string text = base32(message);
    for (const auto& [letter, digit] : {std::pair{'O', '0'}, {'I', '1'}, {'B', '8'}})
        std::replace(text.begin(), text.end(), letter, digit);
    CHECK(joined(labels_of(text, 63)) == message);
}

TEST_CASE("dns: what is not the one base32 of some bytes is nothing") {
    const std::string text = base32(signed_message()); // 173 digits, of which the last has one spare bit
    REQUIRE(text.size() == 173);
    CHECK(joined(labels_of(text, 63)) != "nothing");
    for (const char other : {'B', '=', '9', '-', '_', '.', '\0', '\x80'}) {
        std::string wrong = text;
        wrong.back() = other; // B is 00001: the spare bit is set
        CAPTURE(other);
        CHECK(joined(labels_of(wrong, 63)) == "nothing");
    }
    CHECK(joined(labels_of(text + "A", 63)) == "nothing"); // a digit too many
    CHECK(joined(labels_of(text.substr(1), 63)) != joined(labels_of(text, 63)));
    CHECK(joined(labels_of(base32(std::string(364, 'x')), 63)) == std::string(364, 'x'));
    CHECK(joined(labels_of(base32(std::string(365, 'x')), 63)) == "nothing"); // no room
    CHECK(joined("\x05"
                 "AAAA") == "nothing"); // a label that is shorter than it says
    CHECK(joined("").empty());
}

TEST_CASE("dns: names on the way to a signed knock, as a resolver that minimises them asks, are none") {
    std::string front = labels_of(base32(signed_message()), 63);
    CHECK_FALSE(under_zone(front).empty());
    front.erase(0, 64);
    CHECK(under_zone(front).empty());
    front.erase(0, 64);
    CHECK(under_zone(front) == "label " + front.substr(1)); // as any name of one label
    CHECK(under_zone("").empty());
}

TEST_CASE("dns: several labels that hold something else are nothing") {
    std::string dynamic(dynamic_request_size, 'x');
    dynamic[type_offset] = static_cast<char>(dynamic_request_type);
    for (const std::string& message : {std::string(16, 'x'), std::string(108, 'x'),
                                       signed_message().substr(0, 107), signed_message() + "x", dynamic})
        CHECK(under_zone(labels_of(base32(message), 13)).empty());
}

TEST_CASE("dns: one label is what it always was") {
    const std::string label = base32(signed_message().substr(0, 16));
    CHECK(under_zone(labels_of(label, 63)) == "label " + label);
    CHECK(under_zone(labels_of(label, 13)).empty());
}

} // namespace otk
