#include "policy/argument.h"

#include <doctest/doctest.h>
#include <regex.h>

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
                                "[a\\]\\\\]",
                                "\\d+\\.\\d+",
                                "[\\w-]{1,32}",
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
                                "a{256}b{256}c{256}",
                                "(a?){255}a{255}",
                                "a{1000}",
                                ".{850}.{850}.{850}"}) {
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
    CHECK(refuses("(a)\\1", "has \\1, "));
    CHECK(refuses("(a)(b)[^\\\\]\\2", "no back-references"));
    CHECK(refuses("\\bweb\\b", "has \\b, "));
    CHECK(refuses("[\\b]", "has \\b, "));
    CHECK(refuses("\\<web\\>", "no word boundaries"));
    CHECK(refuses("web\\>", "no word boundaries"));
    CHECK_FALSE(check_pattern("\\\\<web>")); // a backslash, and the sign
    CHECK(refuses("a)|(b", "unexpected ): a)|(b"));
    CHECK(refuses("a)", "no extended regular expression: unexpected ): a)"));
    CHECK(refuses("(a", "no extended regular expression: missing ): (a"));
    CHECK(refuses("b|[a", "no extended regular expression: missing ]: [a"));
    CHECK(refuses("[a\\]", "missing ]: [a\\]"));
    CHECK(refuses("web[b-a]", "no extended regular expression: invalid character class range: b-a"));
    CHECK(refuses("*a", "no argument for repetition operator: *"));
    CHECK(refuses("a|+", "no argument for repetition operator: +"));
    CHECK(refuses("(?i)a", "no argument for repetition operator: ?"));
    CHECK(refuses("a\\", "no extended regular expression: trailing \\"));
    CHECK(refuses("[[:letter:]]", "[:letter:]"));
    CHECK(refuses("[a-c-e]", "range: -e"));
    CHECK(refuses("a{3,1}", "bounds {3,1}, which run backwards"));
    CHECK(refuses("a{1001}", "bounds {1001}"));
    CHECK(refuses("a{0,1001}", "write * or +"));
}

TEST_CASE("patterns that could keep the processes busy, or fill their memory, are refused") {
    CHECK(refuses("((a{256}){256}){2}", "bounds {256}, which"));
    CHECK(refuses("((a?){256}){16}", "above 1000"));
    CHECK(refuses("([a-z]{1,256}){1,64}", "write * or +"));
    CHECK(refuses("((((a{0,255}){0,255}){0,255}){0,255}){0,255}", "above 1000"));
    CHECK(refuses(".{860}.{860}.{860}", "repeats too much"));
    CHECK(refuses("(a|b)?{900}(a|b)?{900}", "repeats too much"));
    std::string longest;
    while (longest.size() + 7 <= longest_pattern)
        longest += ".{1000}";
    CHECK(refuses(longest, "repeats too much"));
    CHECK_FALSE(allows_argument("(a|b)?{900}(a|b)?{900}", "ab"));
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
    CHECK_FALSE(allows_argument("a^b|a$b", "ab"));
    CHECK_FALSE(allows_argument("web$.^ssh", "web\nssh"));
}

TEST_CASE("a backslash is an escape, in brackets too, and a brace that begins no bound stands for itself") {
    CHECK(allows_argument("[a\\]b]", "]"));
    CHECK_FALSE(allows_argument("[a\\.]", "\\"));
    CHECK(allows_argument("\\d+\\.\\d+", "12.5"));
    CHECK_FALSE(allows_argument("\\d", "\u0663")); // a digit of another script
    CHECK(allows_argument("[\\w-]+", "a_B-9"));
    CHECK_FALSE(allows_argument("\\w+", "a b"));
    CHECK(allows_argument("<a>", "<a>"));
    CHECK(allows_argument("a{,3}", "a{,3}"));
    CHECK_FALSE(allows_argument("a{,3}", "aa"));
}

TEST_CASE("each class has the bytes that the C library gives it") {
    for (const char* name : {"alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
                             "space", "upper", "xdigit"}) {
        const std::string pattern = "-?[[:" + std::string(name) + ":]]"; // the class has a - in it, perhaps
        regex_t compiled{};
        REQUIRE(regcomp(&compiled, ("^" + pattern + "$").c_str(), REG_EXTENDED | REG_NOSUB) == 0);
        for (int c = 1; c < 256; ++c) {
            CAPTURE(name);
            CAPTURE(c);
            const std::string text(1, static_cast<char>(c));
            const bool expected = regexec(&compiled, text.c_str(), 0, nullptr, 0) == 0;
            CHECK(allows_argument(pattern, text) == expected);
        }
        regfree(&compiled);
    }
}

TEST_CASE("large patterns and the longest argument") {
    const std::string longest(256, 'a');
    CHECK(allows_argument("(a?){256}", longest));
    CHECK_FALSE(allows_argument("(a?){255}", longest));
    CHECK(allows_argument("(a?){255}a{255}", longest));
    CHECK_FALSE(allows_argument("(a?){255}a{256}b", longest));
    CHECK(allows_argument("((((a*)*)+)?)*", longest));
    CHECK_FALSE(allows_argument("(.*a.*){200}b", longest));
    CHECK(allows_argument("((a|b)?(a|b)?){500}", longest));
    CHECK_FALSE(allows_argument("(a|b)*a(a|b){255}c?b", longest));
    CHECK(allows_argument("([a-z0-9-]{1,63}\\.){1,8}[a-z]{2,63}", "a-1.example.org"));
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
