// What RFC 2289 demands of seeds and passphrases, with a message for each way to break it (Appendix C), and
// the strength check of DESIGN 3 where a passphrase is chosen.
#pragma once

#include "base/random.h"
#include "base/secret.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace otk {

inline constexpr std::size_t longest_seed = 16;
inline constexpr std::size_t shortest_passphrase = 10;
inline constexpr std::size_t longest_passphrase = 63;

enum class SeedError : std::uint8_t { empty, blank, not_alphanumeric, too_long };
enum class PassphraseError : std::uint8_t { too_short, too_long };

// The first rule that is broken, in the order of the enumeration. Lengths are in bytes.
[[nodiscard]] std::optional<SeedError> check_seed(std::string_view seed);
[[nodiscard]] std::optional<PassphraseError> check_passphrase(const SecretText& passphrase);
[[nodiscard]] std::string_view message_of(SeedError error);
[[nodiscard]] std::string_view message_of(PassphraseError error);

// 16 random characters of a-z and 0-9.
[[nodiscard]] std::string random_seed(const RandomSource& random);
// Six random words of the RFC's dictionary, lower case, parted by spaces: 66 bits.
[[nodiscard]] SecretText random_passphrase(const RandomSource& random);

} // namespace otk
