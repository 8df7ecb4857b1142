#include "policy/argument.h"

#include <doctest/doctest.h>

using namespace otk;

namespace {

bool refuses(std::string_view pattern, std::string_view because) {
    const auto fault = check_pattern(pattern);
    INFO("pattern " << pattern << ": " << fault.value_or("taken"));
    const bool told = fault && fault->find(because) != std::string::npos;
    CHECK(told);
    return told;
}

} // namespace

TEST_CASE("patterns that are taken") {
    for (const char* pattern : {"nginx",
                                "nginx|postgresql",
                                "[a-z0-9-]{1,63}(\\.[a-z0-9-]{1,63}){0,3}",
                                "[0-9]+",
                                ".*",
                                "a?",
                                "()",
                                "\\.\\*\\\\",
                                "[])}{(]",
                                "[^]a]",
                                "[[:digit:][:alpha:]_]+",
                                "[[.-.]]",
                                "[\\]",
                                "-[a-z]",
                                "-v|[a-z]+",
                                "^web$",
                                "a\\)",
                                "[a-z ]{256}",
                                "x{0,256}",
                                "([a-z0-9-]{1,63}\\.){1,8}[a-z]{2,63}",
                                "(a?){256}",
                                "((((a*)*)+)?)*",
                                "(a{0}){256}",
                                "(((a{256}){3}){1}){0,1}",
                                "a{256}b{256}c{256}"}) {
        CAPTURE(pattern);
        CHECK_FALSE(check_pattern(pattern));
    }
    CHECK_FALSE(check_pattern(std::string(longest_pattern, 'a')));
}

TEST_CASE("patterns that are refused, each with its reason") {
    CHECK(refuses("", "is empty"));
    CHECK(refuses(std::string(longest_pattern + 1, 'a'), "256 is the most"));
    CHECK(refuses("a\tb", "printable ASCII"));
    CHECK(refuses("\u00e4", "printable ASCII"));
    CHECK(refuses(std::string_view("a\0b", 3), "printable ASCII"));
    CHECK(refuses("(a)\\1", "back-reference \\1"));
    CHECK(refuses("(a)(b)[\\]\\2", "back-reference \\2"));
    CHECK(refuses("\\d+", "[0-9]"));
    CHECK(refuses("\\w", "\\w"));
    CHECK(refuses("\\<a", "\\<"));
    CHECK(refuses("[\\d]", "in brackets"));
    CHECK(refuses("a)|(b", "without its ("));
    CHECK(refuses("a)", "without its ("));
    CHECK(refuses("(a", "no extended regular expression"));
    CHECK(refuses("[a", "no extended regular expression"));
    CHECK(refuses("[b-a]", "no extended regular expression"));
    CHECK(refuses("*a", "no extended regular expression"));
    CHECK(refuses("a\\", "no extended regular expression"));
    CHECK(refuses("a{257}", "256 is the highest"));
    CHECK(refuses("a{99999999999999999999}", "256 is the highest"));
    CHECK(refuses("((a{256}){256}){2}", "repeats too much"));
    CHECK(refuses("((a?){256}){16}", "repeats too much"));
    CHECK(refuses("([a-z]{1,256}){1,64}", "write * or +"));
    CHECK(refuses("(((a{256}){3}){1}){0,2}", "repeats too much"));
    CHECK(refuses("a{256}b{256}c{256}d", "more than 768 characters"));
    CHECK(refuses("(a|b){256}(c|d){129}", "repeats too much"));
    CHECK(refuses("(^a)", "leave it out"));
    CHECK(refuses("a$b", "leave it out"));
    CHECK(refuses("a**", "in parentheses"));
    CHECK(refuses("a{,3}", "no bound"));
    CHECK(refuses("a{x}", "no bound"));
    CHECK(refuses("a{1", "no extended regular expression"));
    CHECK(refuses("[[:word:]]", "which there is not"));
    CHECK(refuses("[[.hyphen.]]", "single character"));
    CHECK(refuses("[a-c-e]", "behind a range"));
    CHECK(refuses("a{3,1}", "no extended regular expression"));
}

TEST_CASE("a pattern has to match all of the argument") {
    CHECK(allows_argument("nginx|postgresql", "nginx"));
    CHECK(allows_argument("nginx|postgresql", "postgresql"));
    CHECK_FALSE(allows_argument("nginx|postgresql", "nginx "));
    CHECK_FALSE(allows_argument("nginx|postgresql", " nginx"));
    CHECK_FALSE(allows_argument("nginx|postgresql", "nginxpostgresql"));
    CHECK_FALSE(allows_argument("nginx|postgresql", ""));
    CHECK_FALSE(allows_argument("nginx", "nginx\nrm"));
    CHECK_FALSE(allows_argument("nginx|.{0}", "rm"));
    // The longest of those that begin first: a shorter alternative in front hides no longer one.
    CHECK(allows_argument("a|ab|abc", "abc"));
    CHECK(allows_argument("(a|ab)(c|bcd)", "abcd"));
    CHECK(allows_argument("b*|a", "a"));
    CHECK(allows_argument("^web$", "web"));
    CHECK_FALSE(allows_argument("^web", "webs"));
    CHECK(allows_argument(".{2}", "\u00e4")); // byte by byte
    CHECK(allows_argument("[a-z]{1,3}", "abc"));
    CHECK_FALSE(allows_argument("[a-z]{1,3}", "abcd"));
    CHECK_FALSE(allows_argument("[a-z]+", "ABC"));
}

TEST_CASE("without a pattern there is no argument, and a plain knock has none") {
    CHECK(allows_argument("", ""));
    CHECK_FALSE(allows_argument("", "a"));
    CHECK(allows_argument("[a-z]*", ""));
    CHECK_FALSE(allows_argument("[a-z]+", ""));
}

TEST_CASE("an argument becomes no option unless the pattern says so in front") {
    CHECK_FALSE(allows_argument(".*", "-v"));
    CHECK_FALSE(allows_argument("(-v|web)", "-v"));
    CHECK_FALSE(allows_argument("[-v]+", "-v"));
    CHECK(allows_argument("-v|web", "-v"));
    CHECK(allows_argument("-v|web", "web"));
    CHECK(allows_argument("a-v", "a-v"));
    CHECK_FALSE(allows_argument("\\-v", "-v"));
}

TEST_CASE("what is no pattern, and what no program can be handed, is never allowed") {
    CHECK_FALSE(allows_argument("(a", "(a"));
    CHECK_FALSE(allows_argument("[\x80-\xff]", "\x80"));
    CHECK_FALSE(
        allows_argument(std::string(longest_pattern + 1, 'a'), std::string(longest_pattern + 1, 'a')));
    CHECK_FALSE(allows_argument("a.*", std::string_view("a\0b", 3)));
    CHECK_FALSE(allows_argument("a", std::string_view("a\0b", 3)));
}
