#include "otp/algorithm.h"

namespace otk {

std::string_view name_of(Algorithm algorithm) {
    switch (algorithm) {
    case Algorithm::md4: return "md4";
    case Algorithm::md5: return "md5";
    case Algorithm::sha1: return "sha1";
    case Algorithm::sha256: return "sha256";
    }
    return "unknown"; // a number that came over a channel or out of a file may be no algorithm
}

std::optional<Algorithm> algorithm_named(std::string_view name) {
    for (const Algorithm algorithm : all_algorithms) {
        if (name == name_of(algorithm)) return algorithm;
    }
    return std::nullopt;
}

} // namespace otk
