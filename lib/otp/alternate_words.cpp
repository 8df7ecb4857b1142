#include "otp/digest.h"
#include "otp/word_bits.h"
#include "otp/words.h"

namespace otk {

DecodedWords decode_alternate_words(Algorithm algorithm,
                                    std::span<const std::string_view, words_per_64_bits> words) {
    WordIndices indices{};
    for (std::size_t i = 0; i < words_per_64_bits; ++i) {
        const Digest digest = digest_of(algorithm, {as_bytes(words[i])});
        const Bytes last = digest.view().last(2);
        indices[i] = static_cast<std::uint16_t>((last[0] << 8 | last[1]) & 0x7ff);
    }
    return bits_of(indices);
}

} // namespace otk
