#include "otp/token.h"

#include "base/promise.h"
#include "base/text.h"
#include "otp/digest.h"
#include "otp/rules.h"
#include "otp/words.h"

namespace otk {

std::string check_words_of(std::string_view text) {
    const Digest digest = digest_of(Algorithm::sha256, {as_bytes(text)});
    std::uint64_t bits = 0;
    for (const std::uint8_t byte : digest.view().first(sizeof bits)) {
        bits = bits << 8 | byte;
    }
    return encode_words(bits, ' ');
}

std::string check_words(const Enrolment& enrolment) { return check_words_of(format_token(enrolment)); }

std::string first_check_word(const Enrolment& enrolment) {
    const std::string words = check_words(enrolment);
    return words.substr(0, words.find(' '));
}

ChainId chain_id(const Enrolment& enrolment) {
    constexpr std::string_view label{"otk-chain-1\0", 12};
    const std::string& seed = enrolment.seed;
    promise(seed == to_lower(seed) && seed.size() <= longest_seed,
            "an enrolment's seed is in lower case, up to 16");
    const Count length = enrolment.length;
    const std::array<std::uint8_t, 6> numbers{
        static_cast<std::uint8_t>(enrolment.algorithm),
        static_cast<std::uint8_t>(length >> 24),
        static_cast<std::uint8_t>(length >> 16),
        static_cast<std::uint8_t>(length >> 8),
        static_cast<std::uint8_t>(length),
        static_cast<std::uint8_t>(seed.size()),
    };
    return digest_of(Algorithm::sha256, {as_bytes(label), numbers, as_bytes(seed), enrolment.image.view()})
        .bytes;
}

} // namespace otk
