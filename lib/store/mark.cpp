#include "store/mark.h"

#include "base/text.h"

#include <algorithm>
#include <limits>
#include <vector>

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::string_view mark_magic = "otk-mark-1";
constexpr std::string_view undo_magic = "otk-undo-1";

// The fields after the magic word of a text of one line; nothing for all else.
std::optional<std::vector<std::string_view>> fields_of(std::string_view text, std::string_view magic) {
    if (!text.ends_with('\n')) return std::nullopt;
    text.remove_suffix(1);
    auto fields = split(text, ' ');
    if (fields.front() != magic) return std::nullopt;
    fields.erase(fields.begin());
    return fields;
}

std::optional<RowNumber> parse_row(std::string_view text) {
    const auto row = parse_decimal(text, std::numeric_limits<std::int64_t>::max());
    if (!row) return std::nullopt;
    return RowNumber{static_cast<std::int64_t>(*row)};
}

} // namespace

std::string format_mark(const Head& head) {
    return fmt::format("{} {} {}\n", mark_magic, static_cast<std::int64_t>(head.row), to_hex(head.hash));
}

std::optional<Head> parse_mark(std::string_view text) {
    const auto fields = fields_of(text, mark_magic);
    if (!fields || fields->size() != 2) return std::nullopt;
    return parse_head(fields->at(0), fields->at(1));
}

std::optional<Head> parse_head(std::string_view row_text, std::string_view hash_text) {
    const auto row = parse_row(row_text);
    const auto hash = from_hex(hash_text);
    if (!row || !hash || hash->size() != RowHash{}.size()) return std::nullopt;
    Head head{*row, {}};
    std::copy(hash->begin(), hash->end(), head.hash.begin());
    return head;
}

std::string format_started_undos(const std::set<RowNumber>& rows) {
    std::string text(undo_magic);
    for (const RowNumber row : rows)
        text += fmt::format(" {}", static_cast<std::int64_t>(row));
    return text + "\n";
}

std::optional<std::set<RowNumber>> parse_started_undos(std::string_view text) {
    const auto fields = fields_of(text, undo_magic);
    if (!fields) return std::nullopt;
    std::set<RowNumber> rows;
    for (const std::string_view field : *fields) {
        const auto row = parse_row(field);
        const bool follows = row && *row > (rows.empty() ? RowNumber{} : *rows.rbegin());
        if (!follows) return std::nullopt;
        rows.insert(*row);
    }
    return rows;
}

} // namespace otk
