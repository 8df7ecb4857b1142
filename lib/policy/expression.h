// Extended regular expressions of POSIX (regex(7)) that match all of a text or nothing of it, in a time that
// is known beforehand: the C library's take seconds for some of a few dozen characters, and the process that
// compares them has power. Bytes are compared, in the C locale.
#pragma once

#include "base/result.h"

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace otk {

// Characters, dots and brackets that an expression may have, once its repetitions are written out. To compile
// and compare costs at most (bytes of the pattern + bytes of the text) x size x size/64 steps.
inline constexpr std::size_t largest_expression = 768;
// Of a bound in braces: no argument is longer.
inline constexpr std::uint64_t largest_interval = 256;

class Expression {
  public:
    // Or why not: what follows "the pattern" in a sentence, and what to do instead. Of what POSIX leaves
    // open, the empty group and the empty alternative are taken; what stands for something else in other
    // languages, back-references, a second repetition behind the first, and anchors elsewhere than around all
    // are not.
    // REQUIRES printable ASCII.
    [[nodiscard]] static Result<Expression, std::string> parse(std::string_view pattern);

    [[nodiscard]] bool matches(std::string_view text) const;
    // Places, as largest_expression counts them.
    [[nodiscard]] std::size_t size() const { return places_.size(); }

  private:
    friend class ExpressionParser;
    using Set = std::bitset<largest_expression>; // of places

    // A place in the expression, written out, at which a byte is read (Glushkov's automaton).
    struct Place {
        std::bitset<256> bytes; // those that it takes
        Set next;               // where one may be read after it
    };

    std::vector<Place> places_;
    Set first_;
    Set last_;
    bool empty_ = true; // does it match the empty text
};

} // namespace otk
