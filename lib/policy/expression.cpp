#include "policy/expression.h"

#include "policy/bracket.h"

#include "base/text.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace otk {

namespace {

// A part that is no expression ends the walk at once, whatever stands around it.
struct Fault {
    std::string what;
};

struct Times {
    std::uint64_t least;
    std::optional<std::uint64_t> most; // nothing: without end
};

std::uint64_t bound_of(std::string_view digits) {
    const std::string_view whole = digits;
    if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) {
        throw Fault{"has braces with no bound in them; write {3} or {1,3}, and \\{ for a brace"};
    }
    while (digits.size() > 1 && digits.front() == '0')
        digits.remove_prefix(1);
    const auto number = parse_decimal(digits, largest_interval);
    if (number) return *number;
    throw Fault{fmt::format("has the bound {}, and {} is the highest: no argument is longer", whole,
                            largest_interval)};
}

Times interval(std::string_view text) {
    const std::size_t comma = text.find(',');
    const std::uint64_t least = bound_of(text.substr(0, comma));
    if (comma == std::string_view::npos) return {least, least};
    if (comma + 1 == text.size()) return {least, std::nullopt};
    const std::uint64_t most = bound_of(text.substr(comma + 1));
    if (most < least)
        throw Fault{fmt::format("is no extended regular expression: the bounds {{{}}} run backwards", text)};
    return {least, most};
}

} // namespace

class ExpressionParser {
  public:
    explicit ExpressionParser(std::string_view pattern) : rest_(pattern) {}

    Expression parse() {
        const Part all = alternatives(true);
        if (!rest_.empty()) throw Fault{"has a ) without its (; if it is meant as it stands, write \\)"};
        done_.first_ = all.first;
        done_.last_ = all.last;
        done_.empty_ = all.empty;
        return std::move(done_);
    }

  private:
    using Set = Expression::Set;

    // The places from `begin` to the end of all that there are yet, as one.
    struct Part {
        std::size_t begin;
        Set first{};
        Set last{};
        bool empty = true;
    };

