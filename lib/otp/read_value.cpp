// Text as values. This runs on every packet that looks like text, so a flood's garbage is turned away as
// early as possible: one table look-up a byte, until no form is left that the text could have.
#include "otp/text_form.h"

#include "base/promise.h"
#include "base/text.h"
#include "otp/words.h"

#include <optional>
#include <span>

namespace otk {

namespace {

constexpr std::size_t longest_text = 128;
constexpr std::size_t shortest_text = 11; // six words of one letter
constexpr std::size_t hex_64_bits = 16;
constexpr std::size_t hex_128_bits = 32;
constexpr std::size_t base32_64_bits = 13;
constexpr std::size_t base32_128_bits = 26;
constexpr std::size_t most_digits = hex_128_bits;

constexpr std::uint8_t all_64_bit = bit(Algorithm::md4) | bit(Algorithm::md5) | bit(Algorithm::sha1);
constexpr std::uint8_t all_128_bit = bit(Algorithm::sha256);

// The forms that a text may have, as a set.
enum Form : std::uint8_t { hex = 1, base32 = 2, standard_words = 4, alternate_words = 8 };
constexpr std::uint8_t either_words = standard_words | alternate_words;
constexpr std::uint8_t every_form = hex | base32 | either_words;

constexpr bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
constexpr bool is_joiner(char c) { return c == '_' || c == '-' || c == '.'; }

// The forms in which the character may stand.
constexpr std::uint8_t forms_with(char c, TextSource source) {
    if (source == TextSource::line) {
        if (is_blank(c) || c == '-') return every_form;
        if (is_joiner(c)) return either_words;
    } else {
        if (is_blank(c) || c == '.') return 0;
        if (is_joiner(c)) return either_words;
    }
    const char letter = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (letter >= 'a' && letter <= 'f') return every_form;
    if (letter >= 'g' && letter <= 'z') return base32 | either_words;
    if (c == '0' || c == '1' || c == '5') return every_form; // also O, L and S of a word
    if (c == '9') return hex | alternate_words;
    if (c >= '2' && c <= '8') return hex | base32 | alternate_words;
    const auto byte = static_cast<unsigned char>(c);
    const bool control = byte < ' ' || byte == 0x7f;
    return control ? 0 : alternate_words; // words of other languages have other letters
}

using FormTable = std::array<std::uint8_t, 256>;
constexpr FormTable make_forms(TextSource source) {
    FormTable table{};
    for (std::size_t i = 0; i < table.size(); ++i) {
        table[i] = forms_with(static_cast<char>(static_cast<unsigned char>(i)), source);
    }
    return table;
}
constexpr FormTable line_forms = make_forms(TextSource::line);
constexpr FormTable label_forms = make_forms(TextSource::dns_label);

std::uint8_t possible_forms(std::string_view text, TextSource source, std::uint8_t wanted) {
    const FormTable& table = source == TextSource::line ? line_forms : label_forms;
    auto forms =
        static_cast<std::uint8_t>((wanted & all_64_bit) != 0 ? every_form : every_form & ~alternate_words);
    for (const char c : text) {
        forms &= table[static_cast<unsigned char>(c)];
        if (forms == 0) break;
    }
    return forms;
}

// The text without what groups its digits; nothing when more is left than any value has.
struct Digits {
    std::array<char, most_digits> digits{};
    std::size_t size = 0;
    [[nodiscard]] std::string_view view() const { return {digits.data(), size}; }
};
std::optional<Digits> without_groups(std::string_view text) {
    Digits digits;
    for (const char c : text) {
        if (is_blank(c) || c == '-') continue;
        if (digits.size == most_digits) return std::nullopt;
        digits.digits[digits.size++] = c;
    }
    return digits;
}

Value value_of_hex(std::string_view digits) {
    std::array<std::uint8_t, largest_value> bytes{};
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        bytes[i / 2] = static_cast<std::uint8_t>(*hex_digit(digits[i]) << 4 | *hex_digit(digits[i + 1]));
    }
    return Value(Bytes(bytes).first(digits.size() / 2));
}

std::uint32_t base32_digit(char c) {
    switch (c) {
    case '0': c = 'o'; break; // RFC 4648 left these three digits out because people mistake them
    case '1': c = 'i'; break;
    case '8': c = 'b'; break;
    default: break;
    }
    if (is_digit(c)) return static_cast<std::uint32_t>(c - '2' + 26);
    return static_cast<std::uint32_t>(to_lower(c) - 'a');
}

std::optional<Value> value_of_base32(std::string_view digits) {
    std::array<std::uint8_t, largest_value> bytes{};
    std::size_t size = 0;
    std::uint32_t held = 0; // bits not yet stored
    unsigned held_bits = 0;
    for (const char c : digits) {
        held = held << 5 | base32_digit(c);
        held_bits += 5;
        if (held_bits < 8) continue;
        held_bits -= 8;
        bytes[size++] = static_cast<std::uint8_t>(held >> held_bits);
        held &= (1U << held_bits) - 1;
    }
    if (held != 0) return std::nullopt; // the spare bits: one spelling for each value
    return Value(Bytes(bytes).first(size));
}

void add_digits(std::string_view text, std::uint8_t forms, std::uint8_t wanted, Readings& readings) {
    const auto digits = without_groups(text);
    if (!digits) return;
    const std::size_t size = digits->size;
    const bool is_64_bit = size == hex_64_bits || size == base32_64_bits;
    const auto algorithms = static_cast<std::uint8_t>(wanted & (is_64_bit ? all_64_bit : all_128_bit));
    if (algorithms == 0) return;
    if ((forms & hex) != 0 && (size == hex_64_bits || size == hex_128_bits)) {
        readings.add({value_of_hex(digits->view()), TextForm::hex, algorithms});
    }
    if ((forms & base32) != 0 && (size == base32_64_bits || size == base32_128_bits)) {
        const auto value = value_of_base32(digits->view());
        if (value) readings.add({*value, TextForm::base32, algorithms});
    }
}

using SixWords = std::span<const std::string_view, words_per_64_bits>;

// Six or twelve words.
struct Words {
    std::array<std::string_view, 2 * words_per_64_bits> words{};
    std::size_t size = 0;
    [[nodiscard]] SixWords first_six() const { return std::span(words).first<words_per_64_bits>(); }
    [[nodiscard]] SixWords last_six() const { return std::span(words).last<words_per_64_bits>(); }
};

// Between two words stand blanks, or one joiner with or without blanks around it. Nothing for other texts,
// and for more than twelve words.
std::optional<Words> split_words(std::string_view text) {
    Words words;
    bool joined = true; // a joiner before the first word would join it to nothing
    for (std::size_t i = 0; i < text.size();) {
        if (is_blank(text[i])) {
            ++i;
        } else if (is_joiner(text[i])) {
            if (joined) return std::nullopt;
            joined = true;
            ++i;
        } else {
            const std::size_t begin = i;
            while (i < text.size() && !is_blank(text[i]) && !is_joiner(text[i]))
                ++i;
            if (words.size == words.words.size()) return std::nullopt;
            words.words[words.size++] = text.substr(begin, i - begin);
            joined = false;
        }
    }
    if (joined) return std::nullopt;
    return words;
}

Value value_of_bits(std::span<const std::uint64_t> groups) {
    std::array<std::uint8_t, largest_value> bytes{};
    std::size_t size = 0;
    for (const std::uint64_t bits : groups) {
        for (int shift = 56; shift >= 0; shift -= 8)
            bytes[size++] = static_cast<std::uint8_t>(bits >> shift);
    }
    return Value(Bytes(bytes).first(size));
}

void add_six_words(SixWords words, std::uint8_t wanted, Readings& readings) {
    const DecodedWords decoded = decode_words(words);
    if (!decoded.error) {
        readings.add({value_of_bits({&decoded.bits, 1}), TextForm::words, wanted});
        return;
    }
    if (*decoded.error != WordsError::unknown_word) return;
    for (const Algorithm algorithm : all_algorithms) {
        if ((wanted & bit(algorithm)) == 0) continue;
        const DecodedWords alternate = decode_alternate_words(algorithm, words);
        if (alternate.error) continue;
        readings.add({value_of_bits({&alternate.bits, 1}), TextForm::words, bit(algorithm)});
    }
}

void add_words(std::string_view text, std::uint8_t wanted, Readings& readings) {
    const auto words = split_words(text);
    if (!words) return;
    if (words->size == words_per_64_bits) {
        const auto algorithms = static_cast<std::uint8_t>(wanted & all_64_bit);
        if (algorithms != 0) add_six_words(words->first_six(), algorithms, readings);
    } else if (words->size == 2 * words_per_64_bits && (wanted & all_128_bit) != 0) {
        const DecodedWords first = decode_words(words->first_six());
        if (first.error) return;
        const DecodedWords last = decode_words(words->last_six());
        if (last.error) return;
        const std::array<std::uint64_t, 2> groups{first.bits, last.bits};
        readings.add({value_of_bits(groups), TextForm::words, all_128_bit});
    }
}

} // namespace

void Readings::add(const Reading& reading) {
    promise(size_ < readings_.size(), "a text has at most six readings");
    readings_[size_++] = reading;
}

Readings read_value(std::string_view text, TextSource source, std::uint8_t wanted) {
    Readings readings;
    if (text.size() < shortest_text || text.size() > longest_text) return readings;
    const std::uint8_t forms = possible_forms(text, source, wanted);
    if ((forms & (hex | base32)) != 0) add_digits(text, forms, wanted, readings);
    if ((forms & either_words) != 0) add_words(text, wanted, readings);
    return readings;
}

} // namespace otk
