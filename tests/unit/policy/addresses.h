// Addresses in the tests of lib/policy.
#pragma once

#include "net/address.h"

#include <string_view>

#include <doctest/doctest.h>

namespace otk::test {

inline Address address(std::string_view text) {
    const auto parsed = Address::parse(text);
    REQUIRE(parsed.has_value());
    return *parsed;
}

} // namespace otk::test
