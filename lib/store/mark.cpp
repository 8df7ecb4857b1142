#include "store/mark.h"

#include "base/text.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::string_view magic = "otk-mark-1";

} // namespace

std::string format_mark(const Head& head) {
    return fmt::format("{} {} {}\n", magic, static_cast<std::int64_t>(head.row), to_hex(head.hash));
}

std::optional<Head> parse_mark(std::string_view text) {
    if (!text.ends_with('\n')) return std::nullopt;
    text.remove_suffix(1);
    const auto fields = split(text, ' ');
    if (fields.size() != 3 || fields[0] != magic) return std::nullopt;
    return parse_head(fields[1], fields[2]);
}

std::optional<Head> parse_head(std::string_view row_text, std::string_view hash_text) {
    const auto row = parse_decimal(row_text, std::numeric_limits<std::int64_t>::max());
    const auto hash = from_hex(hash_text);
    if (!row || !hash || hash->size() != RowHash{}.size()) return std::nullopt;
    Head head{RowNumber{static_cast<std::int64_t>(*row)}, {}};
    std::copy(hash->begin(), hash->end(), head.hash.begin());
    return head;
}

} // namespace otk