    [[nodiscard]] std::size_t size() const { return done_.places_.size(); }
    [[nodiscard]] bool at(char c) const { return rest_.starts_with(c); }
    bool take_if(char c) {
        if (!at(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    char take() {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    // Whatever stands at the last places of one may be followed by what stands at the first of the other.
    void link(const Set& last, const Set& first) {
        for (std::size_t place = 0; place < size(); ++place) {
            if (last[place]) done_.places_[place].next |= first;
        }
    }

    Part alternatives(bool outermost) {
        Part all = branch(outermost);
        while (take_if('|')) {
            const Part other = branch(outermost);
            all.first |= other.first;
            all.last |= other.last;
            all.empty = all.empty || other.empty;
        }
        return all;
    }

    // All of the text is compared, so an anchor around all says nothing, and another one could never match.
    Part branch(bool outermost) {
        Part all{size()};
        if (outermost) (void)take_if('^');
        while (!rest_.empty() && !at('|') && !at(')')) {
            if (outermost && at('$') && (rest_.size() == 1 || rest_[1] == '|')) {
                (void)take();
                break;
            }
            const Part next = repeated(element());
            link(all.last, next.first);
            if (all.empty) all.first |= next.first;
            all.last = next.empty ? all.last | next.last : next.last;
            all.empty = all.empty && next.empty;
        }
        return all;
    }

    Part element() {
        const char c = take();
        if (c == '(') return group();
        if (c == '.') return place(std::bitset<256>{}.set());
        if (c == '[') return brackets();
        if (c == '\\') return escaped();
        if (c == '*' || c == '+' || c == '?' || c == '{') {
            throw Fault{
                fmt::format("is no extended regular expression: {0} stands behind nothing that it could "
                            "repeat; if it is meant as it stands, write \\{0}",
                            c)};
        }
        if (c == '^' || c == '$') {
            throw Fault{
                fmt::format("has {0} within; all of the argument is compared in any case, so leave it "
                            "out, or write \\{0} if it is meant as it stands",
                            c)};
        }
        return single(c);
    }

    Part group() {
        const Part all = alternatives(false);
        if (!take_if(')')) throw Fault{"is no extended regular expression: a ( has no )"};
        return all;
    }

    Part brackets() {
        const auto bytes = take_brackets(rest_);
        if (!bytes) throw Fault{bytes.reason()};
        return place(*bytes);
    }

    // Letters and digits behind a backslash are back-references or mean something else in each library.
    Part escaped() {
        if (rest_.empty()) throw Fault{"is no extended regular expression: it ends with a backslash"};
        const char c = take();
        if (is_digit(c)) {
            throw Fault{
                fmt::format("has the back-reference \\{}, which can take for ever to compare; write out "
                            "what may stand there",
                            c)};
        }
        if (is_alphanumeric(c) || c == '<' || c == '>' || c == '`' || c == '\'') {
            throw Fault{fmt::format("has \\{}, which has no meaning of its own here; write for example [0-9] "
                                    "for a digit and [A-Za-z0-9_] for a character of a word",
                                    c)};
        }
        return single(c);
    }

    Part single(char c) { return place(std::bitset<256>{}.set(static_cast<unsigned char>(c))); }

    Part place(const std::bitset<256>& bytes) {
        make_room(1);
        Part one{size()};
        done_.places_.push_back({bytes, {}});
        one.first.set(one.begin);
        one.last = one.first;
        one.empty = false;
        return one;
    }

    void make_room(std::uint64_t more) {
        if (more <= largest_expression - size()) return;
        throw Fault{
            fmt::format("repeats too much: with what its bounds in braces repeat written out, also one "
                        "inside another, it has more than {} characters; write * or + for a bound",
                        largest_expression)};
    }

    Part repeated(const Part& once) {
        Part all = once;
        if (take_if('*')) {
            all = times(once, {0, std::nullopt});
        } else if (take_if('+')) {
            all = times(once, {1, std::nullopt});
        } else if (take_if('?')) {
            all = times(once, {0, 1});
        } else if (take_if('{')) {
            const std::size_t end = rest_.find('}');
            if (end == std::string_view::npos) {
                throw Fault{"is no extended regular expression: a { has no }; for a brace write \\{"};
            }
            const Times bounds = interval(rest_.substr(0, end));
            rest_.remove_prefix(end + 1);
            all = times(once, bounds);
        } else {
            return all;
        }
        if (!at('*') && !at('+') && !at('?') && !at('{')) return all;
        throw Fault{
            fmt::format("repeats a repetition with {}, which is not the same to every library; put the "
                        "first in parentheses if that is what you mean",
                        rest_.front())};
    }

    // Copies one behind another, of which the last one is its own successor if there is no end. A copy that
    // may be empty need not be passed by: the text is then what fewer of them take.
    Part times(const Part& once, Times bounds) {
        const std::uint64_t copies = bounds.most.value_or(std::max<std::uint64_t>(bounds.least, 1));
        if (copies == 0) {
            done_.places_.resize(once.begin);
            return Part{once.begin};
        }
        const std::size_t each = size() - once.begin;
        make_room((copies - 1) * each);
        Part all = once;
        all.empty = once.empty || bounds.least == 0;
        if (bounds.least > 1 && !once.empty) all.last.reset();
        Part copy = once;
        for (std::uint64_t number = 2; number <= copies; ++number) {
            const Set before = copy.last;
            copy = copied(copy, each);
            link(before, copy.first);
            if (number >= bounds.least || once.empty) all.last |= copy.last;
        }
        if (!bounds.most) link(copy.last, copy.first);
        return all;
    }

    // REQUIRES that the part is the last `each` places, and that nothing leads from it to elsewhere.
    Part copied(const Part& part, std::size_t each) {
        for (std::size_t place = 0; place < each; ++place) {
            Expression::Place copy = done_.places_[part.begin + place];
            copy.next <<= each;
            done_.places_.push_back(copy);
        }
        return {part.begin + each, part.first << each, part.last << each, part.empty};
    }

    std::string_view rest_;
    Expression done_;
};

Result<Expression, std::string> Expression::parse(std::string_view pattern) {
    try {
        return ExpressionParser(pattern).parse();
    } catch (Fault& fault) {
        return std::move(fault.what);
    }
}

bool Expression::matches(std::string_view text) const {
    if (text.empty()) return empty_;
    Set candidates = first_;
    Set reached;
    for (const char c : text) {
        Set next;
        reached.reset();
        for (std::size_t place = 0; place < places_.size(); ++place) {
            if (!candidates[place] || !places_[place].bytes[static_cast<unsigned char>(c)]) continue;
            reached.set(place);
            next |= places_[place].next;
        }
        candidates = next;
    }
    return (reached & last_).any();
}

} // namespace otk
