// Values as text, for people and for the wire. Reading is in read_value.cpp.
#include "otp/text_form.h"

#include "base/promise.h"
#include "base/text.h"
#include "otp/words.h"

namespace otk {

namespace {

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
    case TextForm::base32: return to_base32(value.view());
    }
    promise(false, "a value was to be written in no known form");
    return {};
}

} // namespace otk
