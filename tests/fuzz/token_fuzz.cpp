// Tokens and challenges: what is accepted has one canonical text, and that text means the same.
#include "base/promise.h"
#include "otp/challenge.h"
#include "otp/token.h"

#include <cstddef>

using namespace otk;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = as_text(Bytes(data, size));
    if (const auto token = parse_token(text)) {
        const auto again = parse_token(format_token(*token));
        promise(static_cast<bool>(again), "a token that was read can be read again");
        promise(format_token(*again) == format_token(*token), "a token has one canonical text");
        promise(chain_id(*again) == chain_id(*token), "a token names one chain");
    }
    if (const auto challenge = parse_challenge(text)) {
        const auto again = parse_challenge(format_challenge(*challenge));
        promise(again && format_challenge(*again) == format_challenge(*challenge),
                "a challenge has one canonical text");
    }
    return 0;
}
