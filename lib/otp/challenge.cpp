#include "otp/challenge.h"

#include "base/text.h"
#include "otp/rules.h"

#include <algorithm>

namespace otk {

namespace {

constexpr std::string_view challenge_prefix = "otp-";

// The next part of the text, without the white space around it; empty at the end.
std::string_view next_part(std::string_view& rest) {
    constexpr std::string_view blanks = " \t\r\n";
    rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
    const std::string_view part = rest.substr(0, rest.find_first_of(blanks));
    rest.remove_prefix(part.size());
    return part;
}

} // namespace

Result<Challenge, std::string> parse_challenge(std::string_view text) {
    const std::string_view name = next_part(text);
    const std::string_view number = next_part(text);
    const std::string_view seed = next_part(text);

    if (!name.starts_with(challenge_prefix))
        return std::string("a challenge begins with \"otp-\", like \"otp-md5 487 dog2\"");
    const auto algorithm = algorithm_named(name.substr(challenge_prefix.size()));
    if (!algorithm) {
        return "the challenge's algorithm is \"" + printable(name.substr(challenge_prefix.size())) +
               "\"; it must be md4, md5, sha1 or sha256";
    }
    if (number.empty())
        return std::string("the challenge ends after the algorithm; a count and a seed must follow");
    const auto count = parse_decimal(number, longest_chain);
    if (!count) return std::string("the challenge's count must be a number from 0 to 1000000");
    if (seed.empty()) return std::string("the challenge ends after the count; a seed must follow");
    if (const auto error = check_seed(seed)) return "in the challenge, " + std::string(message_of(*error));
    return Challenge{*algorithm, static_cast<Count>(*count), to_lower(seed)};
}

std::string format_challenge(const Challenge& challenge) {
    return std::string(challenge_prefix) + std::string(name_of(challenge.algorithm)) + ' ' +
           std::to_string(challenge.count) + ' ' + challenge.seed;
}

} // namespace otk
