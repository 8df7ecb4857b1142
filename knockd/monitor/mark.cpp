#include "knockd/monitor/mark.h"

#include "base/text.h"
#include "knockd/journal.h"
#include "sys/file.h"

#include <algorithm>

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::string_view magic = "otk-mark-1";

std::optional<Head> parse(std::string_view text) {
    if (!text.ends_with('\n')) return std::nullopt;
    text.remove_suffix(1);
    const auto fields = split(text, ' ');
    if (fields.size() != 3 || fields[0] != magic) return std::nullopt;
    const auto row = parse_decimal(fields[1], std::numeric_limits<std::int64_t>::max());
    const auto hash = from_hex(fields[2]);
    if (!row || !hash || hash->size() != RowHash{}.size()) return std::nullopt;
    Head head{RowNumber{static_cast<std::int64_t>(*row)}, {}};
    std::copy(hash->begin(), hash->end(), head.hash.begin());
    return head;
}

} // namespace

Mark::Mark(std::filesystem::path file) : file_(std::move(file)) {
    const auto text = read_file(file_, 4096);
    if (!text) return;
    head_ = parse(*text);
    if (!head_) {
        throw Error(file_.string() +
                    ": this is no mark of the ledger; if it was damaged, look what happened, then remove "
                    "it: the ledger is then trusted as it is");
    }
}

void Mark::note(const Head& head) {
    if (head_ && head.row <= head_->row) return;
    head_ = head;
    dirty_ = true;
}

void Mark::flush() {
    if (!dirty_) return;
    const std::string hash = to_hex(head_->hash);
    try {
        replace_file(file_, fmt::format("{} {} {}\n", magic, static_cast<std::int64_t>(head_->row), hash),
                     0600, true);
        dirty_ = false;
        journal("knockd",
                fmt::format("ledger anchor: row {} hash {}", static_cast<std::int64_t>(head_->row), hash));
    } catch (const Error& error) {
        journal("knockd",
                fmt::format("the mark cannot be written: {}; an old ledger put back would not be noticed",
                            error.what()));
    }
}

} // namespace otk
