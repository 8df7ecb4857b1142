// The patterns of arguments against the C library, which reads the same expressions and was written by
// others. Where POSIX leaves the meaning open, or RE2 reads it in another way (policy/argument.h), nothing is
// made.
#include "policy/argument.h"

#include <cstdlib>
#include <iostream>
#include <vector>

#include <rapidcheck.h>
#include <regex.h>

using namespace otk;

namespace {

const std::vector<std::string> elements{
    "a",     "b",     "c",      ".",     "[ab]", "[^a]",        "[b-c]",       "\\.",          "[]-]",
    "[^]a]", "[a/-]", "[--/a]", "[^b-]", "\\(",  "[[:alpha:]]", "[[:punct:]]", "[^[:punct:]]", "[[:space:]b]",
    "[a^]",  "[*.]"};
const std::vector<std::string> repetitions{"*",   "+",     "?",     "{2}",  "{0}",
                                           "{3}", "{1,3}", "{0,2}", "{2,}", "{0,}"};
const std::vector<std::string> characters{"a", "a", "b", "b",    "c",  ".", "-",
                                          "]", "(", "^", "\xc3", "\n", "/"};

// Of any size from the first case on.
int below(int end) { return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, end)); }

// Well-formed, over few characters, so that texts of these match often.
std::string any_pattern(unsigned depth) {
    std::string made;
    for (int left = below(4); left > 0; --left) {
        if (below(5) == 0) made += '|';
        const bool group = depth > 0 && *rc::gen::arbitrary<bool>();
        made += group ? "(" + any_pattern(depth - 1) + ")" : *rc::gen::elementOf(elements);
        if (*rc::gen::arbitrary<bool>()) made += *rc::gen::elementOf(repetitions);
    }
    return made;
}

std::string any_text() {
    std::string made;
    for (int left = below(9); left > 0; --left)
        made += *rc::gen::elementOf(characters);
    return made;
}

class LibraryExpression {
  public:
    explicit LibraryExpression(const std::string& pattern) {
        const std::string whole = "^(" + pattern + ")$";
        RC_ASSERT(regcomp(&compiled_, whole.c_str(), REG_EXTENDED | REG_NOSUB) == 0);
    }
    ~LibraryExpression() { regfree(&compiled_); }
    LibraryExpression(const LibraryExpression&) = delete;
    LibraryExpression& operator=(const LibraryExpression&) = delete;

    [[nodiscard]] bool matches(const std::string& text) const {
        return regexec(&compiled_, text.c_str(), 0, nullptr, 0) == 0;
    }

  private:
    regex_t compiled_{};
};

bool patterns_mean_what_the_library_says() {
    unsigned matched = 0;
    const bool held = rc::check("a pattern allows what the C library matches with it", [&] {
        const std::string pattern = any_pattern(3);
        RC_PRE(!pattern.empty() && pattern.size() <= longest_pattern);
        RC_ASSERT_FALSE(check_pattern(pattern));
        const LibraryExpression library(pattern);
        for (int i = 0; i < 12; ++i) {
            const std::string text = any_text();
            const bool expected = !text.starts_with('-') && library.matches(text);
            RC_LOG() << "text: " << text << '\n';
            RC_ASSERT(allows_argument(pattern, text) == expected);
            matched += expected ? 1 : 0;
        }
    });
    if (matched > 1000) return held;
    std::cerr << "only " << matched << " texts matched: too few to tell anything\n";
    return false;
}

} // namespace

int main() { return patterns_mean_what_the_library_says() ? EXIT_SUCCESS : EXIT_FAILURE; }
