// Random requests of all kinds, for the properties.
#pragma once

#include "request/dynamic.h"

#include <rapidcheck.h>
#include <string>
#include <vector>

namespace otk::property {

inline std::vector<std::uint8_t> random_bytes(std::size_t size) {
    return *rc::gen::container<std::vector<std::uint8_t>>(size, rc::gen::arbitrary<std::uint8_t>());
}

template <std::size_t size>
std::array<std::uint8_t, size> random_array() {
    const auto bytes = random_bytes(size);
    std::array<std::uint8_t, size> out{};
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}

inline ChainSecret random_secret() {
    const auto bytes = random_bytes(32);
    return ChainSecret::generate(
        Algorithm::sha256, [&](MutableBytes out) { std::copy(bytes.begin(), bytes.end(), out.begin()); });
}

inline ServerKey random_server() {
    const auto bytes = random_bytes(32);
    return ServerKey::generate([&](MutableBytes out) { std::copy(bytes.begin(), bytes.end(), out.begin()); });
}

inline Address random_address() {
    const auto address = *rc::gen::elementOf(std::vector{0, 4, 6});
    if (address == 0) return {};
    // Random ones are usable but for the few that are made so.
    auto bytes = random_array<16>();
    bytes[0] = 0x20;
    return address == 4 ? Address::ipv4(std::span(bytes).first<4>()) : Address::ipv6(bytes);
}

inline Time random_time() {
    return Time{std::chrono::seconds{*rc::gen::inRange<std::int64_t>(0, 9223372037)}};
}

inline std::string random_argument() {
    const std::vector<std::string> pieces{"a", "Z", " ", "-", "\"", "é", "ß", "€", "\U0001f511"};
    std::string text;
    const auto count = *rc::gen::inRange(0, 60);
    for (int i = 0; i < count; ++i)
        text += *rc::gen::elementOf(pieces);
    return text;
}

inline Addressee random_addressee() {
    Addressee addressee;
    addressee.server = random_array<16>();
    addressee.command = *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange('a', 'z')));
    addressee.command.resize(std::min<std::size_t>(addressee.command.size(), 32));
    return addressee;
}

inline SignedKnock random_knock() {
    SignedKnock knock;
    knock.value = Value(random_bytes(16));
    knock.address = random_address();
    knock.time = random_time();
    knock.argument = random_argument();
    return knock;
}

inline DynamicRequest random_request() {
    DynamicRequest request;
    request.value = Value(random_bytes(16));
    request.address = random_address();
    request.time = random_time();
    std::uint16_t port = 0;
    for (DeclaredSyn& syn : request.syns) {
        port = static_cast<std::uint16_t>(port + *rc::gen::inRange(1, 20000)); // rising, so different
        syn = {port, *rc::gen::arbitrary<std::uint32_t>()};
    }
    return request;
}

inline std::vector<std::uint8_t> copy_of(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

// Some bit of it is another.
inline std::vector<std::uint8_t> with_flipped_bit(std::vector<std::uint8_t> bytes) {
    const auto bit = *rc::gen::inRange<std::size_t>(0, 8 * bytes.size());
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ 1U << bit % 8);
    return bytes;
}

// The beginning of one and the rest of the other, which has at least as many bytes.
inline std::vector<std::uint8_t> spliced(const std::vector<std::uint8_t>& first,
                                         const std::vector<std::uint8_t>& second, std::size_t at) {
    std::vector<std::uint8_t> out(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(at));
    out.insert(out.end(), second.begin() + static_cast<std::ptrdiff_t>(at), second.end());
    return out;
}

} // namespace otk::property
