// The command line. Every subcommand, its options, its help and the completion of shells come from one table
// (commands.h), which this part parses by and prints as help.
#pragma once

#include "base/promise.h"
#include "completion/grammar.h"

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace otk {

// The user asked for what there is not: exit code 2, and a hint at the help. What is asked correctly but
// cannot be done is an Error: exit code 1.
class UsageError : public Error {
  public:
    using Error::Error;
};

using completion::Choice;

struct Option {
    std::string_view name; // without the dashes
    char letter = 0;       // the short form; 0: none
    // What follows it, as the help names it; empty: a flag; "[=X]": only behind `=`. PROFILE here and in a
    // subcommand's operands is the name of one, for shells; completion/grammar.h knows others.
    std::string_view value;
    std::string_view help; // may hold several lines; {} stands for the choices, if there are any
    std::span<const Choice> choices = {}; // values that have a name; views a table that lives for ever
};

inline constexpr Option help_option{"help", 'h', "", "Print this help."}; // every subcommand has it

class Arguments;

struct Subcommand {
    std::string_view name;
    std::string_view operands;    // as the help shows them; empty: none are taken
    std::string_view summary;     // one line
    std::string_view description; // lines
    std::vector<Option> options;
    std::string_view examples; // lines
    void (*run)(const Arguments& arguments);
    bool keeps_capabilities = false; // it opens raw sockets, and gives the capability up by itself
};

class Arguments {
  public:
    // The words after the subcommand's name. Throws UsageError for options that it does not have, that lack
    // their value or stand twice, and for operands where none are taken.
    static Arguments parse(const Subcommand& subcommand, std::span<char* const> words);

    [[nodiscard]] bool has(std::string_view option) const { return options_.find(option) != options_.end(); }
    [[nodiscard]] std::optional<std::string_view> text(std::string_view option) const;
    // Throws UsageError unless it is a decimal number from `smallest` to `largest`.
    [[nodiscard]] std::optional<std::uint32_t> number(std::string_view option, std::uint32_t smallest,
                                                      std::uint32_t largest) const;
    [[nodiscard]] const std::vector<std::string>& operands() const { return operands_; }
    // The options that were given, but for `without`, as a shell takes them, each with a blank before it: for
    // a line by which the user says the same again.
    [[nodiscard]] std::string said_again(std::initializer_list<std::string_view> without) const;

  private:
    std::map<std::string, std::string, std::less<>> options_; // a flag has an empty value
    std::map<std::string, std::string, std::less<>> spelled_; // option and value as a shell takes them
    std::vector<std::string> operands_;
};

// What `knockgen --help` and `knockgen SUBCOMMAND --help` print.
[[nodiscard]] std::string help_for_all(std::span<const Subcommand> subcommands);
[[nodiscard]] std::string help_for(const Subcommand& subcommand);

} // namespace otk
