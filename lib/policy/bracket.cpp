#include "policy/bracket.h"

#include "base/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace otk {

namespace {

struct Fault {
    std::string what;
};

bool is_letter(char c) { return is_alphanumeric(c) && !is_digit(c); }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_graphic(char c) { return c > ' ' && c <= '~'; }
bool is_printed(char c) { return c >= ' ' && c <= '~'; }
bool is_punctuation(char c) { return is_graphic(c) && !is_alphanumeric(c); }
bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_white(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_control(char c) { return (c >= '\0' && c < ' ') || c == '\x7f'; }
bool is_hex(char c) { return hex_digit(c).has_value(); }

// By tables of our own, because those of the C library follow the locale.
struct CharacterClass {
    std::string_view name;
    bool (*has)(char);
};
constexpr std::array classes{CharacterClass{"alnum", is_alphanumeric}, CharacterClass{"alpha", is_letter},
                             CharacterClass{"blank", is_blank},        CharacterClass{"cntrl", is_control},
                             CharacterClass{"digit", is_digit},        CharacterClass{"graph", is_graphic},
                             CharacterClass{"lower", is_lower},        CharacterClass{"print", is_printed},
                             CharacterClass{"punct", is_punctuation},  CharacterClass{"space", is_white},
                             CharacterClass{"upper", is_upper},        CharacterClass{"xdigit", is_hex}};

class Brackets {
  public:
    explicit Brackets(std::string_view& rest) : rest_(rest) {}

    std::bitset<256> take_all() {
        const bool others = rest_.starts_with('^');
        if (others) rest_.remove_prefix(1);
        do {
            take_item();
        } while (!rest_.starts_with(']'));
        rest_.remove_prefix(1);
        return others ? ~bytes_ : bytes_;
    }

  private:
    // One character, a range, or a class.
    void take_item() {
        if (rest_.starts_with("[:")) return add_class(take_named());
        const bool equivalent =
            rest_.starts_with("[="); // in this locale a character is equivalent to itself only
        const char first = take_character();
        const bool range = !equivalent && rest_.starts_with('-') && !rest_.starts_with("-]");
        if (!range) return add_range(first, first);
        rest_.remove_prefix(1);
        if (rest_.starts_with("[:") || rest_.starts_with("[=")) {
            throw Fault{
                "has a range in brackets that ends with a class; put a - that is meant as it stands last"};
        }
        const char last = take_character();
        if (last < first) {
            throw Fault{fmt::format("is no extended regular expression: the range {}-{} runs backwards",
                                    first, last)};
        }
        if (rest_.starts_with('-') && !rest_.starts_with("-]")) {
            throw Fault{"has a - behind a range in brackets; put one that is meant as it stands last"};
        }
        add_range(first, last);
    }

    char take_character() {
        if (rest_.starts_with("[.") || rest_.starts_with("[=")) {
            const std::string_view named = take_named();
            if (named.size() == 1) return named.front();
            throw Fault{
                fmt::format("names {} in brackets, where only a single character has a name here", named)};
        }
        if (rest_.empty()) throw Fault{"is no extended regular expression: a [ has no ]"};
        const char c = rest_.front();
        rest_.remove_prefix(1);
        if (c == '\\' && !rest_.empty() && is_alphanumeric(rest_.front())) {
            throw Fault{fmt::format("has \\{} in brackets, where a backslash stands for itself; write the "
                                    "characters, or a class such as [[:digit:]]",
                                    rest_.front())};
        }
        return c;
    }

    // What stands in [: :], [. .] or [= =].
    std::string_view take_named() {
        const std::string end{rest_[1], ']'};
        const std::size_t size = rest_.find(end, 2);
        if (size == std::string_view::npos) {
            throw Fault{fmt::format("is no extended regular expression: a [{} has no {}", rest_[1], end)};
        }
        const std::string_view named = rest_.substr(2, size - 2);
        rest_.remove_prefix(size + 2);
        return named;
    }

    void add_class(std::string_view name) {
        const auto found = std::find_if(classes.begin(), classes.end(),
                                        [&](const CharacterClass& known) { return known.name == name; });
        if (found == classes.end()) {
            throw Fault{fmt::format("has the class [:{}:], which there is not; regex(7) lists them", name)};
        }
        for (int c = 0; c < 128; ++c) {
            if (found->has(static_cast<char>(c))) bytes_.set(static_cast<std::size_t>(c));
        }
    }

    void add_range(char first, char last) {
        // Printable ASCII both.
        for (auto c = static_cast<unsigned char>(first); c <= static_cast<unsigned char>(last); ++c)
            bytes_.set(c);
    }

    std::string_view& rest_;
    std::bitset<256> bytes_;
};

} // namespace

Result<std::bitset<256>, std::string> take_brackets(std::string_view& rest) {
    try {
        return Brackets(rest).take_all();
    } catch (Fault& fault) {
        return std::move(fault.what);
    }
}

} // namespace otk
