#include "completion/complete.h"

#include "base/promise.h"

#include <doctest/doctest.h>

#include <array>

using namespace otk::completion;

namespace {

using Texts = std::vector<std::string>;

constexpr std::array forms{Choice{"hex", "default"}, Choice{"words"}};
constexpr std::array ways{Choice{"udp"}, Choice{"icmp"}, Choice{"any"}};

const Grammar& grammar() {
    static const Option dir{"dir", 0, "DIR", "where it is"};
    static const Grammar made{{{"init", "", "make one", {dir}},
                               {"user add", "NAME", "add a user", {dir}},
                               {"user show",
                                "USER",
                                "show a user",
                                {{"json", 'j', "", "Print JSON.\nFor programs."},
                                 {"form", 'f', "FORM", with_choices("written as {}", forms), forms},
                                 {"ways", 0, "LIST", with_choices("some of {}", ways), ways},
                                 {"from", 0, "NET", "where from", {}, true},
                                 {"wait", 'w', "[=USER]", "wait for somebody"},
                                 {"as", 0, "ACCOUNT", "who"},
                                 {"sheet", 0, "FILE", "to a file"},
                                 dir}},
                               {"run", "USER | stop USER", "run a program", {dir}, true},
                               {"doors", "[--allows ADDRESS PORT]", "list doors", {{"json", 0, "", "JSON"}}},
                               {"doors close", "[ROW | USER [COMMAND]]", "close a door", {dir}}},
                              {dir, {"version", 0, "", "the version"}}};
    return made;
}

std::vector<Candidate> people(const Wanted& wanted) {
    if (wanted.placeholder == "COMMAND") return {{std::string(wanted.operands.at(0)) + "-s", "what he may"}};
    if (wanted.placeholder != "USER") return {};
    return {{"anna", "the first"}, {"anton"}, {"ber$(x)"}, {"new\nline"}, {"bert"}};
}

Answer answer(const Texts& words) { return complete(grammar(), words, people); }

Texts words(const Texts& line) {
    Texts found;
    for (const Candidate& candidate : answer(line).candidates)
        found.push_back(candidate.word);
    return found;
}

} // namespace

TEST_CASE("first words, each once, and what each leads to") {
    CHECK(words({""}) == Texts{"init", "user", "run", "doors"});
    CHECK(answer({"u"}).candidates == std::vector<Candidate>{{"user", "add, show"}});
    CHECK(answer({"i"}).candidates == std::vector<Candidate>{{"init", "make one"}});
    CHECK(words({"x"}).empty());
    CHECK(words({"user", ""}) == Texts{"add", "show"});
    CHECK(answer({"user", "s"}).candidates == std::vector<Candidate>{{"show", "show a user"}});
    CHECK(words({"user", "x", ""}).empty());
    CHECK(words({"nothing", ""}).empty());
}

TEST_CASE("a word that is a subcommand and begins others") {
    CHECK(words({"doors", ""}) == Texts{"close", "--json"});
    CHECK(words({"doors", "c"}) == Texts{"close"});
    CHECK(words({"doors", "close", ""}) == Texts{"anna", "anton", "bert"});
    CHECK(words({"doors", "close", "anna", ""}) == Texts{"anna-s"});
    CHECK(words({"doors", "--json", ""}).empty());
}

TEST_CASE("options before a subcommand and in its place") {
    CHECK(words({"-"}) == Texts{"--dir", "--version"});
    CHECK(answer({"--dir", "x"}).by_shell == ByShell::directories);
    CHECK(words({"--dir", "x", "in"}) == Texts{"init"});
    CHECK(words({"--dir=x", "user", "s"}) == Texts{"show"});
}

TEST_CASE("options, those that stand already left out, unless they may be repeated") {
    CHECK(words({"user", "show", "--f"}) == Texts{"--form", "--from"});
    CHECK(words({"user", "show", "-f", "hex", "--from", "n", "--f"}) == Texts{"--from"});
    CHECK(words({"user", "show", "--form=hex", "--fo"}).empty());
    CHECK(answer({"user", "show", "--j"}).candidates == std::vector<Candidate>{{"--json", "Print JSON"}});
    CHECK(answer({"user", "show", "--fo"}).candidates ==
          std::vector<Candidate>{{"--form", "written as hex (default), words"}});
    CHECK(words({"init", ""}) == Texts{"--dir"}); // nothing else can stand there
    CHECK(words({"user", "show", "anna", "--", "--"}).empty());
}

