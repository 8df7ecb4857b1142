// The C library is the oracle: it reads the same expressions and was written by others.
#include "policy/expression.h"

#include <doctest/doctest.h>

#include <array>
#include <random>
#include <string>

#include <regex.h>

using namespace otk;

namespace {

// Small expressions over few characters, most of them well-formed, and texts that they may match.
class Maker {
  public:
    explicit Maker(unsigned seed) : numbers_(seed) {}

    std::string expression(unsigned depth) {
        std::string made;
        const unsigned elements = below(4);
        for (unsigned i = 0; i < elements; ++i) {
            if (below(5) == 0) made += '|';
            made += depth > 0 && below(2) == 0 ? "(" + expression(depth - 1) + ")" : pick(elements_);
            if (below(2) == 0) made += pick(repetitions_);
        }
        return made;
    }
    std::string text() {
        std::string made;
        for (unsigned size = below(9); size > 0; --size)
            made += pick(characters_);
        return made;
    }

  private:
    unsigned below(unsigned end) { return static_cast<unsigned>(numbers_() % end); }
    template <std::size_t size>
    std::string pick(const std::array<const char*, size>& from) {
        return from[below(size)];
    }

    static constexpr std::array elements_{"a",     "b",           "c",        ".",           "[ab]",
                                          "[^a]",  "[b-c]",       "\\.",      "[]-]",        "[^]a]",
                                          "[a\\]", "[[:alpha:]]", "[--/a]",   "[[.-.]b]",    "a",
                                          "b",     "[a-]",        "[[=a=]b]", "[^[:punct:]]"};
    static constexpr std::array repetitions_{"*",     "+",     "?",    "{2}",  "{0}",
                                             "{1,3}", "{0,2}", "{2,}", "{0,}", "{1}"};
    static constexpr std::array characters_{"a", "a", "b", "b", "c", ".", "-", "]", "\\", "\xc3", "\n", "/"};
    std::mt19937 numbers_;
};

bool library_matches(const std::string& pattern, const std::string& text) {
    regex_t compiled{};
    const std::string whole = "^(" + pattern + ")$";
    REQUIRE(regcomp(&compiled, whole.c_str(), REG_EXTENDED | REG_NOSUB) == 0);
    const bool found = regexec(&compiled, text.c_str(), 0, nullptr, 0) == 0;
    regfree(&compiled);
    return found;
}

} // namespace

TEST_CASE("expressions match what the C library says") {
    constexpr unsigned seed = 20261122;
    INFO("seed " << seed);
    Maker maker(seed);
    unsigned matched = 0;
    for (unsigned i = 0; i < 4000; ++i) {
        const std::string pattern = maker.expression(3);
        CAPTURE(pattern);
        const auto expression = Expression::parse(pattern);
        if (!expression) {
            // All that is made is well-formed, but for a repetition behind nothing and too many copies.
            const bool why = expression.reason().find("nothing that it could repeat") != std::string::npos ||
                             expression.reason().find("repeats too much") != std::string::npos;
            CHECK_MESSAGE(why, expression.reason());
            continue;
        }
        for (unsigned k = 0; k < 12; ++k) {
            const std::string text = maker.text();
            CAPTURE(text);
            const bool expected = library_matches(pattern, text);
            REQUIRE(expression->matches(text) == expected);
            matched += expected ? 1 : 0;
        }
    }
    CHECK(matched > 2000); // or the texts are none that could tell
}

TEST_CASE("each class has the bytes that the C library gives it") {
    for (const char* name : {"alnum", "alpha", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
                             "space", "upper", "xdigit"}) {
        const std::string pattern = "[[:" + std::string(name) + ":]]";
        const auto expression = Expression::parse(pattern);
        REQUIRE(expression);
        for (int c = 1; c < 256; ++c) {
            CAPTURE(name);
            CAPTURE(c);
            const std::string text(1, static_cast<char>(c));
            CHECK(expression->matches(text) == library_matches(pattern, text));
        }
    }
}

TEST_CASE("repetitions are counted as they are written out") {
    const auto size_of = [](std::string_view pattern) {
        const auto expression = Expression::parse(pattern);
        REQUIRE(expression);
        return expression->size();
    };
    CHECK(size_of("abc") == 3);
    CHECK(size_of("a*b+c?") == 3);
    CHECK(size_of("((a|b){3}c){2}") == 14);
    CHECK(size_of("(a{2,}){2,5}") == 10);
    CHECK(size_of("a{0}b") == 1);
    CHECK(size_of("([a-z0-9-]{1,63}\\.){1,8}[a-z]{2,63}") == 8 * 64 + 63);
    CHECK(size_of("((a{256}){3})") == largest_expression);
    CHECK_FALSE(Expression::parse("((a{256}){3})b"));
    CHECK_FALSE(Expression::parse("((((a{256}){256}){256}){256}){256}"));
}

TEST_CASE("anchors around all of an expression say nothing") {
    const auto expression = Expression::parse("^a|b$|^c$|d");
    REQUIRE(expression);
    for (const char* text : {"a", "b", "c", "d"})
        CHECK(expression->matches(text));
    CHECK_FALSE(expression->matches("^a"));
    CHECK_FALSE(expression->matches("ab"));
}
