// RFC 2289 section 6.1: "otp-md5 487 dog2". Needs no libcrypto.
#pragma once

#include "base/result.h"
#include "otp/algorithm.h"
#include "otp/chain.h"

#include <string>
#include <string_view>

namespace otk {

struct Challenge {
    Algorithm algorithm{};
    Count count = 0;
    std::string seed; // lower case, 1 to 16 alphanumerics
};

// The reason is one line that says which part is wrong and what it should be. Blanks around and between the
// parts are white space of any length; `ext` and what follows the seed is ignored (RFC 2243).
[[nodiscard]] Result<Challenge, std::string> parse_challenge(std::string_view text);
[[nodiscard]] std::string format_challenge(const Challenge& challenge);

} // namespace otk
