#include "knockd/monitor/mark.h"

#include "base/text.h"
#include "store/mark.h"
#include "sys/file.h"

#include <fmt/format.h>

namespace otk {

Mark::Mark(std::filesystem::path file) : file_(std::move(file)) {
    const auto text = read_file(file_, 4096);
    if (!text) return;
    head_ = parse_mark(*text);
    if (!head_) {
        throw Error(file_.string() +
                    ": this is no mark of the ledger; run `knockmgr restore`, which says what is at stake");
    }
}

void Mark::note(const Head& head) {
    if (head_ && head.row <= head_->row) return;
    head_ = head;
    dirty_ = true;
}

void Mark::flush() {
    if (dirty_) write();
    if (!unsaid_ || dirty_) return;
    unsaid_ =
        !journal_taken("knockd", fmt::format("ledger anchor: row {} hash {}",
                                             static_cast<std::int64_t>(head_->row), to_hex(head_->hash)));
}

void Mark::write() {
    try {
        replace_file(file_, format_mark(*head_), 0600, true);
        dirty_ = false;
        unsaid_ = true;
        trouble_.over();
    } catch (const Error& error) {
        trouble_.say(fmt::format(
            "the mark cannot be written: {}; an old ledger put back would not be noticed", error.what()));
    }
}

} // namespace otk
