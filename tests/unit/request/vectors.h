// vectors.json beside this file, and what is made of it.
#pragma once

#include "base/promise.h"
#include "base/secret.h"
#include "base/text.h"
#include "otp/chain.h"
#include "request/asking.h"

#include <algorithm>
#include <doctest/doctest.h>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace otk::test {

using nlohmann::json;

inline std::string content_of(const std::string& path) {
    std::ifstream file(path);
    REQUIRE_MESSAGE(file.is_open(), "cannot open " << path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Computed by make_vectors.py without any code of ours.
inline const json& vectors() {
    static const json all = json::parse(content_of(std::string(OTK_VECTORS) + "/vectors.json"));
    return all;
}

inline std::string text_in(const json& vector, const char* field) {
    return vector.at(field).get<std::string>();
}

inline std::vector<std::uint8_t> bytes_in(const json& hex) {
    const auto bytes = from_hex(hex.get<std::string>());
    REQUIRE(bytes);
    return *bytes;
}
inline std::vector<std::uint8_t> bytes_in(const json& vector, const char* field) {
    return bytes_in(vector.at(field));
}

template <std::size_t size>
std::array<std::uint8_t, size> array_in(const json& hex) {
    const auto bytes = bytes_in(hex);
    REQUIRE(bytes.size() == size);
    std::array<std::uint8_t, size> out{};
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}

template <std::size_t size>
SecretArray<size> secret_in(const json& hex) {
    const auto bytes = array_in<size>(hex);
    SecretArray<size> out;
    std::copy(bytes.begin(), bytes.end(), out.fill().begin());
    return out;
}

inline Address address_in(const json& vector, const char* field) {
    const auto text = vector.at(field).get<std::string>();
    if (text == "-") return {};
    const auto address = Address::parse(text);
    REQUIRE(address);
    return *address;
}

inline Time time_in(const json& vector) {
    return Time{std::chrono::seconds{vector.at("time").get<std::int64_t>()}};
}

inline Addressee the_addressee() {
    const json& vector = vectors().at("protocol").at("addressee");
    return {array_in<16>(vector.at("server_id")), vector.at("command").get<std::string>()};
}

inline ChainSecret the_secret() {
    return ChainSecret::from_master(secret_in<32>(vectors().at("protocol").at("chain").at("master")));
}

} // namespace otk::test
