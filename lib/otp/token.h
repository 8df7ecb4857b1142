// The enrolment token that a user hands to the administrator (DESIGN 12):
// `otk1:ALGORITHM:LENGTH:SEED:IMAGE_HEX[:PUBLIC_KEY_HEX]`. It holds no secret. Only sha256 chains
// have a public key. parse_token and format_token need no libcrypto, the rest is SHA-256 by otp/digest.h and
// works in any sandbox.
#pragma once

#include "base/result.h"
#include "otp/algorithm.h"
#include "otp/chain.h"
#include "otp/value.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace otk {

using ChainId = std::array<std::uint8_t, 32>;

struct Enrolment {
    Algorithm algorithm{};
    Count length = 0;                                       // shortest_chain to longest_chain
    std::string seed;                                       // lower case
    Value image;                                            // the value at count `length`
    std::optional<std::array<std::uint8_t, 32>> public_key; // Ed25519; checked where it is enrolled
};

// The reason is one line that says which field is wrong and what it should be. A token that is well-formed in
// more than one spelling has one meaning: seed and hex of any case, blanks around it are dropped.
[[nodiscard]] Result<Enrolment, std::string> parse_token(std::string_view text);
[[nodiscard]] std::string format_token(const Enrolment& enrolment);

// Six words of the RFC's dictionary made from the first 64 bits of SHA-256 of a text: both tools print them,
// people compare by voice. Of a token, and of a profile's line (lib/profile), whose texts begin differently.
[[nodiscard]] std::string check_words_of(std::string_view text);
// Those of the token.
[[nodiscard]] std::string check_words(const Enrolment& enrolment);
// The first of them: 11 bits, enough to tell a slip of the fingers, too few to find a passphrase by.
[[nodiscard]] std::string first_check_word(const Enrolment& enrolment);

// SHA-256 over "otk-chain-1", a zero byte, algorithm (1), length (4, big-endian), length of the seed (1),
// seed, image: the key of the chain's position in ledger.db (DESIGN 8).
[[nodiscard]] ChainId chain_id(const Enrolment& enrolment);

} // namespace otk
