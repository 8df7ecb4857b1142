// The words that fit where the cursor of a shell stands. The scripts in packaging/completion ask for them by
// `PROGRAM --complete WORD...`.
#pragma once

#include "completion/grammar.h"

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace otk::completion {

struct Candidate {
    std::string word;
    std::string help = {}; // one line, or empty
    friend bool operator==(const Candidate&, const Candidate&) = default;
};

// What the shell completes itself, by its own rules for quoting.
enum class ByShell { nothing, files, directories, accounts };

struct Answer {
    std::vector<Candidate> candidates; // each begins with what was typed
    ByShell by_shell = ByShell::nothing;
};

// Where a name is wanted. All views are of the words given to complete() and of the grammar.
struct Wanted {
    std::string_view placeholder;                         // "USER"
    std::string_view typed;                               // what the name begins with
    std::string_view subcommand;                          // its name
    std::string_view option;                              // whose value it is; empty: an operand
    std::vector<std::string_view> operands;               // those before it
    std::map<std::string_view, std::string_view> options; // given so far; the last of each
};

// The names that a program knows for a placeholder; may throw, which is as if there were none. Those that do
// not begin with `typed`, or have other characters than a-z A-Z 0-9 and - _ . : / = , @ % +, are left out: no
// shell gives any of these a meaning inside a word.
using Names = std::function<std::vector<Candidate>(const Wanted&)>;

// `words` are those behind the program's name up to the cursor, without quotes; the last one is the one that
// is being typed, and may be empty.
[[nodiscard]] Answer complete(const Grammar& grammar, std::span<const std::string> words, const Names& names);

// Prints the answer: a line for each candidate, its help behind a tab, or `:files`, `:directories` or
// `:accounts` for what the shell completes. Returns the exit code, always 0: where nothing can be said,
// nothing is, since nobody asked for a message. Ends the process if it takes longer than two seconds.
int print_candidates(const Grammar& grammar, std::vector<std::string> words, const Names& names);

} // namespace otk::completion
