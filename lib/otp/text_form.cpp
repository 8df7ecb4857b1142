// Values as text, for people and for the wire. Reading is in read_value.cpp.
#include "otp/text_form.h"

#include "base/promise.h"
#include "base/text.h"
#include "otp/words.h"

namespace otk {

namespace {

std::string base32_of(Bytes bytes) {
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string text;
    text.reserve((8 * bytes.size() + 4) / 5);
    std::uint32_t held = 0; // bits not yet written, the lowest `held_bits` of it
    unsigned held_bits = 0;
    for (const std::uint8_t byte : bytes) {
        held = held << 8 | byte;
        held_bits += 8;
        for (; held_bits >= 5; held_bits -= 5)
            text += digits[held >> (held_bits - 5) & 31];
    }
    if (held_bits > 0) text += digits[held << (5 - held_bits) & 31];
    return text;
}

std::string words_of(Bytes bytes, char separator) {
    std::string text;
    for (; !bytes.empty(); bytes = bytes.subspan(8)) {
        std::uint64_t bits = 0;
        for (const std::uint8_t byte : bytes.first(8))
            bits = bits << 8 | byte;
        if (!text.empty()) text += separator;
        text += encode_words(bits, separator);
    }
    return text;
}

std::string in_groups_of_four(std::string_view digits) {
    std::string text;
    text.reserve(digits.size() + digits.size() / 4);
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && i % 4 == 0) text += ' ';
        text += digits[i];
    }
    return text;
}

} // namespace

std::string format_value(const Value& value, TextForm form) {
    if (form == TextForm::words) return words_of(value.view(), ' ');
    return in_groups_of_four(format_compact(value, form));
}

std::string format_compact(const Value& value, TextForm form) {
    switch (form) {
    case TextForm::words: return words_of(value.view(), '_');
    case TextForm::hex: return to_hex(value.view());
    case TextForm::base32: return base32_of(value.view());
    }
    promise(false, "a value was to be written in no known form");
    return {};
}

} // namespace otk
