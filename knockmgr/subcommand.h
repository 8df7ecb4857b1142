// One subcommand of knockmgr: what it is called, what it takes, how it is explained, and what does it.
// Dispatch, usage, help and the completion of shells come from the same rows, so that they cannot differ.
#pragma once

#include "base/promise.h"
#include "completion/grammar.h"
#include "config/config.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace otk::knockmgr {

// Exit code 2: the command line makes no sense. What knockmgr refuses or cannot do is a plain Error, exit
// code 1.
class UsageError : public Error {
  public:
    using Error::Error;
};

using completion::Choice;

// What stands for a value here and in a subcommand's arguments also says how shells complete it: USER and
// COMMAND are names in policy.db, NUMBER a server key's, ZONE a time zone; completion/grammar.h knows others.
struct Option {
    std::string_view name;  // without the dashes
    std::string_view value; // empty for a flag
    std::string_view help;  // {} stands for the choices, if there are any
    bool repeatable = false;
    std::span<const Choice> choices = {}; // values that have a name; views a table that lives for ever
};

// What the user typed, taken apart.
class Invocation {
  public:
    std::vector<std::string> arguments; // those that are no options
    std::vector<std::string> program;   // what followed `--`, for subcommands that take it
    std::map<std::string, std::vector<std::string>, std::less<>> options;

    [[nodiscard]] bool has(std::string_view option) const;
    [[nodiscard]] std::optional<std::string> value(std::string_view option) const;
    [[nodiscard]] std::vector<std::string> values(std::string_view option) const; // in the order given
    [[nodiscard]] bool json() const { return has("json"); }
    [[nodiscard]] Places where() const { return places(value("dir").value_or("")); }
};

struct Subcommand {
    std::string_view name;      // "user add"
    std::string_view arguments; // "NAME", as in the usage line
    std::size_t fewest = 0;     // how many of them
    std::size_t most = 0;
    bool takes_program = false; // `-- ARGV...`
    std::string_view summary;   // one line, no full stop
    std::string_view help;      // what it does, with examples; ends with a newline
    std::vector<Option> options;
    int (*run)(const Invocation& invocation) = nullptr; // returns the exit code
};

// Takes a command line apart. Throws UsageError for what the subcommand does not take.
[[nodiscard]] Invocation parse(const Subcommand& subcommand, std::span<const std::string> words);

// In place of a subcommand.
inline constexpr Option version_option{"version", "", "show the version"};

// Options that every subcommand takes.
[[nodiscard]] const std::vector<Option>& common_options();

} // namespace otk::knockmgr
