// Passphrases that no person chose, from a seeded source.
#pragma once

#include <random>
#include <string>
#include <string_view>

namespace otk::test {

// Twelve letters and digits: 71 bits.
inline std::string random_passphrase(std::mt19937& random) {
    constexpr std::string_view letters_and_digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    std::string passphrase(12, ' ');
    for (char& c : passphrase)
        c = letters_and_digits[random() % letters_and_digits.size()];
    return passphrase;
}

} // namespace otk::test
