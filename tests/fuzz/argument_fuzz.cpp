// The pattern of a command, up to the first newline, and behind it the argument of a knock.
#include "base/bytes.h"
#include "base/promise.h"
#include "base/text.h"
#include "net/request_shape.h"
#include "policy/argument.h"

#include <algorithm>
#include <cstddef>
#include <string>

using namespace otk;

namespace {

bool is_printable(char c) { return c >= ' ' && c <= '~'; }

// Cut anywhere but in a character, a valid text is two valid ones; nothing else is put together from such.
void check_validity(std::string_view text) {
    const bool valid = valid_argument(text);
    if (text.size() > longest_argument) promise(!valid, "what is too long is not valid");
    if (text.size() > longest_argument) return;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if (valid) promise(byte >= 0x20 && byte != 0x7f, "a valid argument has no control character");
        const bool parts = valid_argument(text.substr(0, at)) && valid_argument(text.substr(at));
        const bool between_characters = (byte & 0xc0U) != 0x80;
        promise(parts == (valid && between_characters), "an argument is valid character by character");
    }
}

// The pattern for this text and nothing else.
std::string literal(std::string_view text) {
    std::string pattern;
    for (const char c : text) {
        const bool escaped = !is_alphanumeric(c) && !(c == '-' && pattern.empty());
        pattern += (escaped ? "\\" : "") + std::string(1, c);
    }
    return pattern;
}

void check_literal(std::string_view argument) {
    const std::string pattern = literal(argument);
    if (pattern.size() > longest_pattern || !std::all_of(argument.begin(), argument.end(), is_printable))
        return;
    promise(argument.empty() || !check_pattern(pattern), "any printable text can be demanded");
    promise(allows_argument(pattern, argument), "a literal pattern allows its text");
    promise(!allows_argument(pattern, std::string(argument) + "x"), "and none that goes on");
}

// What holds for every pattern that is taken, whatever it means.
void check_taken(const std::string& pattern, std::string_view argument) {
    const bool allowed = allows_argument(pattern, argument);
    const bool has_zero = argument.find('\0') != std::string_view::npos;
    const bool as_option = argument.starts_with('-');
    promise(!allowed || !has_zero, "no argument with a zero byte");
    promise(!allowed || !as_option || pattern.starts_with('-'), "no option by mistake");
    if (as_option) return;
    const std::string group = "(" + pattern + ")";
    if (!check_pattern(group)) {
        promise(allows_argument(group, argument) == allowed, "parentheses around all say nothing");
    }
    const std::string or_any = pattern + "|.*";
    if (!check_pattern(or_any)) promise(allows_argument(or_any, argument) != has_zero, "|.* allows all");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = as_text(Bytes(data, size));
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string pattern(text.substr(0, end));
    const std::string_view argument = text.substr(std::min(end + 1, text.size()));
    check_validity(argument);
    check_literal(argument);
    const auto fault = check_pattern(pattern);
    if (!fault) {
        check_taken(pattern, argument);
    } else {
        promise(std::all_of(fault->begin(), fault->end(), is_printable), "a reason is one line");
        promise(allows_argument(pattern, argument) == (pattern.empty() && argument.empty()),
                "what is no pattern allows nothing");
    }
    return 0;
}
