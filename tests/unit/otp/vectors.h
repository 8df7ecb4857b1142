// The vectors beside this file.
#pragma once

#include "base/text.h"
#include "otp/algorithm.h"
#include "otp/value.h"

#include <doctest/doctest.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace otk::test {

// rfc2289.json: every vector of RFC 2289 Appendix C. vectors.json: what make_vectors.py computed.
inline nlohmann::json vectors(const std::string& name) {
    std::ifstream file(std::string(OTK_VECTORS) + "/" + name);
    REQUIRE_MESSAGE(file.is_open(), "cannot open " << name);
    return nlohmann::json::parse(file);
}

inline Algorithm algorithm_in(const nlohmann::json& vector) {
    const auto algorithm = algorithm_named(vector.at("algorithm").get<std::string>());
    REQUIRE(algorithm.has_value());
    return *algorithm;
}

inline Value value_of(std::string_view hex) {
    const auto bytes = from_hex(hex);
    REQUIRE(bytes.has_value());
    return Value(*bytes);
}

inline std::string text_in(const nlohmann::json& vector, const char* field) {
    return vector.at(field).get<std::string>();
}

} // namespace otk::test
