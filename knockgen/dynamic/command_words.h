// The program that a user names on her own command line to be started: cut into words here, so that no shell
// reads what a name or a server says.
#pragma once

#include "net/address.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace otk {

// Blanks part words; '...' and "..." keep what is between them as it is, also in the middle of a word.
// Nothing else has a meaning. Throws UsageError for a quote that is not closed, for no word at all, and when
// no word has `{port}`, without which the program could not find the door.
[[nodiscard]] std::vector<std::string> parse_command(std::string_view text);

// What the words may name, anywhere in a word: {host}, {address} and {port}.
struct Destination {
    std::string host; // as the user wrote it
    Address address;  // the one of it that answered
    std::uint16_t port = 0;
};
[[nodiscard]] std::vector<std::string> fill_in(std::vector<std::string> words, const Destination& where);

// Becomes that program, found along PATH, with this terminal and environment; signals are as a program
// expects them. Throws Error when it cannot be started.
[[noreturn]] void become_program(const std::vector<std::string>& words);

} // namespace otk
