// What the words before the cursor say about the one at it.
#pragma once

#include "completion/grammar.h"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace otk::completion {

// All pointers and views are into the grammar and the words.
struct Position {
    const Subcommand* subcommand = nullptr; // null: not named yet, or there is none of that name
    std::span<const std::string> name;      // the words that name it, or those that do not
    bool behind_name = false;               // no word stands between its name and the cursor
    const Option* value_of = nullptr;       // the word at the cursor is the value of this one
    bool options_ended = false;             // by `--`
    std::vector<std::string_view> operands;
    std::map<std::string_view, std::string_view> options; // the last value of each; of flags empty
};

[[nodiscard]] Position read_position(const Grammar& grammar, std::span<const std::string> before);

// The one that a word such as --name, --name=value or -n begins; null where there is none.
[[nodiscard]] const Option* find_option(std::span<const Option> options, std::string_view word);

} // namespace otk::completion
