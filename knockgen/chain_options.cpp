#include "knockgen/chain_options.h"

#include "base/text.h"
#include "otp/rules.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk {

Algorithm chosen_algorithm(const Arguments& arguments) {
    const auto name = arguments.text("algorithm");
    if (!name) return Algorithm::sha256;
    const auto algorithm = algorithm_named(to_lower(*name));
    if (!algorithm) {
        throw UsageError(fmt::format("--algorithm \"{}\" is unknown; there are sha256, sha1, md5 and md4",
                                     printable(*name)));
    }
    demand(*algorithm);
    return *algorithm;
}

void demand(Algorithm algorithm) {
    if (available(algorithm)) return;
    throw Error(
        fmt::format("this system's OpenSSL has no {}; install or enable its legacy provider, or use another "
                    "algorithm",
                    name_of(algorithm)));
}

std::string chosen_seed(const Arguments& arguments) {
    const auto seed = arguments.text("seed");
    if (!seed)
        throw UsageError("--seed is missing; knockgen token told you the seed, and your sheet has it on top");
    return checked_seed(*seed);
}

std::string checked_seed(std::string_view seed) {
    if (const auto problem = check_seed(seed)) {
        throw UsageError(fmt::format("--seed \"{}\": {}", printable(seed), message_of(*problem)));
    }
    return to_lower(seed);
}

TextForm chosen_form(const Arguments& arguments, TextForm without_option) {
    const auto name = arguments.text("form");
    if (!name) return without_option;
    if (*name == "words") return TextForm::words;
    if (*name == "hex") return TextForm::hex;
    if (*name == "base32") return TextForm::base32;
    throw UsageError(
        fmt::format("--form \"{}\" is unknown; there are hex, base32 and words", printable(*name)));
}

Range chosen_range(const Arguments& arguments) {
    const auto length = arguments.number("length", shortest_chain, longest_chain);
    const auto from = arguments.number("from", 1, longest_chain - 1);
    Range range;
    // Whoever says where to begin need not know the length of the chain.
    range.length = length ? *length : std::max(default_length, from.value_or(0) + 1);
    range.length_is_known = length || !from;
    range.from = from.value_or(range.length - 1);
    if (range.from >= range.length) {
        throw UsageError(fmt::format("--from {} is not in a chain of --length {}, whose first knock is {}",
                                     range.from, range.length, range.length - 1));
    }
    range.count = std::min(range.from, arguments.number("count", 1, longest_chain).value_or(range.from));
    return range;
}

std::vector<NumberedKnock> knocks_of(const ChainSecret& chain, const Range& range) {
    // Hashing leads upwards and the user reads downwards: one walk, kept, and filled in from the end.
    std::vector<NumberedKnock> knocks(range.count);
    Count number = range.from - range.count + 1;
    Value value = chain.at(number);
    for (auto knock = knocks.rbegin(); knock != knocks.rend(); ++knock, ++number) {
        *knock = {number, value};
        value = step(chain.algorithm(), value);
    }
    return knocks;
}

std::string printed(const Value& value, TextForm form) {
    return form == TextForm::words ? format_value(value, form) : format_compact(value, form);
}

} // namespace otk
