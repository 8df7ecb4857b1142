#include "knockmgr/knock_argument.h"

#include "otp/chain.h"

#include <iostream>
#include <span>

namespace otk::knockmgr {

namespace {

std::string text_of(std::span<const std::string> words) {
    std::string text;
    if (words.size() == 1 && words[0] == "-") {
        if (!std::getline(std::cin, text) || text.find_first_not_of(" \t\r") == std::string::npos) {
            throw Error("standard input was empty; type the knock on its first line");
        }
        return text;
    }
    for (const std::string& word : words)
        text += (text.empty() ? "" : " ") + word;
    return text;
}

} // namespace

Readings knock_argument(const Invocation& invocation, std::size_t first) {
    std::uint8_t wanted = 0;
    for (const Algorithm algorithm : all_algorithms) {
        if (available(algorithm)) wanted = static_cast<std::uint8_t>(wanted | bit(algorithm));
    }
    const std::string text = text_of(std::span(invocation.arguments).subspan(first));
    Readings readings = read_value(text, TextSource::line, wanted);
    if (readings.empty()) {
        throw Error("this cannot be a knock: it is neither hex (16 or 32 digits) nor base32 (13 or 26 "
                    "characters) nor six "
                    "or twelve words of the list with a right checksum; look for a slip of the pen");
    }
    return readings;
}

} // namespace otk::knockmgr
