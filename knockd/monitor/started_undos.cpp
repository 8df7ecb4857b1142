#include "knockd/monitor/started_undos.h"

#include "base/promise.h"
#include "store/mark.h"
#include "sys/file.h"

#include <fmt/format.h>

namespace otk {

namespace {

constexpr std::size_t largest_file = 1U << 20U; // 50,000 rows; there are as many as commands may run

} // namespace

StartedUndos::StartedUndos(std::filesystem::path file) : file_(std::move(file)) {
    const auto text = read_file(file_, largest_file);
    if (!text) return;
    auto rows = parse_started_undos(*text);
    if (!rows) {
        throw Error(file_.string() +
                    ": this does not say which undos were started; remove it, unless the undo of a "
                    "command may have been cut off lately: then look first what it left behind");
    }
    started_ = std::move(*rows);
}

void StartedUndos::starts(RowNumber undo) {
    if (started_.insert(undo).second) write();
}

void StartedUndos::did_not_start(RowNumber undo) { stored(undo); }

void StartedUndos::stored(RowNumber undo) {
    if (started_.erase(undo) > 0) write();
}

void StartedUndos::write() {
    try {
        replace_file(file_, format_started_undos(started_), 0600, true);
        trouble_.over();
    } catch (const Error& error) {
        trouble_.say(fmt::format("{}; an undo that is cut off now could be run again", error.what()));
    }
}

} // namespace otk
