#include "knockmgr/mark_file.h"

#include "base/text.h"
#include "sys/file.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace otk::knockmgr {

std::optional<Head> parse_head(std::string_view row_text, std::string_view hash_text) {
    const auto row = parse_decimal(row_text, std::numeric_limits<std::int64_t>::max());
    const auto hash = from_hex(hash_text);
    if (!row || !hash || hash->size() != RowHash{}.size()) return std::nullopt;
    Head head;
    head.row = RowNumber{static_cast<std::int64_t>(*row)};
    std::copy(hash->begin(), hash->end(), head.hash.begin());
    return head;
}

std::optional<Head> read_mark(const Places& where) {
    constexpr std::size_t largest_mark = 4096;
    const auto text = read_file(where.mark, largest_mark);
    if (!text) return std::nullopt;
    const std::string_view line = std::string_view(*text).substr(0, text->find('\n'));
    const auto fields = split(line, ' ');
    const auto head =
        fields.size() == 3 && fields[0] == "otk-mark-1" ? parse_head(fields[1], fields[2]) : std::nullopt;
    if (!head) throw Error(fmt::format("{}: this is not knockd's mark of the ledger", where.mark.string()));
    return head;
}

} // namespace otk::knockmgr
