// The algorithms a chain can be made with (DESIGN 3).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace otk {

// The numbers are stored in ledger.db and sent between processes: never change one.
enum class Algorithm : std::uint8_t { md4 = 1, md5 = 2, sha1 = 3, sha256 = 4 };

inline constexpr std::array all_algorithms{Algorithm::md4, Algorithm::md5, Algorithm::sha1,
                                           Algorithm::sha256};

// Bytes of one value: 8 for the algorithms of RFC 2289, 16 for sha256.
[[nodiscard]] constexpr std::size_t value_size(Algorithm algorithm) {
    return algorithm == Algorithm::sha256 ? 16 : 8;
}

// Sets of algorithms are bytes with these bits.
[[nodiscard]] constexpr std::uint8_t bit(Algorithm algorithm) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(algorithm));
}

// "md4", "md5", "sha1", "sha256".
[[nodiscard]] std::string_view name_of(Algorithm algorithm);
// From exactly such a name; nothing for all else.
[[nodiscard]] std::optional<Algorithm> algorithm_named(std::string_view name);

} // namespace otk
