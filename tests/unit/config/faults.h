// What parse_config complains about, and where.
#pragma once

#include "config/config.h"

#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace otk::test {

inline std::string fault_of(std::string_view toml) {
    try {
        (void)parse_config(toml, "otk.toml");
    } catch (const Error& fault) {
        return fault.what();
    }
    return "accepted";
}

inline bool says(std::string_view toml, const std::string& where, const std::string& what) {
    const std::string fault = fault_of(toml);
    INFO(fault);
    const bool placed = fault.rfind("otk.toml:" + where + ": ", 0) == 0;
    const bool told = fault.find(what) != std::string::npos;
    CHECK(placed);
    CHECK(told);
    return placed && told;
}

} // namespace otk::test
