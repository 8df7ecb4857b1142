// A command line as a program describes it, for the completion of shells. Each program makes this from the
// table that its help comes from, so that what is explained and what is offered cannot differ.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace otk::completion {

// One of the values that an option takes by name.
struct Choice {
    std::string_view word;
    std::string_view help = {}; // a few words; may be empty
};

// What stands for a value, in an option's `value` and in a subcommand's `operands`, says what it is. These
// are known here: FILE... and DIR are completed as files and directories, ACCOUNT as an account of this
// system, LIST as several of the choices with commas between (and the choice `any` alone). A program may know
// others.
struct Option {
    std::string_view name;  // without the dashes
    char letter = 0;        // the short form; 0: none
    std::string_view value; // empty: a flag; "[=X]": only behind `=`
    std::string help;
    std::span<const Choice> choices = {};
    bool repeatable = false;
};

struct Subcommand {
    std::string_view name;     // of one or two words; empty in a program that has no subcommands
    std::string_view operands; // as in its usage line: "USER COMMAND (--one | --other X)", "new FILE | list"
    std::string_view summary;
    std::vector<Option> options;
    bool takes_program = false; // `-- ARGV...`
};

struct Grammar {
    std::vector<Subcommand> subcommands;
    std::vector<Option> leading; // those that may stand before a subcommand, or in its place
};

// A help text whose {} stands for the choices: "hex (default), base32, words".
[[nodiscard]] std::string with_choices(std::string_view help, std::span<const Choice> choices);

} // namespace otk::completion
