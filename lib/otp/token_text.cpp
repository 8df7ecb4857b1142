// The text of a token. It needs no digest, so it is in the library that knows no libcrypto.
#include "otp/token.h"

#include "base/text.h"
#include "otp/rules.h"

#include <algorithm>

namespace otk {

namespace {

constexpr std::string_view token_prefix = "otk1";
constexpr std::string_view shape = "otk1:ALGORITHM:LENGTH:SEED:IMAGE[:PUBLIC_KEY]";
constexpr std::size_t public_key_size = 32;

// Spaces and line ends around a token come from pasting it.
std::string_view without_blanks_around(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string digits_wanted(std::string_view field, std::size_t bytes) {
    return "the token's " + std::string(field) + " must be " + std::to_string(2 * bytes) + " hex digits";
}

// The reason why the field is wrong, or an empty one.
using Reason = std::string;

Reason read_algorithm(std::string_view field, Enrolment& into) {
    const auto algorithm = algorithm_named(field);
    if (!algorithm) return "the token's algorithm must be md4, md5, sha1 or sha256";
    into.algorithm = *algorithm;
    return {};
}

Reason read_length(std::string_view field, Enrolment& into) {
    const auto length = parse_decimal(field, longest_chain);
    if (!length || *length < shortest_chain) return "the token's length must be a number from 2 to 1000000";
    into.length = static_cast<Count>(*length);
    return {};
}

Reason read_seed(std::string_view field, Enrolment& into) {
    if (const auto error = check_seed(field)) return "in the token, " + std::string(message_of(*error));
    into.seed = to_lower(field);
    return {};
}

Reason read_image(std::string_view field, Enrolment& into) {
    const std::size_t size = value_size(into.algorithm);
    const auto bytes = from_hex(field);
    if (!bytes || bytes->size() != size) return digits_wanted("image", size);
    into.image = Value(*bytes);
    return {};
}

Reason read_public_key(std::string_view field, Enrolment& into) {
    if (into.algorithm != Algorithm::sha256)
        return "the token has a public key, but only sha256 chains have one";
    const auto bytes = from_hex(field);
    if (!bytes || bytes->size() != public_key_size) return digits_wanted("public key", public_key_size);
    into.public_key.emplace();
    std::copy(bytes->begin(), bytes->end(), into.public_key->begin());
    return {};
}

// In the order of the token; later fields are read by what earlier ones said.
constexpr std::array fields{read_algorithm, read_length, read_seed, read_image, read_public_key};
constexpr std::size_t required_fields = fields.size() - 1;

} // namespace

Result<Enrolment, std::string> parse_token(std::string_view text) {
    const auto pieces = split(without_blanks_around(text), ':');
    if (pieces.front() != token_prefix) return "a token begins with \"otk1:\": " + std::string(shape);
    const std::size_t given = pieces.size() - 1;
    if (given < required_fields || given > fields.size()) return "a token has the form " + std::string(shape);
    Enrolment enrolment;
    for (std::size_t i = 0; i < given; ++i) {
        Reason reason = fields[i](pieces[i + 1], enrolment);
        if (!reason.empty()) return reason;
    }
    return enrolment;
}

std::string format_token(const Enrolment& enrolment) {
    std::string text(token_prefix);
    for (const std::string& field :
         {std::string(name_of(enrolment.algorithm)), std::to_string(enrolment.length),
          to_lower(enrolment.seed), to_hex(enrolment.image.view())}) {
        text += ':';
        text += field;
    }
    if (enrolment.public_key) text += ':' + to_hex(*enrolment.public_key);
    return text;
}

} // namespace otk
