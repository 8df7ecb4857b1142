#include "completion/synopsis.h"

#include <doctest/doctest.h>

#include <string>

using namespace otk::completion;

namespace {

using Operands = std::vector<std::string_view>;

Operands after(std::string_view synopsis, const Operands& before) { return next_operands(synopsis, before); }

} // namespace

TEST_CASE("operands follow each other, optional ones too") {
    CHECK(after("USER COMMAND", {}) == Operands{"USER"});
    CHECK(after("USER COMMAND", {"anna"}) == Operands{"COMMAND"});
    CHECK(after("USER COMMAND", {"anna", "ssh"}).empty());
    CHECK(after("[USER]", {}) == Operands{"USER"});
    CHECK(after("[ROW | USER [COMMAND]]", {}) == Operands{"ROW", "USER"});
    CHECK(after("[ROW | USER [COMMAND]]", {"anna"}) == Operands{"COMMAND"});
    CHECK(after("", {}).empty());
}

TEST_CASE("words in small letters are to be typed, and lead on") {
    const std::string_view synopsis = "add NAME LINE | list | show USER | set USER";
    CHECK(after(synopsis, {}) == Operands{"add", "list", "show", "set"});
    CHECK(after(synopsis, {"add"}) == Operands{"NAME"});
    CHECK(after(synopsis, {"list"}).empty());
    CHECK(after(synopsis, {"show"}) == Operands{"USER"});
    CHECK(after(synopsis, {"show", "anna"}).empty());
    CHECK(after(synopsis, {"shew"}).empty());
    CHECK(after("new FILE | show FILE", {"new"}) == Operands{"FILE"});
}

TEST_CASE("what may stand twice is told once") {
    CHECK(after("USER | USER COMMAND", {}) == Operands{"USER"});
}

TEST_CASE("options in a usage line are no operands") {
    CHECK(after("USER COMMAND (--generate | --token TOKEN)", {"anna", "ssh"}).empty());
    CHECK(after("[--allows ADDRESS PORT[/udp]]", {}).empty());
}

TEST_CASE("a placeholder is in capitals") {
    CHECK(is_placeholder("USER"));
    CHECK_FALSE(is_placeholder("list"));
}