TEST_CASE("values of options, in each way to write them") {
    const std::vector<Candidate> both{{"hex", "default"}, {"words"}};
    CHECK(answer({"user", "show", "--form", ""}).candidates == both);
    CHECK(words({"user", "show", "-f", "w"}) == Texts{"words"});
    CHECK(words({"user", "show", "--form=h"}) == Texts{"--form=hex"});
    CHECK(words({"user", "show", "--form=x"}).empty());
    CHECK(words({"user", "show", "--json=x"}).empty());
    CHECK(words({"user", "show", "--nothing=x"}).empty());
    CHECK(words({"user", "show", "--from", ""}).empty());
}

TEST_CASE("a value behind = alone is no next word") {
    CHECK(words({"user", "show", "--wait=b"}) == Texts{"--wait=bert"});
    CHECK(words({"user", "show", "--wait", "an"}) == Texts{"anna", "anton"}); // the operand
}

TEST_CASE("lists: what is not in them yet, and any alone") {
    CHECK(words({"user", "show", "--ways", ""}) == Texts{"udp", "icmp", "any"});
    CHECK(words({"user", "show", "--ways", "udp,"}) == Texts{"udp,icmp"});
    CHECK(words({"user", "show", "--ways=icmp,u"}) == Texts{"--ways=icmp,udp"});
}

TEST_CASE("what the shell knows better") {
    CHECK(answer({"user", "show", "--sheet", "a"}).by_shell == ByShell::files);
    CHECK(answer({"user", "show", "--sheet=a"}).by_shell == ByShell::files);
    CHECK(answer({"user", "show", "--as", "a"}).by_shell == ByShell::accounts);
    CHECK(answer({"run", "anna", "--", "/bin/e"}).by_shell == ByShell::files);
    CHECK(answer({"run", "anna", "--", "/bin/e"}).candidates.empty());
    CHECK(answer({"user", "show", "a"}).by_shell == ByShell::nothing);
}

TEST_CASE("names that a shell could take for more than a name are left out") {
    CHECK(words({"user", "show", "b"}) == Texts{"bert"});
    CHECK(words({"user", "show", "n"}).empty());
    CHECK(words({"run", ""}) == Texts{"anna", "anton", "bert", "stop"});
    CHECK(words({"run", "stop", "be"}) == Texts{"bert"});
}

TEST_CASE("a program without subcommands") {
    const Grammar flat{{{"", "", "", {{"check", 0, "", "look"}, {"config", 0, "FILE", "this one"}}}}, {}};
    const Texts empty{""};
    CHECK(complete(flat, empty, people).candidates ==
          std::vector<Candidate>{{"--check", "look"}, {"--config", "this one"}});
    const Texts file{"--check", "--config", "x"};
    CHECK(complete(flat, file, people).by_shell == ByShell::files);
}

TEST_CASE("where names cannot be had there are none, and no error") {
    const Names broken = [](const Wanted&) -> std::vector<Candidate> { throw otk::Error("no"); };
    const Texts line{"user", "show", ""};
    CHECK(complete(grammar(), line, broken).candidates.empty());
}

TEST_CASE("help is one line that moves no cursor") {
    const Names colours = [](const Wanted&) -> std::vector<Candidate> {
        return {{"anna", "a\x1b[31m  b\tc. d"}};
    };
    const Texts line{"user", "show", ""};
    CHECK(complete(grammar(), line, colours).candidates == std::vector<Candidate>{{"anna", "a?[31m b c"}});
}

TEST_CASE("the place in a help text where its choices are told") {
    CHECK(with_choices("no choice", {}) == "no choice");
    CHECK(with_choices("one of {}; or a name", forms) == "one of hex (default), words; or a name");
}
