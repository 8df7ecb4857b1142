#include "chains.h"

#include "otp/digest.h"

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::size_t size_of_start = 16;
constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::size_t size_of_seed = 16;

Digest digest_about(std::string_view label, std::uint64_t seed, std::uint64_t grant) {
    std::array<std::uint8_t, 16> numbers{};
    for (unsigned byte = 0; byte < 8; ++byte) {
        const unsigned shift = 8 * (7 - byte);
        numbers[byte] = static_cast<std::uint8_t>(seed >> shift);
        numbers[8 + byte] = static_cast<std::uint8_t>(grant >> shift);
    }
    return digest_of(Algorithm::sha256, {as_bytes(label), numbers});
}

} // namespace

Value LoadChains::start(std::uint64_t grant) const {
    return Value(digest_about("otk-load-chain", seed, grant).view().first(size_of_start));
}

Value LoadChains::value(std::uint64_t grant, Count count) const {
    return walk(Algorithm::sha256, start(grant), count);
}

std::string LoadChains::user(std::uint64_t grant) const { return fmt::format("load{}", grant); }

Enrolment LoadChains::enrolment(std::uint64_t grant) const {
    Enrolment enrolment;
    enrolment.algorithm = Algorithm::sha256;
    enrolment.length = length;
    const Digest digest = digest_about("otk-load-seed", seed, grant);
    for (const std::uint8_t byte : digest.view().first(size_of_seed))
        enrolment.seed += alphabet[byte % alphabet.size()];
    enrolment.image = value(grant, length);
    return enrolment;
}

} // namespace otk
