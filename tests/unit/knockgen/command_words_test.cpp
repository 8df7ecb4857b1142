#include "knockgen/arguments.h"
#include "knockgen/dynamic/command_words.h"

#include <doctest/doctest.h>

using namespace otk;

namespace {

using Words = std::vector<std::string>;

Words words_of(std::string_view text) { return parse_command(text); }

std::string refusal_of(std::string_view text) {
    try {
        (void)parse_command(text);
    } catch (const UsageError& error) {
        return error.what();
    }
    return "";
}

bool says(const std::string& text, std::string_view words) { return text.find(words) != std::string::npos; }

} // namespace

TEST_CASE("blanks part words, however many and of whichever kind") {
    CHECK(words_of("ssh -p {port} {host}") == Words{"ssh", "-p", "{port}", "{host}"});
    CHECK(words_of("  ssh \t-p{port}\n host ") == Words{"ssh", "-p{port}", "host"});
}

TEST_CASE("quotes keep blanks and each other, also in the middle of a word and around nothing") {
    CHECK(words_of("a 'b c' {port}") == Words{"a", "b c", "{port}"});
    CHECK(words_of("a \"b 'c' d\" {port}") == Words{"a", "b 'c' d", "{port}"});
    CHECK(words_of("a b' 'c\" \"d {port}") == Words{"a", "b c d", "{port}"});
    CHECK(words_of("a '' \"\" {port}") == Words{"a", "", "", "{port}"});
    CHECK(words_of("a '{port}'") == Words{"a", "{port}"});
}

TEST_CASE("what a shell would act on is a letter like any other") {
    CHECK(words_of("a $HOME `id` ; | > \\ {port}") ==
          Words{"a", "$HOME", "`id`", ";", "|", ">", "\\", "{port}"});
}

TEST_CASE("an open quote, no program and no place for the port are refused") {
    CHECK(says(refusal_of("ssh 'x {port}"), "not closed"));
    CHECK(says(refusal_of("ssh {port} \""), "not closed"));
    CHECK(says(refusal_of(""), "no program"));
    CHECK(says(refusal_of("  "), "no program"));
    CHECK(says(refusal_of("'' {port}"), "no program"));
    CHECK(says(refusal_of("ssh host"), "{port}"));
    CHECK(says(refusal_of("ssh { port }"), "{port}"));
}

TEST_CASE("tokens are filled in anywhere in a word, and only once") {
    const Destination where{"gate.example.org", *Address::parse("2001:db8::7"), 50123};
    CHECK(fill_in({"x", "{host}:{port}", "[{address}]:{port}/{port}"}, where) ==
          Words{"x", "gate.example.org:50123", "[2001:db8::7]:50123/50123"});
    CHECK(fill_in({"{hosts}", "{", "{}", "{Port}", "{port"}, where) ==
          Words{"{hosts}", "{", "{}", "{Port}", "{port"});
    const Destination strange{"{port}", *Address::parse("192.0.2.1"), 1};
    CHECK(fill_in({"{host}", "{{host}}"}, strange) == Words{"{port}", "{{port}}"});
}

TEST_CASE("a program that is not there is an error that names it") {
    CHECK_THROWS_WITH_AS(become_program({"/nonexistent/ssh", "1"}),
                         "cannot start /nonexistent/ssh: No such file or directory", Error);
}
